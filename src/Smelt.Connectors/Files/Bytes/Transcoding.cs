using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Smelt.Connectors;

/// <summary>
/// Turns other encodings into UTF-8 as they are read. Nothing is replaced: a lone surrogate becomes the three bytes its number would have, and a last odd byte of UTF-16 becomes
/// 0xFF and itself. Neither is valid UTF-8, so such a line is found broken, and <see cref="Original"/> gives its bytes back.
/// </summary>
sealed class Transcoding(Stream inner, TextEncoding encoding) : InputStream
{
    readonly byte[] raw = new byte[64 << 10];
    readonly char[] chars = new char[64 << 10];
    readonly byte[] utf8 = new byte[(64 << 10) * 3];
    int rawCount, start, end;
    bool ended;

    // 0x80 to 0x9F as the WHATWG standard reads windows-1252: the five holes are the control characters of the same number, so every byte has a character.
    const string Upper1252 = "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F"
        + "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

    public override int Read(Span<byte> buffer)
    {
        while (start == end && !ended) Fill();
        var count = Math.Min(buffer.Length, end - start);
        utf8.AsSpan(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    void Fill()
    {
        (start, end) = (0, 0);
        var read = inner.Read(raw.AsSpan(rawCount));
        ended = read == 0;
        rawCount += read;
        var used = encoding is TextEncoding.Latin1 or TextEncoding.Windows1252 ? Bytes() : Units();
        raw.AsSpan(used, rawCount - used).CopyTo(raw);
        rawCount -= used;
        if (!ended || rawCount == 0) return;
        utf8[end++] = 0xFF;
        utf8[end++] = raw[0];
        rawCount = 0;
    }

    int Bytes()
    {
        for (var i = 0; i < rawCount; i++)
            chars[i] = encoding == TextEncoding.Windows1252 && raw[i] is >= 0x80 and <= 0x9F ? Upper1252[raw[i] - 0x80] : (char)raw[i];
        Utf8.FromUtf16(chars.AsSpan(0, rawCount), utf8, out _, out end);
        return rawCount;
    }

    int Units()
    {
        var count = rawCount / 2;
        for (var i = 0; i < count; i++)
            chars[i] = encoding == TextEncoding.Utf16LittleEndian ? (char)(raw[2 * i] | (raw[(2 * i) + 1] << 8)) : (char)((raw[2 * i] << 8) | raw[(2 * i) + 1]);
        // A high surrogate at the end waits for its partner.
        if (count > 0 && !ended && char.IsHighSurrogate(chars[count - 1])) count--;
        for (var done = 0; done < count;)
        {
            Utf8.FromUtf16(chars.AsSpan(done, count - done), utf8.AsSpan(end), out var read, out var written, replaceInvalidSequences: false);
            (done, end) = (done + read, end + written);
            if (done == count) break;
            Surrogate(chars[done++]);
        }
        return count * 2;
    }

    void Surrogate(char unit)
    {
        utf8[end++] = 0xED;
        utf8[end++] = (byte)(0x80 | ((unit >> 6) & 0x3F));
        utf8[end++] = (byte)(0x80 | (unit & 0x3F));
    }

    /// <summary>The bytes of the file that <paramref name="line"/> came from.</summary>
    public static byte[] Original(ReadOnlySpan<byte> line, TextEncoding encoding)
    {
        if (encoding == TextEncoding.Utf8) return line.ToArray();
        var bytes = new ArrayBufferWriter<byte>();
        Span<char> units = stackalloc char[2];
        while (!line.IsEmpty)
        {
            if (line[0] == 0xFF) { bytes.Write(line[1..]); break; }
            if (line.Length >= 3 && line[0] == 0xED && line[1] >= 0xA0)
            {
                Unit((char)(0xD000 | ((line[1] & 0x3F) << 6) | (line[2] & 0x3F)), encoding, bytes);
                line = line[3..];
                continue;
            }
            _ = Rune.DecodeFromUtf8(line, out var rune, out var used);
            foreach (var unit in units[..rune.EncodeToUtf16(units)]) Unit(unit, encoding, bytes);
            line = line[used..];
        }
        return bytes.WrittenSpan.ToArray();
    }

    static void Unit(char unit, TextEncoding encoding, ArrayBufferWriter<byte> to)
    {
        var low = (byte)unit;
        var high = (byte)(unit >> 8);
        to.Write(encoding switch
        {
            TextEncoding.Utf16LittleEndian => [low, high],
            TextEncoding.Utf16BigEndian => [high, low],
            _ => MemoryMarshal.CreateReadOnlySpan(ref low, 1),
        });
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
