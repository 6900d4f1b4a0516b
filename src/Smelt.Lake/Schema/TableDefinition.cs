namespace Smelt.Lake;

/// <summary>A column that somebody wants a table to have.</summary>
/// <param name="Name">Logical name; any text but the empty one.</param>
/// <param name="Type">Its type, nested columns included.</param>
/// <param name="Nullable">False for NOT NULL, which Smelt promises and does not check here.</param>
/// <param name="Comment">Description, or null.</param>
public sealed record ColumnSpec(string Name, DeltaType Type, bool Nullable = true, string? Comment = null)
{
    /// <summary>GENERATED ALWAYS AS: an expression over the other columns in Spark's SQL, or null.</summary>
    public string? GeneratedAs { get; init; }

    /// <summary>DEFAULT: an expression in Spark's SQL for rows without the column, or null. Only for new columns of new tables, or by ALTER.</summary>
    public string? Default { get; init; }

    /// <summary>GENERATED AS IDENTITY, or null. The column is a BIGINT.</summary>
    public IdentitySpec? Identity { get; init; }
}

/// <summary>How a column numbers its rows.</summary>
/// <param name="Start">The first number.</param>
/// <param name="Step">From one number to the next; not 0. Numbers may have gaps.</param>
/// <param name="AllowExplicit">BY DEFAULT: rows may bring numbers of their own. Else ALWAYS: they may not.</param>
public sealed record IdentitySpec(long Start = 1, long Step = 1, bool AllowExplicit = false);

/// <summary>What a table should be besides its columns. Null means "as it is" for an existing table.</summary>
public sealed record TableOptions
{
    /// <summary>Partition columns by logical name. Only a new or replaced table takes others than it has.</summary>
    public IReadOnlyList<string>? PartitionBy { get; init; }

    /// <summary>Clustering columns (at most four, not partitioned by); an empty list ends clustering.</summary>
    public IReadOnlyList<string>? ClusterBy { get; init; }

    /// <summary>Properties to set; a null value removes one. Others stay.</summary>
    public IReadOnlyDictionary<string, string?>? Properties { get; init; }

    /// <summary>The table's description.</summary>
    public string? Comment { get; init; }

    /// <summary>The table's name, for people; only used for a new table.</summary>
    public string? Name { get; init; }
}

/// <summary>A table's protocol and metadata as they are, or as a commit will make them.</summary>
public sealed partial record TableDefinition(TableProtocol Protocol, TableMetadata Metadata)
{
    /// <summary>The columns by which rows lie together, by physical names; empty where the table is not clustered.</summary>
    public IReadOnlyList<ColumnPath> ClusteringColumns { get; init; } = [];

    /// <summary>The definition of an existing table.</summary>
    public static TableDefinition Of(Snapshot snapshot) => new(snapshot.Protocol, snapshot.Metadata) { ClusteringColumns = Clustering.Of(snapshot) };

    /// <summary>
    /// A new table. Column names that Parquet readers refuse turn column mapping by name on; <c>timestamp_ntz</c> columns declare their feature; nothing more is asked
    /// of readers than is needed.
    /// </summary>
    public static partial DefinitionResult Create(IReadOnlyList<ColumnSpec> columns, TableOptions options, TimeProvider clock);

    /// <summary>
    /// The same table, taking rows of the given columns besides those it has: new columns are added at the end (nullable), missing ones are NULL, narrower types are
    /// cast. What would change a column's type, or add NOT NULL columns, is refused.
    /// </summary>
    public partial DefinitionResult Grow(IReadOnlyList<ColumnSpec> columns, TableOptions options);

    /// <summary>The same table (same id) with another schema and partitioning: for a commit of kind <see cref="PlanKind.Overwrite"/>.</summary>
    public partial DefinitionResult Replace(IReadOnlyList<ColumnSpec> columns, TableOptions options);
}

/// <summary>Whether a table can be what was asked.</summary>
public abstract record DefinitionResult
{
    private DefinitionResult()
    {
    }

    /// <summary>It can.</summary>
    /// <param name="Definition">What it will be.</param>
    /// <param name="Changed">Whether protocol or metadata differ from before, so that the commit must carry them. Always for a new table.</param>
    public sealed record Defined(TableDefinition Definition, bool Changed) : DefinitionResult
    {
        /// <summary>Domains that the commit must carry: the clustering, where it is new or another.</summary>
        public IReadOnlyList<DomainMetadata> Domains { get; init; } = [];

        /// <summary>Columns that an existing table gets.</summary>
        public IReadOnlyList<string> Added { get; init; } = [];

        /// <summary>Columns of the table that the rows do not have: to be announced.</summary>
        public IReadOnlyList<string> Missing { get; init; } = [];

        /// <summary>Protocol features that the table begins to need: to be announced.</summary>
        public IReadOnlyList<string> NewFeatures { get; init; } = [];
    }

    /// <summary>It cannot.</summary>
    /// <param name="Problems">Every reason.</param>
    public sealed record Refused(IReadOnlyList<SchemaProblem> Problems) : DefinitionResult;
}

/// <summary>Why a table cannot have a column as asked.</summary>
/// <param name="Kind">Stable name of the reason.</param>
/// <param name="Column">The column, or null where it is the table as a whole.</param>
/// <param name="Message">A sentence that says what is wrong and what to do.</param>
public sealed record SchemaProblem(SchemaProblemKind Kind, string? Column, string Message);

/// <summary>Kinds of <see cref="SchemaProblem"/>.</summary>
public enum SchemaProblemKind
{
    /// <summary>The type has no Delta type: the message names the cast to write.</summary>
    TypeRefused,

    /// <summary>The column has a wider or another type than the table's.</summary>
    TypeChanged,

    /// <summary>A NOT NULL column cannot be added to a table that has rows.</summary>
    NotNullAdded,

    /// <summary>The rows lack a column that is NOT NULL in the table.</summary>
    NotNullMissing,

    /// <summary>Two columns have one name when case is ignored.</summary>
    DuplicateName,

    /// <summary>A column of PARTITIONED BY or CLUSTER BY is not in the table, or cannot be one.</summary>
    BadPartitionColumn,

    /// <summary>There is no such column, constraint or property.</summary>
    NotFound,

    /// <summary>The column is used by the table's partitioning, clustering, constraints or other columns.</summary>
    ColumnInUse,

    /// <summary>What is asked for needs a property that is not on; the message names it.</summary>
    NeedsProperty,

    /// <summary>Rows that are there break the rule.</summary>
    RowsBreakRule,

    /// <summary>An expression that cannot be evaluated.</summary>
    BadExpression,

    /// <summary>The table exists with other partition columns.</summary>
    PartitioningChanged,

    /// <summary>A property has a value that is not supported.</summary>
    BadProperty,

    /// <summary>A name that no column may have.</summary>
    BadName,

    /// <summary>There is no column at all.</summary>
    NoColumns,
}
