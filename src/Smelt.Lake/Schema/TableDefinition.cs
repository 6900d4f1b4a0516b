namespace Smelt.Lake;

/// <summary>A column that somebody wants a table to have.</summary>
/// <param name="Name">Logical name; any text but the empty one.</param>
/// <param name="Type">Its type, nested columns included.</param>
/// <param name="Nullable">False for NOT NULL, which Smelt promises and does not check here.</param>
/// <param name="Comment">Description, or null.</param>
public sealed record ColumnSpec(string Name, DeltaType Type, bool Nullable = true, string? Comment = null);

/// <summary>What a table should be besides its columns. Null means "as it is" for an existing table.</summary>
public sealed record TableOptions
{
    /// <summary>Partition columns by logical name. Only a new or replaced table takes others than it has.</summary>
    public IReadOnlyList<string>? PartitionBy { get; init; }

    /// <summary>Clustering columns, recorded as the property <c>smelt.clusterBy</c> (JSON array of names).</summary>
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
    /// <summary>The definition of an existing table.</summary>
    public static TableDefinition Of(Snapshot snapshot) => new(snapshot.Protocol, snapshot.Metadata);

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

    /// <summary>The table exists with other partition columns.</summary>
    PartitioningChanged,

    /// <summary>A property has a value that is not supported.</summary>
    BadProperty,

    /// <summary>A name that no column may have.</summary>
    BadName,

    /// <summary>There is no column at all.</summary>
    NoColumns,
}
