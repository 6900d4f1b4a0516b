namespace Smelt.Lake;

/// <summary>How a change of a table ended.</summary>
public abstract record AlterResult
{
    private AlterResult()
    {
    }

    /// <summary>The table is so now.</summary>
    /// <param name="Snapshot">The table after.</param>
    /// <param name="NewFeatures">Protocol features that it begins to need: to be announced.</param>
    public sealed record Altered(Snapshot Snapshot, IReadOnlyList<string> NewFeatures) : AlterResult;

    /// <summary>It was so before; nothing was committed.</summary>
    public sealed record Unchanged(Snapshot Snapshot) : AlterResult;

    /// <summary>It cannot be so.</summary>
    /// <param name="Problems">Every reason.</param>
    public sealed record Refused(IReadOnlyList<SchemaProblem> Problems) : AlterResult;

    /// <summary>Other writers were first each time.</summary>
    public sealed record Conflicted(CommitResult.Conflict Conflict) : AlterResult;
}
