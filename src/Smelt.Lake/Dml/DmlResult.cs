namespace Smelt.Lake;

/// <summary>How a DELETE, UPDATE, MERGE, INSERT or replacement ended.</summary>
public abstract record DmlResult
{
    private DmlResult()
    {
    }

    /// <summary>It is in the log, durably.</summary>
    /// <param name="Version">As this version.</param>
    /// <param name="Snapshot">The table at that version.</param>
    /// <param name="Metrics">What was done.</param>
    /// <param name="Attempts">How often it was tried, other writers' commits having come between.</param>
    public sealed record Committed(long Version, Snapshot Snapshot, DmlMetrics Metrics, int Attempts) : DmlResult
    {
        /// <summary>Why the checkpoint that was due could not be written, or null. The commit stands all the same.</summary>
        public Exception? CheckpointFault { get; init; }

        /// <summary>Whether it lifted <c>delta.appendOnly</c>, which is to be set again (<see cref="AppendOnlyProperty.SetAgain"/>).</summary>
        public bool LiftedAppendOnly { get; init; }
    }

    /// <summary>No row was concerned, so there is nothing to commit.</summary>
    /// <param name="Snapshot">The table that was looked at.</param>
    /// <param name="Metrics">What was looked at.</param>
    public sealed record Unchanged(Snapshot Snapshot, DmlMetrics Metrics) : DmlResult;

    /// <summary>Other writers were in the way each time it was tried. Nothing was written.</summary>
    /// <param name="Last">The last conflict.</param>
    /// <param name="Attempts">How often it was tried.</param>
    public sealed record Conflict(CommitResult.Conflict Last, int Attempts) : DmlResult;

    /// <summary>It cannot be done as it was asked. Nothing was written.</summary>
    /// <param name="Kind">Stable name of the reason.</param>
    /// <param name="Message">A sentence that says what is wrong and, where there is one, what to do.</param>
    public sealed record Refused(DmlRefusal Kind, string Message) : DmlResult;
}

/// <summary>Why a change of rows is refused.</summary>
public enum DmlRefusal
{
    /// <summary>DuckDB cannot parse or bind the SQL: a condition, an expression or the source.</summary>
    Sql,

    /// <summary>A column is named that the table or the source does not have, or named twice.</summary>
    Column,

    /// <summary>A value does not fit its column, or an expression fails on a row.</summary>
    Value,

    /// <summary>The table is append-only (<c>delta.appendOnly</c>).</summary>
    AppendOnly,

    /// <summary>Several rows of the source match one row of the target (Delta's DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE).</summary>
    MultipleMatches,

    /// <summary>The clauses of a MERGE contradict each other, or there is none.</summary>
    Clauses,

    /// <summary>A row to be written does not satisfy the condition whose rows it replaces.</summary>
    ReplaceWhere,

    /// <summary>The table's schema cannot become what is asked.</summary>
    Schema,

    /// <summary>There is no table.</summary>
    NoTable,

    /// <summary>The table has what this version cannot keep.</summary>
    NotSupported,
}

/// <summary>What a change of rows did. Rows and files of the target; times in milliseconds.</summary>
public sealed record DmlMetrics
{
    public long SourceRows { get; init; }

    public long RowsInserted { get; init; }

    public long RowsUpdated { get; init; }

    public long RowsDeleted { get; init; }

    /// <summary>Rows written again as they were, because their file changed.</summary>
    public long RowsCopied { get; init; }

    /// <summary>Rows updated and deleted by WHEN NOT MATCHED BY SOURCE, which the counts above hold too.</summary>
    public long RowsUpdatedBySource { get; init; }

    /// <inheritdoc cref="RowsUpdatedBySource"/>
    public long RowsDeletedBySource { get; init; }

    public long FilesAdded { get; init; }

    public long FilesRemoved { get; init; }

    public long BytesAdded { get; init; }

    public long BytesRemoved { get; init; }

    /// <summary>Files of the change data feed.</summary>
    public long ChangeFilesAdded { get; init; }

    /// <summary>Files that got a deletion vector, their first or a larger one.</summary>
    public long VectorsAdded { get; init; }

    /// <summary>Deletion vectors that went: with their files, or for a larger one.</summary>
    public long VectorsRemoved { get; init; }

    /// <summary>Files whose deletion vector grew; both counts above have them too, as delta-spark counts.</summary>
    public long VectorsUpdated { get; init; }

    /// <summary>Files that pruning left to be read.</summary>
    public long FilesScanned { get; init; }

    public long ExecutionTimeMs { get; init; }

    /// <summary>Finding the rows.</summary>
    public long ScanTimeMs { get; init; }

    /// <summary>Writing files.</summary>
    public long RewriteTimeMs { get; init; }
}

/// <summary>Unwinds to the operation's rim, where it becomes <see cref="DmlResult.Refused"/>.</summary>
internal sealed class DmlRefusedException(DmlRefusal kind, string message) : Exception(message)
{
    internal DmlRefusal Kind { get; } = kind;
}
