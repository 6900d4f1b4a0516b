using System.IO.Enumeration;

namespace Smelt.Lake;

/// <summary>
/// A folder of a local disk as a store. Puts are atomic and durable: a temporary file beside the target, fsync, link(2) (or a rename where it may replace), fsync of
/// the folder. Thread-safe, and safe among processes.
/// </summary>
public sealed class LocalObjectStore : IObjectStore
{
    private readonly DirectorySync _directories;

    /// <param name="root">The folder; made when something is first written.</param>
    public LocalObjectStore(string root)
    {
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _directories = new DirectorySync(Root);
    }

    /// <summary>Absolute path of the store's folder.</summary>
    public string Root { get; }

    /// <summary>fsync calls on directories so far; for tests and measurement.</summary>
    internal long DirectorySyncs => Interlocked.Read(ref _directories.Calls);

    /// <inheritdoc/>
    /// <exception cref="StoreException">The key leads out of the store.</exception>
    public string Locate(string key)
    {
        if (key.Length == 0)
            return Root;
        if (key[0] == '/' || key.Contains('\0') || key.Split('/').Any(part => part is ".." or "."))
            throw new StoreException("store-bad-key", $"'{key}' leads out of the store");
        return Path.Join(Root, key);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryReadAsync(string key, CancellationToken cancel = default)
    {
        var path = Locate(key);
        if (!File.Exists(path))
            return ValueTask.FromResult<byte[]?>(null);
        try
        {
            return ValueTask.FromResult<byte[]?>(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return ValueTask.FromResult<byte[]?>(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("read", path, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> ReadRangeAsync(string key, long offset, int length, CancellationToken cancel = default)
    {
        var path = Locate(key);
        try
        {
            using var file = File.OpenHandle(path);
            var available = Math.Clamp(RandomAccess.GetLength(file) - offset, 0, length);
            var bytes = new byte[available];
            var done = 0;
            while (done < bytes.Length)
            {
                var read = RandomAccess.Read(file, bytes.AsSpan(done), offset + done);
                if (read == 0)
                    return ValueTask.FromResult(bytes[..done]);
                done += read;
            }
            return ValueTask.FromResult(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("read", path, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ObjectInfo>> ListAsync(string folder, string? after = null, bool recursive = false, CancellationToken cancel = default)
    {
        var path = Locate(folder);
        if (!Directory.Exists(path))
            return ValueTask.FromResult<IReadOnlyList<ObjectInfo>>([]);
        var found = new List<ObjectInfo>();
        try
        {
            var entries = new FileSystemEnumerable<ObjectInfo>(path, Describe, new EnumerationOptions { RecurseSubdirectories = recursive, AttributesToSkip = 0 })
            {
                ShouldIncludePredicate = static (ref FileSystemEntry entry) => !entry.IsDirectory && !IsTemporary(entry.FileName),
            };
            foreach (var info in entries)
                if (after is null || string.CompareOrdinal(info.Key, after) > 0)
                    found.Add(info);
        }
        catch (DirectoryNotFoundException)
        {
            return ValueTask.FromResult<IReadOnlyList<ObjectInfo>>([]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("list", path, e);
        }
        found.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return ValueTask.FromResult<IReadOnlyList<ObjectInfo>>(found);
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> StatAsync(string key, CancellationToken cancel = default)
    {
        var info = new FileInfo(Locate(key));
        return ValueTask.FromResult<ObjectInfo?>(info.Exists ? new ObjectInfo(key, info.Length, Milliseconds(info.LastWriteTimeUtc)) : null);
    }

    /// <inheritdoc/>
    public ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var path = Locate(key);
        if (File.Exists(path))
            return ValueTask.FromResult(false);
        var temporary = WriteTemporary(path, content.Span);
        try
        {
            if (!Publish(temporary, path))
                return ValueTask.FromResult(false);
        }
        finally
        {
            File.Delete(temporary);
        }
        _directories.Sync(Path.GetDirectoryName(path)!);
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask<bool> PutHintIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            using var file = new FileStream(Locate(key), FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1);
            file.Write(content.Span);
            return ValueTask.FromResult(true);
        }
        catch (IOException) when (File.Exists(Locate(key)))
        {
            return ValueTask.FromResult(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException("store-write", $"'{key}' could not be written: {e.Message}", isTransient: true, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var path = Locate(key);
        var temporary = WriteTemporary(path, content.Span);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw Failed("write", path, e);
        }
        _directories.Sync(Path.GetDirectoryName(path)!);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancel = default)
    {
        var path = Locate(key);
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing there: what was asked for.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("delete", path, e);
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask EnsureFolderAsync(string folder, CancellationToken cancel = default)
    {
        EnsureDirectory(Locate(folder));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask MakeDurableAsync(IReadOnlyList<string> keys, CancellationToken cancel = default)
    {
        var paths = keys.Select(Locate).ToArray();
        if (paths.Length > 3)
            Parallel.ForEach(paths, SyncFile);
        else
            Array.ForEach(paths, SyncFile);
        foreach (var directory in paths.Select(p => Path.GetDirectoryName(p)!).Distinct(StringComparer.Ordinal).ToArray())
            _directories.Sync(directory);
        return ValueTask.CompletedTask;
    }

    private static void SyncFile(string path)
    {
        var error = PosixCalls.SyncPath(path);
        if (error == PosixCalls.ENOENT)
            throw new StoreException("store-not-found", $"'{path}' is not there");
        if (error != 0)
            throw new StoreException("store-fsync", $"'{path}' could not be made durable (errno {error})", isTransient: true);
    }

    private string WriteTemporary(string path, ReadOnlySpan<byte> content)
    {
        var directory = Path.GetDirectoryName(path)!;
        EnsureDirectory(directory);
        var temporary = Path.Join(directory, $".smelt-{Guid.NewGuid():N}.tmp");
        try
        {
            using var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, content.Length);
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
            return temporary;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw Failed("write", path, e);
        }
    }

    private static bool Publish(string temporary, string path)
    {
        var error = PosixCalls.Link(temporary, path);
        // Mounts without links (FAT, some FUSE and SMB) answer with one of these.
        if (error is PosixCalls.EPERM or PosixCalls.EMLINK or PosixCalls.ENOSYS or PosixCalls.EXDEV || error == PosixCalls.EOPNOTSUPP)
            error = PosixCalls.RenameNoReplace(temporary, path);
        return error switch
        {
            0 => true,
            PosixCalls.EEXIST => false,
            PosixCalls.EINVAL or PosixCalls.ENOSYS => throw new StoreException("store-no-exclusive-put",
                $"the disk of '{path}' has neither links nor renames that never replace, so two writers could both win; put the lake on another disk"),
            _ => throw new StoreException("store-write", $"'{path}' could not be written (errno {error})", isTransient: true),
        };
    }

    private void EnsureDirectory(string directory)
    {
        if (!Directory.Exists(directory))
        {
            try
            {
                EnsureRoot();
                Directory.CreateDirectory(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failed("create", directory, e);
            }
        }
        _directories.Note(directory);
    }

    // The folders above the root are none of the store's, but when it makes them they must last as well.
    private void EnsureRoot()
    {
        var missing = new Stack<string>();
        for (var d = Root; d is not null && !Directory.Exists(d); d = Path.GetDirectoryName(d))
            missing.Push(d);
        foreach (var directory in missing)
        {
            Directory.CreateDirectory(directory);
            _ = PosixCalls.SyncPath(Path.GetDirectoryName(directory)!);
        }
    }

    private ObjectInfo Describe(ref FileSystemEntry entry)
    {
        var relative = entry.ToFullPath().AsSpan(Root.Length).TrimStart('/');
        return new ObjectInfo(relative.ToString(), entry.Length, Milliseconds(entry.LastWriteTimeUtc.UtcDateTime));
    }

    /// <inheritdoc/>
    public ValueTask<int> SweepAsync(string folder, long olderThanMs, CancellationToken cancel = default)
    {
        var (swept, directory) = (0, Locate(folder));
        if (!Directory.Exists(directory))
            return ValueTask.FromResult(0);
        foreach (var file in Directory.EnumerateFiles(directory, ".smelt-*.tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            cancel.ThrowIfCancellationRequested();
            if (new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ToUnixTimeMilliseconds() >= olderThanMs)
                continue;
            File.Delete(file);
            swept++;
        }
        return ValueTask.FromResult(swept);
    }

    private static bool IsTemporary(ReadOnlySpan<char> name) => name.StartsWith(".smelt-", StringComparison.Ordinal) && name.EndsWith(".tmp", StringComparison.Ordinal);

    private static long Milliseconds(DateTime utc) => new DateTimeOffset(utc, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static StoreException Failed(string what, string path, Exception e)
    {
        if (FileInTheWay(what == "create" ? path : Path.GetDirectoryName(path)) is { } file)
            return new($"store-{what}", $"cannot {what} '{path}': {file} is a file where a folder should be; move it away", isTransient: false, e);
        return new($"store-{what}", $"cannot {what} '{path}': {e.Message}", isTransient: e is IOException and not FileNotFoundException, e);
    }

    /// <summary>The system calls a file that is used as a folder a missing path; people are told which file it is.</summary>
    private static string? FileInTheWay(string? folder)
    {
        while (folder is { Length: > 1 } && !Directory.Exists(folder))
        {
            if (File.Exists(folder))
                return folder;
            folder = Path.GetDirectoryName(folder);
        }
        return null;
    }
}
