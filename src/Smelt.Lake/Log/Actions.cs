namespace Smelt.Lake;

/// <summary>A data file of a table (PROTOCOL.md, "Add File").</summary>
public sealed record AddFile
{
    /// <summary>Percent-encoded path relative to the table, or an absolute URI, exactly as the log has it.</summary>
    public required string Path { get; init; }

    /// <summary>Partition column (physical name) to value; null is NULL.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMap.Values;

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long ModificationTime { get; init; }

    /// <summary>False where the file only rearranges rows that were there before.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>Statistics as JSON text (PROTOCOL.md, "Per-file Statistics"), or null.</summary>
    public string? Stats { get; init; }

    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    /// <summary>The rows of the file that are deleted, or null.</summary>
    public DeletionVector? DeletionVector { get; init; }

    public long? BaseRowId { get; init; }

    public long? DefaultRowCommitVersion { get; init; }

    public string? ClusteringProvider { get; init; }

    /// <summary>Physical rows by the statistics, deleted ones included, or null where they do not say.</summary>
    public long? NumRecords => StatsText.NumRecords(Stats);

    /// <summary>Rows that are live, or null where the statistics do not say.</summary>
    public long? LiveRecords => NumRecords - (DeletionVector?.Cardinality ?? 0);
}

/// <summary>A file that left the table (PROTOCOL.md, "Remove File").</summary>
public sealed record RemoveFile
{
    /// <summary>Percent-encoded path, as the add had it.</summary>
    public required string Path { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long? DeletionTimestamp { get; init; }

    public bool DataChange { get; init; } = true;

    public bool? ExtendedFileMetadata { get; init; }

    public IReadOnlyDictionary<string, string?>? PartitionValues { get; init; }

    public long? Size { get; init; }

    public string? Stats { get; init; }

    public IReadOnlyDictionary<string, string?>? Tags { get; init; }

    public DeletionVector? DeletionVector { get; init; }

    public long? BaseRowId { get; init; }

    public long? DefaultRowCommitVersion { get; init; }

    /// <summary>The remove that takes a live file out of the table.</summary>
    public static RemoveFile Of(AddFile file, long timestampMs, bool dataChange = true) => new()
    {
        Path = file.Path,
        DeletionTimestamp = timestampMs,
        DataChange = dataChange,
        ExtendedFileMetadata = true,
        PartitionValues = file.PartitionValues,
        Size = file.Size,
        Tags = file.Tags,
        DeletionVector = file.DeletionVector,
        BaseRowId = file.BaseRowId,
        DefaultRowCommitVersion = file.DefaultRowCommitVersion,
    };
}

/// <summary>A file of row changes (PROTOCOL.md, "Add CDC File"): data columns and <c>_change_type</c>.</summary>
public sealed record ChangeFile
{
    /// <summary>Percent-encoded path relative to the table.</summary>
    public required string Path { get; init; }

    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = EmptyMap.Values;

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    public IReadOnlyDictionary<string, string?>? Tags { get; init; }
}

/// <summary>Where the deleted rows of a file are written (PROTOCOL.md, "Deletion Vector Descriptor Schema").</summary>
/// <param name="StorageType">'u' a file named by a UUID, 'i' inline, 'p' an absolute path.</param>
/// <param name="PathOrInline">By storage type.</param>
/// <param name="Offset">Where in the file it starts; null inline.</param>
/// <param name="SizeInBytes">Bytes of the serialized vector.</param>
/// <param name="Cardinality">Rows deleted.</param>
public sealed record DeletionVector(string StorageType, string PathOrInline, int? Offset, int SizeInBytes, long Cardinality)
{
    /// <summary>Names the vector uniquely within a table.</summary>
    public string UniqueId => Offset is null ? StorageType + PathOrInline : $"{StorageType}{PathOrInline}@{Offset}";
}

/// <summary>The protocol a table demands (PROTOCOL.md, "Protocol Evolution"). The feature lists are null in versions that have none.</summary>
public sealed record TableProtocol(int MinReaderVersion, int MinWriterVersion, IReadOnlyList<string>? ReaderFeatures = null, IReadOnlyList<string>? WriterFeatures = null)
{
    public bool Equals(TableProtocol? other) => other is not null && MinReaderVersion == other.MinReaderVersion && MinWriterVersion == other.MinWriterVersion
        && Same(ReaderFeatures, other.ReaderFeatures) && Same(WriterFeatures, other.WriterFeatures);

    public override int GetHashCode() => HashCode.Combine(MinReaderVersion, MinWriterVersion, ReaderFeatures?.Count, WriterFeatures?.Count);

    private static bool Same(IReadOnlyList<string>? a, IReadOnlyList<string>? b) =>
        a is null ? b is null : b is not null && a.ToHashSet(StringComparer.Ordinal).SetEquals(b);
}

/// <summary>An application's idempotence mark (PROTOCOL.md, "Transaction Identifiers").</summary>
/// <param name="AppId">Who: for Smelt a flow and its generation.</param>
/// <param name="Version">How far: for Smelt the batch.</param>
/// <param name="LastUpdated">Milliseconds since 1970 UTC.</param>
public sealed record TransactionMark(string AppId, long Version, long? LastUpdated = null);

/// <summary>Configuration of a named domain (PROTOCOL.md, "Domain Metadata").</summary>
public sealed record DomainMetadata(string Domain, string Configuration, bool Removed = false);

/// <summary>What a commit says of itself; free form in the protocol.</summary>
public sealed record CommitInfo
{
    /// <summary>Version of the commit, where it was read from a log.</summary>
    public long Version { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long? Timestamp { get; init; }

    public long? InCommitTimestamp { get; init; }

    /// <summary>E.g. WRITE, MERGE, OPTIMIZE, RESTORE.</summary>
    public string? Operation { get; init; }

    /// <summary>Parameters, each a text (JSON text where it is not a plain string).</summary>
    public IReadOnlyDictionary<string, string> OperationParameters { get; init; } = EmptyMap.Texts;

    public IReadOnlyDictionary<string, string> OperationMetrics { get; init; } = EmptyMap.Texts;

    public long? ReadVersion { get; init; }

    public string? IsolationLevel { get; init; }

    public bool? IsBlindAppend { get; init; }

    public string? EngineInfo { get; init; }

    public string? TxnId { get; init; }

    public string? UserMetadata { get; init; }

    /// <summary>Tags of the writer; Smelt's <see cref="TablePlan.Tags"/> are here.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyMap.Texts;
}

internal static class EmptyMap
{
    internal static readonly IReadOnlyDictionary<string, string?> Values = new Dictionary<string, string?>();
    internal static readonly IReadOnlyDictionary<string, string> Texts = new Dictionary<string, string>();
}
