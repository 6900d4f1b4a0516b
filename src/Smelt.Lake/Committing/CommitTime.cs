namespace Smelt.Lake;

/// <summary>When a commit was made, by its own word (PROTOCOL.md, "In-Commit Timestamps").</summary>
internal static class CommitTime
{
    internal const string Enabled = "delta.enableInCommitTimestamps";
    internal const string EnablementVersion = "delta.inCommitTimestampEnablementVersion", EnablementTimestamp = "delta.inCommitTimestampEnablementTimestamp";

    /// <summary>
    /// The time that the commit carries: never before the version before it. Where the commit turns in-commit timestamps on over versions that have none, its metadata
    /// gets the version and time from which they count.
    /// </summary>
    internal static (long TimestampMs, long? InCommitMs) Of(CommitActions actions, Snapshot? head, long nowMs)
    {
        var metadata = actions.Metadata ?? head!.Metadata;
        if (!metadata.IsOn(Enabled))
            return (nowMs, null);
        var stamp = head is null ? nowMs : Math.Max(nowMs, head.TimestampMs + 1);
        if (head is not null && actions.Metadata is not null && !head.Metadata.IsOn(Enabled))
            actions.Metadata = actions.Metadata with
            {
                Configuration = new Dictionary<string, string>(actions.Metadata.Configuration, StringComparer.Ordinal)
                {
                    [EnablementVersion] = (head.Version + 1).ToString(),
                    [EnablementTimestamp] = stamp.ToString(),
                },
            };
        return (stamp, stamp);
    }
}
