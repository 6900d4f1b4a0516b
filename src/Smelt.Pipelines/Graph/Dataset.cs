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

    /// <summary>How a materialized view's content is brought up to date.</summary>
    public RefreshPolicy RefreshPolicy { get; init; }

    public IReadOnlyList<string> PartitionedBy { get; init; } = [];
    public Clustering Clustering { get; init; } = Clustering.None;

    /// <summary>TBLPROPERTIES, keys as written.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary><c>smelt.moved_from</c> of TBLPROPERTIES.</summary>
    public DatasetName? MovedFrom { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Data tests that properties.yml declares for it.</summary>
    public IReadOnlyList<DataTest> Tests { get; init; } = [];

    /// <summary>Its own query. Of a table that only flows fill: one without text, which reads and gives what the flows do together.</summary>
    public required DatasetQuery Query { get; init; }

    /// <summary>What writes it, in the order in which they run: its own query first, then flows by name. None where it is a view.</summary>
    public IReadOnlyList<Flow> Flows { get; init; } = [];

    /// <summary>The queries that decide what it holds: its flows', or the view's.</summary>
    public IEnumerable<DatasetQuery> Queries => Flows.Count == 0 ? [Query] : Flows.Select(static f => f.Query);

    /// <summary>Datasets that it reads by any of its flows, each once.</summary>
    public IEnumerable<DatasetName> Inputs => Queries.SelectMany(static q => q.Inputs).Distinct();

    /// <summary>Output columns of all its flows, with what they come from.</summary>
    public IReadOnlyList<OutputColumn> Columns => Flows.Count <= 1 ? Query.Columns : DatasetQuery.Together([.. Queries]).Columns;

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

    /// <summary>Whether it reads other tables than its own row.</summary>
    public bool LooksUp { get; init; }

    public string? Description { get; init; }

    /// <summary>How grave a violation is, in the pipeline's own words.</summary>
    public string? Severity { get; init; }

    /// <summary>Who is to be asked.</summary>
    public string? Owner { get; init; }
}

/// <summary>REFRESH POLICY of a materialized view.</summary>
public enum RefreshPolicy
{
    /// <summary>Whatever costs less.</summary>
    Auto,

    /// <summary>By the changes wherever that can be done.</summary>
    Incremental,

    /// <summary>By the changes, or the step stops.</summary>
    IncrementalStrict,

    /// <summary>Always whole.</summary>
    Full,
}

/// <summary>CLUSTER BY: columns, AUTO or nothing.</summary>
public sealed record Clustering(IReadOnlyList<string> Columns, bool Auto)
{
    public static readonly Clustering None = new([], false);
}
