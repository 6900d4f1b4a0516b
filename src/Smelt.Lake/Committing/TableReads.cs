namespace Smelt.Lake;

/// <summary>What of a table a plan was made from. Other writers' commits that touch it are conflicts (see <see cref="ConflictKind"/>).</summary>
public sealed record TableReads
{
    public static readonly TableReads Nothing = new();

    /// <summary>Every row: any file that comes or goes matters.</summary>
    public static readonly TableReads Everything = new() { WholeTable = true };

    /// <summary>Every row was read.</summary>
    public bool WholeTable { get; init; }

    /// <summary>
    /// A condition over the table's columns (DuckDB's SQL): rows that satisfy it were read, so that a file that another writer adds matters where it may hold such
    /// rows. Null where only <see cref="Files"/> were read.
    /// </summary>
    public string? Condition { get; init; }

    /// <summary>Paths, as the log has them, of files that were read and stay.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    internal bool IsNothing => !WholeTable && Condition is null && Files.Count == 0;
}

/// <summary>How much a commit may overlook of what others committed since it read (Delta's isolation levels).</summary>
public enum IsolationLevel
{
    /// <summary>Reads and writes are as if one after another; blind appends of others may come before, whatever the log's order.</summary>
    WriteSerializable,

    /// <summary>Reads and writes are as if one after another in the log's order. The default, as in delta-spark (measured).</summary>
    Serializable,

    /// <summary>What others add is overlooked: for commits that change no data.</summary>
    SnapshotIsolation,
}
