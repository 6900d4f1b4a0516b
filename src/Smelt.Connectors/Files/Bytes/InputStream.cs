namespace Smelt.Connectors;

/// <summary>A stream that is only read, forward, into spans.</summary>
abstract class InputStream : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public abstract override int Read(Span<byte> buffer);
}

/// <summary>The stored bytes of one file of a batch: counted, and held against the size that the batch was chosen with.</summary>
sealed class StoredBytes(Stream inner, SourceFile file, ScanProgress? progress, CancellationToken cancel) : InputStream
{
    long total;

    public override int Read(Span<byte> buffer)
    {
        cancel.ThrowIfCancellationRequested();
        int read;
        try { read = inner.Read(buffer); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileSourceException(FileFault.Unreadable, file.Path, $"{file.Path} cannot be read to its end: {e.Message}", e);
        }
        total += read;
        progress?.AddBytes(read);
        if (total > file.Size || (read == 0 && buffer.Length > 0 && total < file.Size)) throw FileBytes.Changed(file);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
