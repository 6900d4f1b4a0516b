using Smelt.DuckDb;

namespace Smelt.Runs;

/// <summary>
/// The process's one DuckDB, opened when first needed. It spills into a folder of this process's own: two processes in one folder would end each other. Folders
/// whose process is gone are removed when one is made.
/// </summary>
public sealed class ProcessDatabase(string spillRoot, long? processMemoryBytes, int? threads) : IDisposable
{
    /// <summary>
    /// What .NET, DuckDB's own allocations outside its limit, and buffers of files take: a base, and a share of the whole that grows with what DuckDB holds. Measured:
    /// 230 to 320 MB above a limit of 694 MB of DuckDB's, most of it in a sort and a join of 100 million rows.
    /// </summary>
    private const long OutsideDuckDb = 270L << 20, OutsideShare = 16;

    private const string Making = ".making-";

    private readonly Lock _gate = new();
    private DuckDbDatabase? _database;
    private FileStream? _spillLock;
    private string? _spillFolder;

    public DuckDbDatabase Open()
    {
        lock (_gate)
        {
            if (_database is not null) return _database;
            MakeSpillFolder();
            return _database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(DuckDbLimit(), threads, Path.Combine(_spillFolder!, "pages")));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _database?.Dispose();
            _spillLock?.Dispose();
            if (_spillFolder is not null) Remove(_spillFolder);
            _database = null;
        }
    }

    /// <summary>Memory of the whole process: what the target allows, else three quarters of what the machine or its container gives.</summary>
    private long DuckDbLimit()
    {
        var process = processMemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 3 / 4;
        return Math.Max(process / 3, process - OutsideDuckDb - (process * OutsideShare / 100));
    }

    /// <summary>Beside the lake's state; elsewhere where there is no lake yet, or one that this user may only read: looking at tables must not need the right to write.</summary>
    private void MakeSpillFolder()
    {
        if (Directory.Exists(Path.GetDirectoryName(spillRoot)))
        {
            try
            {
                MakeSpillFolder(spillRoot);
                return;
            }
            catch (Exception error) when (error is UnauthorizedAccessException or IOException)
            {
                _spillFolder = null;
            }
        }
        MakeSpillFolder(Path.Combine(Path.GetTempPath(), $"smelt-spill-{Environment.UserName}"));
    }

    private void MakeSpillFolder(string root)
    {
        Directory.CreateDirectory(root);
        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            if (IsAbandoned(folder)) Remove(folder);
        }
        var name = $"{Environment.ProcessId}-{Guid.NewGuid():N}"[..24];
        // Made under another name and renamed once its lock is held: between the lock's making and its taking, another process would take the folder for an abandoned one.
        var making = Path.Combine(root, Making + name);
        Directory.CreateDirectory(making);
        _spillLock = new FileStream(Path.Combine(making, "lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        _spillFolder = Path.Combine(root, name);
        Directory.Move(making, _spillFolder);
    }

    /// <summary>The lock of a living process cannot be had; a folder without one was left half removed, and one still in the making after an hour will not be made.</summary>
    private static bool IsAbandoned(string folder)
    {
        try
        {
            if (Path.GetFileName(folder).StartsWith(Making, StringComparison.Ordinal)) return Directory.GetCreationTimeUtc(folder) < DateTime.UtcNow.AddHours(-1);
            var path = Path.Combine(folder, "lock");
            if (!File.Exists(path)) return true;
            using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Another process removes it at this moment.
        }
        catch (UnauthorizedAccessException)
        {
            // It belongs to another user; the next process of theirs removes it.
        }
    }
}
