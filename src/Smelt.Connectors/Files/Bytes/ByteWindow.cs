namespace Smelt.Connectors;

/// <summary>The part of a file's UTF-8 text that is in memory: <c>Buffer[Start..End]</c>. Grows with the longest record, never beyond the limit.</summary>
/// <param name="stream">UTF-8, disposed with the window.</param>
/// <param name="maxBytes">The longest record.</param>
/// <param name="expectedBytes">The text's length where it is known: many small files must not cost a large window each.</param>
sealed class ByteWindow(Stream stream, int maxBytes, long expectedBytes = long.MaxValue) : IDisposable
{
    const int FirstSize = 256 << 10;

    public byte[] Buffer { get; private set; } = new byte[(int)Math.Clamp(expectedBytes, 1 << 10, FirstSize - 1) + 1];

    public int Start { get; set; }

    public int End { get; private set; }

    /// <summary>Nothing follows what is in the window.</summary>
    public bool AtEnd { get; private set; }

    public ReadOnlySpan<byte> Span => Buffer.AsSpan(Start, End - Start);

    public bool IsFull => End - Start >= maxBytes;

    /// <summary>Moves what is left to the front and reads on; doubles the window where a record fills it. False where the end of the file or the limit was known before; true
    /// means that there is more text, or that it is now known to have ended: what waited for more must be tried again.</summary>
    public bool More()
    {
        if (AtEnd || IsFull) return false;
        var left = End - Start;
        if (left > Buffer.Length / 2)
        {
            var larger = new byte[(int)Math.Min(Buffer.Length * 2L, maxBytes + (long)FirstSize)];
            Buffer.AsSpan(Start, left).CopyTo(larger);
            Buffer = larger;
        }
        else Buffer.AsSpan(Start, left).CopyTo(Buffer);
        (Start, End) = (0, left);
        // Filled to the brim, so that the cost of finding marks again in what is left stays small.
        while (End < Buffer.Length)
        {
            var read = stream.Read(Buffer.AsSpan(End));
            if (read == 0) { AtEnd = true; break; }
            End += read;
        }
        return true;
    }

    /// <summary>Passes over the byte order mark at the top of a file.</summary>
    public void SkipByteOrderMark(string file)
    {
        More();
        if (Span.StartsWith("\uFEFF"u8)) Start += 3;
        else if (Span.StartsWith("\uFFFE"u8)) throw new FileSourceException(FileFault.BadEncoding, file, $"{file} has its bytes in the other order: 'utf-16be' for 'utf-16le', or the reverse");
        else if (Span.Length >= 2 && Span[0] + Span[1] == 0xFF + 0xFE && Span[0] >= 0xFE)
            throw new FileSourceException(FileFault.BadEncoding, file, $"{file} starts with the byte order mark of UTF-16; add encoding => 'utf-16{(Span[0] == 0xFF ? "le" : "be")}'");
    }

    public void Dispose() => stream.Dispose();
}
