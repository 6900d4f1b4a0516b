namespace Smelt.Connectors;

/// <summary>Opens files and turns the operating system's complaints into sentences.</summary>
static class FileBytes
{
    /// <summary>The bytes as stored.</summary>
    public static Stream OpenRaw(string identity, string fullPath)
    {
        try
        {
            RefuseSpecial(identity, fullPath);
            return new FileStream(fullPath, new FileStreamOptions
            {
                Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan,
            });
        }
        catch (UnauthorizedAccessException e) when (Directory.Exists(fullPath))
        {
            throw new FileSourceException(FileFault.NotAFile, identity, $"{identity} is a folder where a file should be", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FileSourceException(FileFault.NoPermission, identity, $"{identity} may not be read by this user; change its permissions, or move it away", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileSourceException(FileFault.NotFound, identity, $"{identity} is not there any more; put it back, as its batch was chosen with it", e);
        }
        catch (IOException e)
        {
            throw new FileSourceException(FileFault.Unreadable, identity, $"{identity} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>A pipe would make its reader wait for a writer without end. Special files have no length, so that only empty ones are asked.</summary>
    static void RefuseSpecial(string identity, string fullPath)
    {
        if (new FileInfo(fullPath) is not { Exists: true, Length: 0 }) return;
        using var handle = Smelt.Lake.PosixCalls.OpenWithoutWaiting(fullPath);
        if (handle.IsInvalid) return;
        using var stream = new FileStream(handle, FileAccess.Read, 0);
        if (!stream.CanSeek) throw new FileSourceException(FileFault.NotAFile, identity, $"{identity} is a pipe or a device where a file should be");
    }

    /// <summary>The file's text as UTF-8: unpacked and decoded, and proved to be the file that the batch was chosen with.</summary>
    public static ByteWindow OpenText(SourceFile file, string fullPath, FileSourceOptions options, ScanProgress? progress, CancellationToken cancel)
    {
        Stream stream = new StoredBytes(OpenSame(file, fullPath, cancel), file, progress, cancel);
        try
        {
            var stored = stream;
            stream = Unpacked(stream, file.Path, options.Compression);
            var isPlain = stream == stored && options.Encoding == TextEncoding.Utf8;
            if (options.Encoding != TextEncoding.Utf8) stream = new Transcoding(stream, options.Encoding);
            var window = new ByteWindow(stream, options.MaxRecordBytes, isPlain ? file.Size : long.MaxValue);
            window.SkipByteOrderMark(file.Path);
            return window;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    static Stream Unpacked(Stream stored, string path, FileCompression compression) =>
        (compression == FileCompression.Auto ? FileNames.Compression(path) : compression) switch
        {
            FileCompression.Gzip => new GzipInput(stored, path),
            FileCompression.Zstd => new ZstdInput(stored, path),
            _ => stored,
        };

    /// <summary>Size and time tell; where only the time differs, the hash does.</summary>
    static Stream OpenSame(SourceFile file, string fullPath, CancellationToken cancel)
    {
        var stream = OpenRaw(file.Path, fullPath);
        var same = stream.Length == file.Size
            && (File.GetLastWriteTimeUtc(fullPath).Ticks == file.ModifiedTicks || ContentHash.OfFile(file.Path, fullPath, cancel) == file.Hash);
        if (same) return stream;
        stream.Dispose();
        throw Changed(file);
    }

    /// <summary>Proves that a file which others read is the one that the batch was chosen with.</summary>
    public static void Check(SourceFile file, string fullPath, CancellationToken cancel) => OpenSame(file, fullPath, cancel).Dispose();

    /// <summary>Whether the file is there with the bytes that the batch was chosen with.</summary>
    public static bool IsSame(SourceFile file, string fullPath, CancellationToken cancel)
    {
        try
        {
            Check(file, fullPath, cancel);
            return true;
        }
        catch (FileSourceException e) when (e.Fault is FileFault.ChangedWhileRead or FileFault.NotFound or FileFault.NotAFile)
        {
            return false;
        }
    }

    public static FileSourceException Changed(SourceFile file) => new(FileFault.ChangedWhileRead, file.Path,
        $"{file.Path} was changed after its batch was chosen; write files under a name that begins with '.' and rename them when they are whole");
}
