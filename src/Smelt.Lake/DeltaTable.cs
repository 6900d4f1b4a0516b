namespace Smelt.Lake;

/// <summary>A Delta table by its place. Holds no state: each member looks at the store. Thread-safe.</summary>
public sealed partial class DeltaTable
{
    internal DeltaTable(DeltaLake lake, string folder)
    {
        Lake = lake;
        Folder = folder;
    }

    public DeltaLake Lake { get; }

    /// <summary>Key of the table's folder in the store.</summary>
    public string Folder { get; }

    /// <summary>Newest version, or null where there is no table. With a version known to exist, only what is after it is looked for (one probe of the store when nothing is new).</summary>
    public partial ValueTask<long?> LatestVersionAsync(long? known = null, CancellationToken cancel = default);

    /// <summary>The newest snapshot, or null where there is no table.</summary>
    /// <exception cref="DeltaLogException">The log is corrupt or has gaps.</exception>
    /// <exception cref="UnsupportedProtocolException">The table needs reader features that are not supported.</exception>
    public partial ValueTask<Snapshot?> TrySnapshotAsync(CancellationToken cancel = default);

    /// <summary>The snapshot at a version, or the newest.</summary>
    /// <exception cref="DeltaLogException">There is no table or no such version; the log is corrupt or has gaps.</exception>
    /// <exception cref="UnsupportedProtocolException">The table needs reader features that are not supported.</exception>
    public partial ValueTask<Snapshot> SnapshotAsync(long? version = null, CancellationToken cancel = default);

    /// <summary>The newest snapshot, from an older one: reads only the commits after it. The same object when nothing is new. A table dropped and made again is not noticed.</summary>
    public partial ValueTask<Snapshot> UpdateAsync(Snapshot known, CancellationToken cancel = default);

    /// <summary>
    /// The newest version that is not younger than a time (milliseconds since 1970 UTC): by in-commit timestamps where the table has them, else by the times of the
    /// commits' files, made to grow from version to version.
    /// </summary>
    /// <exception cref="DeltaLogException">The time is after the newest version, or before the oldest that can be read.</exception>
    public partial ValueTask<long> VersionAtAsync(long timestampMs, CancellationToken cancel = default);

    /// <summary>
    /// The newest commits' own words, newest first, with the times that <see cref="VersionAtAsync"/> goes by; versions whose commit file was cleaned up are not there.
    /// </summary>
    public partial ValueTask<IReadOnlyList<CommitInfo>> HistoryAsync(int limit = int.MaxValue, CancellationToken cancel = default);

    /// <summary>
    /// What a streaming reader that stands after version <paramref name="fromExclusive"/> of the table <paramref name="tableId"/> (its metaData.id) finds up to
    /// <paramref name="upTo"/> (a snapshot of this table): the files appended, version by version, or why it cannot go on.
    /// </summary>
    public partial ValueTask<ChangeRange> AppendsBetweenAsync(string tableId, long fromExclusive, Snapshot upTo, CancellationToken cancel = default);

    /// <summary>The same; with <paramref name="skipChangeCommits"/> commits that delete or change rows are passed over whole, as Spark's option of that name does. Those that
    /// <see cref="CommitMarks"/> marks are passed over in any case.</summary>
    public partial ValueTask<ChangeRange> AppendsBetweenAsync(string tableId, long fromExclusive, Snapshot upTo, bool skipChangeCommits, CancellationToken cancel = default);

    /// <summary>
    /// The change data feed of versions (PROTOCOL.md, "Reader Requirements for AddCDCFile"): every row that came, went or changed, with the columns of the last version and
    /// <c>_change_type</c> (insert, delete, update_preimage, update_postimage), <c>_commit_version</c> and <c>_commit_timestamp</c>. Both ends inclusive; an end after the newest version is it.
    /// </summary>
    /// <exception cref="DeltaLogException">The feed was not enabled at one of the versions, commits or files that it needs were cleaned up, or the schema changed in a way that rows of both do not go together.</exception>
    public partial ValueTask<TableScan> ChangesAsync(long fromVersion, long? toVersion = null, CancellationToken cancel = default);

    /// <summary>The versions committed between two times (milliseconds since 1970 UTC), both inclusive: for <see cref="ChangesAsync"/>. An end after the newest version is it.</summary>
    /// <exception cref="DeltaLogException">No version was committed in that time, or the times are outside the log's.</exception>
    public partial ValueTask<(long From, long To)> VersionsBetweenAsync(long fromMs, long? toMs = null, CancellationToken cancel = default);

    /// <summary>
    /// The newest version, up to the snapshot's, whose commit changed rows or the schema. OPTIMIZE and the like (dataChange=false), properties, txn and domains do not count.
    /// Where cleanup removed the commits that would tell, the oldest version still there.
    /// </summary>
    public partial ValueTask<long> LastDataChangeVersionAsync(Snapshot snapshot, CancellationToken cancel = default);

    /// <summary>SQL that reads the rows of a snapshot.</summary>
    /// <param name="snapshot">Of this table.</param>
    /// <param name="files">Only these of its files (say, the appends of a batch); null for all.</param>
    public partial TableScan Scan(Snapshot snapshot, IEnumerable<AddFile>? files = null);

    /// <summary>Keys of the plan's data files that are not in the store. Ask before rolling a prepared plan forward: not empty means that somebody removed them.</summary>
    public partial ValueTask<IReadOnlyList<string>> MissingFilesAsync(TablePlan plan, CancellationToken cancel = default);

    /// <summary>
    /// Commits a plan: puts the next version's file if absent; where another writer was first, checks the conflict rules against its commit and tries the version after.
    /// Data files must be durable before (<see cref="DataFileWriter"/> sees to it). Writes a checkpoint when one is due.
    /// </summary>
    /// <param name="plan">What to commit.</param>
    /// <param name="known">A snapshot of the table that the caller has: saves reading the log again. Never a matter of correctness.</param>
    /// <param name="cancel">Obeyed until the commit's file is put.</param>
    /// <exception cref="UnsupportedProtocolException">The table needs writer features that are not supported.</exception>
    public partial ValueTask<CommitResult> CommitAsync(TablePlan plan, Snapshot? known = null, CancellationToken cancel = default);

    /// <summary>
    /// Changes what the table is, in one commit (ALTER TABLE). A constraint or NOT NULL is set only where every row satisfies it; turning row tracking on gives every file
    /// its ids. Where another writer was first, it is tried again on the table as it is then, a few times.
    /// </summary>
    /// <exception cref="UnsupportedProtocolException">The table needs writer features that are not supported.</exception>
    public partial ValueTask<AlterResult> AlterAsync(TableChange change, CancellationToken cancel = default);

    /// <summary>Writes a classic checkpoint of a snapshot and points <c>_last_checkpoint</c> to it.</summary>
    public partial ValueTask CheckpointAsync(Snapshot snapshot, CancellationToken cancel = default);
}
