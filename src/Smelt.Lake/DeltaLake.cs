namespace Smelt.Lake;

/// <summary>
/// Delta tables in a store, by folder. Thread-safe; one a process is enough. Parquet (checkpoints only; small logs never need it) is read and written by DuckDB,
/// in an instance of its own unless Smelt's parts share theirs.
/// </summary>
public sealed partial class DeltaLake
{
    /// <param name="store">Where the tables are.</param>
    /// <param name="clock">Time of commits; the system's when null.</param>
    public DeltaLake(IObjectStore store, TimeProvider? clock = null)
    {
        Store = store;
        Clock = clock ?? TimeProvider.System;
    }

    public IObjectStore Store { get; }

    /// <summary>How much memory reading and writing may take before it spills to the system's folder for temporary files; null: four fifths of the machine's. Set before the first use.</summary>
    public long? MemoryLimitBytes { get; init; }

    internal TimeProvider Clock { get; }

    /// <summary>The table in a folder, whether there is one or not: no I/O is done here.</summary>
    /// <param name="folder">Key of the table's folder, e.g. <c>silver/orders</c>.</param>
    public DeltaTable Table(string folder) => new(this, folder.TrimEnd('/'));
}
