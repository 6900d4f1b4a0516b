namespace Smelt.Lake;

/// <summary>What a plan does to its table.</summary>
public enum PlanKind
{
    /// <summary>Makes the table: version 0.</summary>
    Create,

    /// <summary>Adds rows; reads nothing (a blind append).</summary>
    Append,

    /// <summary>Replaces every row.</summary>
    Overwrite,

    /// <summary>Changes no row: schema, properties, txn.</summary>
    Metadata,

    /// <summary>Rows of files that were read change or go, and others may come: DELETE, UPDATE, MERGE, a replaced part, RESTORE.</summary>
    Change,

    /// <summary>The same rows in other files (OPTIMIZE): no action of it is a change of data.</summary>
    Rearrange,
}

/// <summary>
/// All that one commit of one table will do, as a value that survives being written as JSON (see <see cref="ToJson"/>). Made before the commit; committed any number of
/// times with the effect of once, when it has a <see cref="Transaction"/>.
/// </summary>
public sealed partial record TablePlan
{
    /// <summary>Folder of the table in the store.</summary>
    public required string Folder { get; init; }

    public required PlanKind Kind { get; init; }

    /// <summary>The table (metaData.id) that was read when the plan was made, or the new table's. A commit to another table conflicts.</summary>
    public required string TableId { get; init; }

    /// <summary>
    /// The version whose content the plan was made on; null for <see cref="PlanKind.Create"/> and for plans that do not care (a blind append without metadata, or
    /// only <see cref="SetProperties"/>).
    /// </summary>
    public long? ReadVersion { get; init; }

    /// <summary>New protocol, or null.</summary>
    public TableProtocol? Protocol { get; init; }

    /// <summary>New metadata, or null.</summary>
    public TableMetadata? Metadata { get; init; }

    /// <summary>
    /// Properties to set over whatever metadata the table has at the commit (null removes one): never a conflict with other writers. For what follows a commit that
    /// is not made yet.
    /// </summary>
    public IReadOnlyDictionary<string, string?> SetProperties { get; init; } = EmptyMap.Values;

    /// <summary>Data files to add.</summary>
    public IReadOnlyList<AddFile> Adds { get; init; } = [];

    /// <summary>
    /// Files to take out, of kinds <see cref="PlanKind.Change"/> and <see cref="PlanKind.Rearrange"/> only (<see cref="PlanKind.Overwrite"/> takes out what is live at the
    /// commit). A remove without a time gets that of the commit.
    /// </summary>
    public IReadOnlyList<RemoveFile> Removes { get; init; } = [];

    /// <summary>Files of row changes for the change data feed.</summary>
    public IReadOnlyList<ChangeFile> ChangeFiles { get; init; } = [];

    /// <summary>What the plan was made from, besides the files it removes: tells which other commits it conflicts with.</summary>
    public TableReads Reads { get; init; } = TableReads.Nothing;

    /// <summary>Idempotence mark: the commit is made only where the table's mark of that application is lower.</summary>
    public TransactionMark? Transaction { get; init; }

    /// <summary>Marks of other applications whose work the commit also is; no application twice. They decide nothing: <see cref="Transaction"/> does.</summary>
    public IReadOnlyList<TransactionMark> AlsoTransactions { get; init; } = [];

    /// <summary>Domain metadata to set.</summary>
    public IReadOnlyList<DomainMetadata> Domains { get; init; } = [];

    /// <summary>commitInfo's operation: WRITE, CREATE TABLE AS SELECT, SET TBLPROPERTIES …</summary>
    public required string Operation { get; init; }

    public IReadOnlyDictionary<string, string> OperationParameters { get; init; } = EmptyMap.Texts;

    /// <summary>commitInfo's metrics; numFiles, numOutputRows and numOutputBytes are added when they are not given.</summary>
    public IReadOnlyDictionary<string, string> OperationMetrics { get; init; } = EmptyMap.Texts;

    /// <summary>commitInfo's tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyMap.Texts;

    /// <summary>Id of the attempt that made the plan: written to commitInfo, so that the log shows who won.</summary>
    public required string Attempt { get; init; }

    /// <summary>The plan as one line of JSON, losing nothing.</summary>
    public partial string ToJson();

    /// <summary>The plan from <see cref="ToJson"/>'s text.</summary>
    /// <exception cref="FormatException">It is not such a text.</exception>
    public static partial TablePlan FromJson(string json);
}
