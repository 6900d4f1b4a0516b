using Smelt.DuckDb;

namespace Smelt.Runs;

/// <summary>
/// The process's one DuckDB, opened when first needed. It spills into a folder of this process's own: two processes in one folder would end each other. Folders
/// whose process is gone are removed when one is made.
/// </summary>
public sealed class ProcessDatabase(string spillRoot, long? processMemoryBytes, int? threads) : IDisposable
{
    /// <summary>What .NET, DuckDB's own allocations outside its limit, and buffers of files take (measured: 230 to 360 MB above DuckDB's limit).</summary>
    private const long OutsideDuckDb = 330L << 20;

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
        return Math.Max(process / 3, process - OutsideDuckDb);
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

    private void MakeSpillFolder(string spillRoot)
    {
        Directory.CreateDirectory(spillRoot);
        foreach (var folder in Directory.EnumerateDirectories(spillRoot))
        {
            if (IsAbandoned(folder)) Remove(folder);
        }
        _spillFolder = Path.Combine(spillRoot, $"{Environment.ProcessId}-{Guid.NewGuid():N}"[..24]);
        Directory.CreateDirectory(_spillFolder);
        _spillLock = new FileStream(Path.Combine(_spillFolder, "lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>The lock of a living process cannot be had; a folder without one is being made right now, or was left half removed long ago.</summary>
    private static bool IsAbandoned(string folder)
    {
        try
        {
            var path = Path.Combine(folder, "lock");
            if (!File.Exists(path)) return Directory.GetCreationTimeUtc(folder) < DateTime.UtcNow.AddHours(-1);
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
