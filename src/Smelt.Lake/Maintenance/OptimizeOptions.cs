namespace Smelt.Lake;

/// <summary>What OPTIMIZE rewrites.</summary>
public sealed record OptimizeOptions
{
    /// <summary>Only files of these partitions: a condition on partition columns (DuckDB's SQL); null: all.</summary>
    public string? Where { get; init; }

    /// <summary>Columns by which rows of a partition are laid on a Z-order curve. Not for clustered tables, which have their own.</summary>
    public IReadOnlyList<string> ZOrderBy { get; init; } = [];

    /// <summary>Of clustered tables: also the files that are clustered already.</summary>
    public bool Full { get; init; }

    /// <summary>Target size of a file in bytes. Files at least as large stay as they are; 128 MiB where the table has no <c>delta.targetFileSize</c>.</summary>
    public long? TargetFileBytes { get; init; }

    /// <summary>How often to start anew when other writers are in the way.</summary>
    public int MaxAttempts { get; init; } = 10;
}

/// <summary>How a maintenance of a table ended.</summary>
public abstract record MaintenanceResult
{
    private MaintenanceResult()
    {
    }

    /// <summary>It is done.</summary>
    /// <param name="Snapshot">The table after.</param>
    /// <param name="Metrics">What was done, by the names that commitInfo has.</param>
    public sealed record Done(Snapshot Snapshot, IReadOnlyDictionary<string, long> Metrics) : MaintenanceResult;

    /// <summary>There was nothing to do; nothing was committed.</summary>
    public sealed record Nothing(Snapshot Snapshot) : MaintenanceResult;

    /// <summary>It cannot be done as asked. Nothing was committed.</summary>
    /// <param name="Message">A sentence that says why and what to do.</param>
    public sealed record Refused(string Message) : MaintenanceResult;

    /// <summary>Other writers were first each time.</summary>
    public sealed record Conflicted(CommitResult.Conflict Conflict) : MaintenanceResult;
}
