using System.IO.Compression;

namespace Smelt.Connectors;

/// <summary>
/// Unpacks gzip, of one or more members, and notices a file that ends too early. .NET's own stream does not (measured: half a file reads as a whole one), so a last member of known
/// content is put after the file's bytes: only where every member before it was whole does that content come out at the end, and it is held back.
/// </summary>
sealed class GzipInput : InputStream
{
    static readonly byte[] Mark = "\u0007smelt:end-of-gzip:smelt:end-of-gzip\u0007"u8.ToArray();
    static readonly byte[] MarkMember = Pack(Mark);

    readonly GZipStream unpacked;
    readonly string file;
    readonly Stored stored;
    readonly byte[] buffer = new byte[(128 << 10) + Mark.Length];
    int start, end;
    bool ended;

    public GzipInput(Stream packed, string file)
    {
        this.file = file;
        stored = new(packed);
        unpacked = new(stored, CompressionMode.Decompress);
    }

    static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(content);
        return packed.ToArray();
    }

    public override int Read(Span<byte> target)
    {
        // The last bytes read may be the mark, so they wait until more has come.
        while (!ended && end - start <= Mark.Length) Fill();
        var count = Math.Min(target.Length, end - start - (ended ? 0 : Mark.Length));
        buffer.AsSpan(start, count).CopyTo(target);
        start += count;
        return count;
    }

    void Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        int read;
        try { read = unpacked.Read(buffer.AsSpan(end)); }
        catch (InvalidDataException e) { throw Broken("its bytes are damaged, or it is not gzip", e); }
        end += read;
        if (read > 0) return;
        ended = true;
        if (!buffer.AsSpan(start, end - start).EndsWith(Mark) || !stored.HadBytes) throw Broken("it ends too early, or something follows its end");
        end -= Mark.Length;
    }

    FileSourceException Broken(string why, Exception? inner = null) =>
        new(FileFault.BadCompression, file, $"{file} cannot be unpacked as gzip: {why}; deliver it again whole, or move it away", inner);

    protected override void Dispose(bool disposing)
    {
        if (disposing) unpacked.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The file's bytes, then the member that marks the end.</summary>
    sealed class Stored(Stream inner) : InputStream
    {
        int marked;
        bool atEnd;

        public bool HadBytes { get; private set; }

        public override int Read(Span<byte> target)
        {
            if (!atEnd)
            {
                var read = inner.Read(target);
                HadBytes |= read > 0;
                if (read > 0) return read;
                atEnd = true;
            }
            var count = Math.Min(target.Length, MarkMember.Length - marked);
            MarkMember.AsSpan(marked, count).CopyTo(target);
            marked += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
