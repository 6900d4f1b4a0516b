using Smelt.DuckDb;

namespace Smelt.Lake;

public sealed partial class DeltaLake
{
    private readonly Func<DuckDbConnection>? _connect;

    /// <param name="store">Where the tables are.</param>
    /// <param name="connect">Gives a new connection of the process's DuckDB, called only when Parquet is to be read or written; the lake disposes it.</param>
    /// <param name="clock">Time of commits; the system's when null.</param>
    internal DeltaLake(IObjectStore store, Func<DuckDbConnection> connect, TimeProvider? clock = null)
        : this(store, clock) => _connect = connect;

    /// <summary>A new connection, of the process's instance or of one of the lake's own, which is opened on first use.</summary>
    internal DuckDbConnection Connect()
    {
        if (_connect is not null)
            return _connect();
        lock (_gate)
            return (_own ??= OpenOwn()).Connect();
    }

    /// <summary>What does not fit in memory is spilled to a folder of the lake's own, which goes with the process.</summary>
    private DuckDbDatabase OpenOwn()
    {
        var spill = Path.Join(Path.GetTempPath(), $"smelt-lake-{Environment.ProcessId}-{Guid.NewGuid():N}");
        var database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(MemoryLimitBytes, SpillDirectory: spill));
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            database.Dispose();
            if (Directory.Exists(spill))
                Directory.Delete(spill, recursive: true);
        };
        return database;
    }

    private readonly Lock _gate = new();
    private DuckDbDatabase? _own;
}

public sealed partial class DataFileWriter
{
    /// <summary>
    /// What the COPY wrote: reads the result of <see cref="CopySql"/> to its end, drops empty files, makes the others durable with their folders (see <see cref="Durability"/>), and gives their actions.
    /// </summary>
    internal partial ValueTask<IReadOnlyList<AddFile>> FilesAsync(DuckDbResult copied, CancellationToken cancel = default);
}

public sealed partial record TableScan
{
    /// <summary>Loads the deletion vectors into a temporary table of the connection; nothing to do where <see cref="NeedsSetup"/> is false.</summary>
    internal partial ValueTask PrepareAsync(DuckDbConnection connection, CancellationToken cancel = default);
}
