namespace Smelt.Lake;

/// <summary>How a change of rows is done.</summary>
public sealed record DmlOptions
{
    internal static readonly DmlOptions Default = new();

    /// <summary>Name that conditions and expressions may put before the table's columns.</summary>
    public string Alias { get; init; } = "target";

    /// <summary>Tables and files that conditions, expressions and sources may name.</summary>
    public IReadOnlyList<NamedInput> Inputs { get; init; } = [];

    /// <summary>How often to start anew from the newest snapshot when other writers are in the way.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>Whether columns that only the new rows have become columns of the table (MERGE and INSERT).</summary>
    public bool SchemaEvolution { get; init; }

    /// <summary>
    /// Whether SQL of the statement reads the target itself, so that every change of others is in the way. Inputs that are the target are noticed by themselves, and are
    /// read at the version that is changed.
    /// </summary>
    public bool ReadsTarget { get; init; }

    /// <summary>Idempotence mark: where the table has it already nothing is done.</summary>
    public TransactionMark? Transaction { get; init; }

    /// <summary>Marks that the commit leaves and that decide nothing, by the table as an attempt finds it; no application twice.</summary>
    public Func<Snapshot, IReadOnlyList<TransactionMark>> AlsoTransactions { get; init; } = static _ => [];

    /// <summary>Tags for commitInfo.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyMap.Texts;

    /// <summary>
    /// Whether the commit lifts <c>delta.appendOnly</c> where the table has it, so that rows may go. Whoever asks for it sets the property again in a commit after it
    /// (<see cref="AppendOnlyProperty.SetAgain"/>), and looks for tables where that was cut short.
    /// </summary>
    public bool LiftsAppendOnly { get; init; }

    /// <summary>Target size of a data file in bytes.</summary>
    public long TargetFileBytes { get; init; } = 128L << 20;
}

/// <summary>Something that SQL may name.</summary>
public abstract record NamedInput
{
    private NamedInput(string name) => Name = name;

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>A Delta table at a version, or its newest.</summary>
    public sealed record Table(string Name, DeltaTable Delta, long? Version = null) : NamedInput(Name);

    /// <summary>Parquet files by their places: absolute paths or URLs; taken as they are, no patterns.</summary>
    public sealed record ParquetFiles(string Name, IReadOnlyList<string> Paths) : NamedInput(Name);

    /// <summary>Rows of the caller's, read once and set aside (in DuckDB, which spills) before the statement begins.</summary>
    public sealed record Rows(string Name, StructType Schema, IAsyncEnumerable<RowBatch> Batches) : NamedInput(Name);
}

/// <summary>A column and what it becomes.</summary>
/// <param name="Column">Name of the column; a field of a struct by dots, names with other signs in double quotes or back-ticks.</param>
/// <param name="Value">SQL expression, or DEFAULT.</param>
public sealed record Assignment(string Column, string Value);
