namespace Smelt.Lake;

/// <summary>A table at one version: a value, never changed (PROTOCOL.md, "Action Reconciliation").</summary>
public sealed partial class Snapshot
{
    private readonly byte[]? _checksum;
    private readonly Lazy<IReadOnlyList<string>> _checksumFaults;
    private readonly Lazy<(long Bytes, long? Rows)> _totals;

    internal Snapshot(string folder, TableState state, TableProtocol protocol, TableMetadata metadata, long fileTimeMs, byte[]? checksum = null)
    {
        (Folder, State, Protocol, Metadata) = (folder, state, protocol, metadata);
        (Version, FileTimeMs) = (state.Version, fileTimeMs);
        TimestampMs = metadata.IsOn("delta.enableInCommitTimestamps") && state.InCommitTimestamp is { } stamp ? stamp : fileTimeMs;
        (Files, Transactions, Domains) = (new FileList(state.Files, folder), state.Transactions, state.Domains);
        _checksum = checksum;
        _checksumFaults = new Lazy<IReadOnlyList<string>>(() => checksum is null ? [] : VersionChecksum.Compare(checksum, this));
        _totals = new Lazy<(long, long?)>(Totals);
    }

    /// <summary>Time of the file that the version was read from: tells it from another table's under the same name.</summary>
    internal long FileTimeMs { get; }

    /// <summary>Never changed once the snapshot is made.</summary>
    internal TableState State { get; }

    /// <summary>Folder of the table in its store.</summary>
    public string Folder { get; }

    public long Version { get; }

    /// <summary>Milliseconds since 1970 UTC of the version's commit: in-commit timestamp where the table has them, else the file's time.</summary>
    public long TimestampMs { get; }

    public TableProtocol Protocol { get; }

    public TableMetadata Metadata { get; }

    /// <summary>The live data files, in no order. Each look decodes them anew: large tables are not all in memory, and files of two looks are compared by path and vector.</summary>
    public IReadOnlyCollection<AddFile> Files { get; }

    /// <summary>Newest <c>txn</c> version of each application.</summary>
    public IReadOnlyDictionary<string, TransactionMark> Transactions { get; }

    /// <summary>Live domain metadata by domain.</summary>
    public IReadOnlyDictionary<string, DomainMetadata> Domains { get; }

    /// <summary>Whether the log has a checksum file for the version (PROTOCOL.md, "Version Checksum File"), and the snapshot was read with it.</summary>
    public bool HasChecksum => _checksum is not null;

    /// <summary>
    /// Where the checksum file and the log say different things, a sentence each; empty where they agree or there is none. The log is what counts: a difference says that
    /// one of them was damaged or written wrongly. Compared on first look.
    /// </summary>
    public IReadOnlyList<string> ChecksumFaults => _checksumFaults.Value;

    /// <summary>The schema of the rows, partition columns included.</summary>
    public StructType Schema => Metadata.Schema;

    /// <summary>The columns by which rows lie together, by their names in the schema; empty where the table is not clustered.</summary>
    public IReadOnlyList<string> ClusteringColumns => [.. Clustering.LogicalNames(this)];

    /// <summary>Bytes of the live data files.</summary>
    public long SizeInBytes => KnownBytes ?? _totals.Value.Bytes;

    /// <summary>Bytes of the live files where they are known without looking at each.</summary>
    internal long? KnownBytes
    {
        get => _knownBytes ?? (_totals.IsValueCreated ? _totals.Value.Bytes : null);
        init => _knownBytes = value;
    }

    private readonly long? _knownBytes;

    /// <summary>Live rows by the statistics, or null where a file has none.</summary>
    public long? NumRecords => _totals.Value.Rows;

    private (long, long?) Totals()
    {
        var (bytes, rows) = (0L, (long?)0);
        foreach (var file in Files)
            (bytes, rows) = (bytes + file.Size, rows + file.LiveRecords);
        return (bytes, rows);
    }
}
