namespace Smelt.Lake;

/// <summary>How a commit ended.</summary>
public abstract record CommitResult
{
    private CommitResult()
    {
    }

    /// <summary>The plan is in the log, durably.</summary>
    /// <param name="Version">As this version.</param>
    /// <param name="Snapshot">The table at that version.</param>
    /// <param name="CheckpointFault">Why the checkpoint that was due could not be written, or null. The commit stands all the same.</param>
    public sealed record Committed(long Version, Snapshot Snapshot, Exception? CheckpointFault = null) : CommitResult;

    /// <summary>The table has the plan's transaction already, from this attempt or another.</summary>
    /// <param name="Version">The version that holds it; null where its commit was cleaned up.</param>
    /// <param name="Attempt">The attempt whose plan that was, where its commit says so.</param>
    /// <param name="Snapshot">The table as it is now.</param>
    public sealed record AlreadyCommitted(long? Version, string? Attempt, Snapshot Snapshot) : CommitResult;

    /// <summary>Another writer changed what the plan was made on: make a new plan. Nothing was written.</summary>
    /// <param name="Kind">Which rule.</param>
    /// <param name="Version">The other writer's version; null where it is not one commit.</param>
    /// <param name="Reason">A sentence.</param>
    public sealed record Conflict(ConflictKind Kind, long? Version, string Reason) : CommitResult;
}

/// <summary>Which rule a conflict broke.</summary>
public enum ConflictKind
{
    /// <summary>A plan that creates a table found one.</summary>
    TableExists,

    /// <summary>The table is gone, or another one is in its place.</summary>
    TableReplaced,

    /// <summary>Schema, partitioning or properties changed in a way that the plan does not fit.</summary>
    MetadataChanged,

    /// <summary>The protocol changed in a way that the plan does not fit.</summary>
    ProtocolChanged,

    /// <summary>Rows that the plan replaces changed after it read them.</summary>
    DataChanged,

    /// <summary>Another writer added a file that may hold rows the plan should have read.</summary>
    ConcurrentAppend,

    /// <summary>Another writer removed or changed a file that the plan read.</summary>
    ConcurrentRead,

    /// <summary>Another writer removed or changed a file that the plan removes or changes.</summary>
    ConcurrentDelete,

    /// <summary>Both changed the same domain.</summary>
    DomainChanged,

    /// <summary><c>delta.appendOnly</c> forbids what the plan does.</summary>
    AppendOnly,
}
