namespace Smelt.Pipelines;

/// <summary>What a dataset is; the words are Lakeflow's.</summary>
public enum DatasetKind
{
    /// <summary>Reads each input row once, appends only.</summary>
    StreamingTable,
    /// <summary>Its content always equals its query.</summary>
    MaterializedView,
    /// <summary>Never stored; listed, queried and tested like a table.</summary>
    View,
    /// <summary>A view for this pipeline's own use: bound like a view, not listed for consumers.</summary>
    TemporaryView,
}

/// <summary>A named table or view of a layer, as compiled.</summary>
public sealed class Dataset
{
    public required DatasetName Name { get; init; }
    public required DatasetKind Kind { get; init; }

    /// <summary>File that defines it, relative to the pipeline, forward slashes.</summary>
    public required string File { get; init; }

    /// <summary>Where the statement (or the bare query) begins.</summary>
    public required FilePosition Position { get; init; }

    /// <summary>From <c>COMMENT</c>, else from properties.yml.</summary>
    public string? Description { get; init; }

    /// <summary>Columns named in the statement's column list or in properties.yml, with comments and declared types.</summary>
    public IReadOnlyList<DeclaredColumn> DeclaredColumns { get; init; } = [];

    /// <summary>Whether the statement has a column list. It documents columns of the query by name; it renames nothing.</summary>
    public bool HasColumnList { get; init; }

    /// <summary>In the order written, names unique without case; NOT NULL columns come last, as <c>not_null:column</c> with FAIL UPDATE.</summary>
    public IReadOnlyList<Expectation> Expectations { get; init; } = [];

    public IReadOnlyList<string> PartitionedBy { get; init; } = [];
    public Clustering Clustering { get; init; } = Clustering.None;

    /// <summary>TBLPROPERTIES, keys as written.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary><c>smelt.moved_from</c> of TBLPROPERTIES.</summary>
    public DatasetName? MovedFrom { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Data tests that properties.yml declares for it.</summary>
    public IReadOnlyList<DataTest> Tests { get; init; } = [];

    public required DatasetQuery Query { get; init; }

    /// <summary>
    /// Lower-case hex over all that decides the content: the query's AST (no positions, comments or white space), the macros and views it
    /// uses, rules, partitioning, properties, casting policy. Equal hashes mean equal definitions.
    /// </summary>
    public required string DefinitionHash { get; init; }

    /// <summary>What an output expression that raises an error does to its row (streaming tables): the layer's setting, else the pipeline's.</summary>
    public CastErrorAction CastErrors { get; init; } = CastErrorAction.Quarantine;

    /// <summary>Stored as a Delta table (streaming table or materialized view).</summary>
    public bool IsStored => Kind is DatasetKind.StreamingTable or DatasetKind.MaterializedView;

    public bool IsView => !IsStored;

    public override string ToString() => Name.ToString();
}

/// <summary>A column of the statement's list or of properties.yml.</summary>
/// <param name="Type">DuckDB's type text where declared.</param>
public sealed record DeclaredColumn(string Name, string? Type, bool NotNull, string? Comment);

/// <summary>What happens to a row that breaks an expectation.</summary>
public enum ViolationAction { Warn, DropRow, FailUpdate, QuarantineRow }

/// <summary>A rule every row should satisfy: it passes only where the predicate is TRUE.</summary>
/// <param name="Predicate">As people are shown it: SQL as written with variables substituted, or words.</param>
public sealed record Expectation(string Name, string Predicate, ViolationAction Action, FilePosition Position)
{
    /// <summary>DuckDB SQL over the dataset's output columns; tables that it looks up have their layers.</summary>
    public required string Sql { get; init; }

    public string? Description { get; init; }

    /// <summary>How grave a violation is, in the pipeline's own words.</summary>
    public string? Severity { get; init; }

    /// <summary>Who is to be asked.</summary>
    public string? Owner { get; init; }
}

/// <summary>CLUSTER BY: columns, AUTO or nothing.</summary>
public sealed record Clustering(IReadOnlyList<string> Columns, bool Auto)
{
    public static readonly Clustering None = new([], false);
}
