namespace Smelt.Lake;

/// <summary>What happened to a table between two versions, as a reader of appended rows sees it.</summary>
public abstract record ChangeRange
{
    private ChangeRange()
    {
    }

    /// <summary>Only appends (and commits that change no row).</summary>
    /// <param name="Versions">Versions that appended rows, ascending; empty where none did.</param>
    /// <param name="SchemaChanged">Whether a commit of the range carried metadata: another schema, or only properties.</param>
    public sealed record Appends(IReadOnlyList<VersionAppends> Versions, bool SchemaChanged) : ChangeRange
    {
        /// <summary>All files of all versions.</summary>
        public IEnumerable<AddFile> Files => Versions.SelectMany(v => v.Files);

        /// <summary>Versions that deleted or changed rows and were passed over, ascending.</summary>
        public IReadOnlyList<PassedVersion> Passed { get; init; } = [];
    }

    /// <summary>Something a reader of appended rows cannot follow.</summary>
    /// <param name="Kind">What.</param>
    /// <param name="Version">The first version where it shows; for <see cref="ChangeBreak.LogGone"/> the oldest commit needed and no longer there.</param>
    /// <param name="Operation">That commit's operation, where it says one.</param>
    public sealed record Broken(ChangeBreak Kind, long Version, string? Operation) : ChangeRange;
}

/// <summary>Rows appended by one version.</summary>
/// <param name="Version">The version.</param>
/// <param name="Files">Its added files with dataChange.</param>
public sealed record VersionAppends(long Version, IReadOnlyList<AddFile> Files);

/// <summary>A version that a reader of appended rows passed over, with all that it did.</summary>
/// <param name="Version">The version.</param>
/// <param name="Operation">Its operation, where it says one.</param>
/// <param name="Mark">Why its rows were taken out, by <see cref="CommitMarks"/>; null where the reader asked for all such commits to be passed over.</param>
public sealed record PassedVersion(long Version, string? Operation, string? Mark)
{
    /// <summary>In words what went, where the commit says it (<see cref="CommitMarks.What"/>).</summary>
    public string? What { get; init; }

    /// <summary>Whether it took rows out of files that an earlier version of the same range appended: who reads these as they were appended reads rows that are gone.</summary>
    public bool TakesAppended { get; init; }
}

/// <summary>Why a reader of appended rows cannot go on.</summary>
public enum ChangeBreak
{
    /// <summary>Rows were deleted, updated or merged.</summary>
    RowsChanged,

    /// <summary>The whole content was replaced.</summary>
    Overwritten,

    /// <summary>The table was restored to an older version.</summary>
    Restored,

    /// <summary>It is another table (another metaData.id), or the log ends before where the reader stands.</summary>
    Replaced,

    /// <summary>The commits that would tell were cleaned up.</summary>
    LogGone,
}
