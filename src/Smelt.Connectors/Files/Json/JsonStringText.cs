using System.Buffers.Text;
using System.Text;

namespace Smelt.Connectors;

/// <summary>The text that a JSON string with escapes stands for.</summary>
static class JsonStringText
{
    /// <summary>False where an escape is half a surrogate pair, which no text holds. <paramref name="raw"/> was checked by the cursor.</summary>
    public static bool TryUnescape(ReadOnlySpan<byte> raw, scoped ref byte[] scratch, out ReadOnlySpan<byte> text)
    {
        if (scratch.Length < raw.Length) scratch = new byte[raw.Length * 2];
        var length = 0;
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0) plain = raw.Length;
            raw[..plain].CopyTo(scratch.AsSpan(length));
            length += plain;
            if (plain == raw.Length) break;
            raw = raw[plain..];
            if (raw[1] != 'u')
            {
                scratch[length++] = Simple(raw[1]);
                raw = raw[2..];
            }
            else if (!Unicode(ref raw, scratch, ref length)) { text = default; return false; }
        }
        text = scratch.AsSpan(0, length);
        return true;
    }

    static byte Simple(byte c) => c switch { (byte)'b' => 8, (byte)'f' => 12, (byte)'n' => 10, (byte)'r' => 13, (byte)'t' => 9, _ => c };

    static bool Unicode(ref ReadOnlySpan<byte> raw, byte[] scratch, ref int length)
    {
        var unit = Unit(raw);
        raw = raw[6..];
        if (!Rune.TryCreate(unit, out var rune))
        {
            if (raw.Length < 6 || raw[0] != '\\' || raw[1] != 'u' || !Rune.TryCreate(unit, Unit(raw), out rune)) return false;
            raw = raw[6..];
        }
        length += rune.EncodeToUtf8(scratch.AsSpan(length));
        return true;
    }

    static char Unit(ReadOnlySpan<byte> escape) => Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x') ? (char)unit : '\0';
}
