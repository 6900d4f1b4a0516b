using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>The columns of a checkpoint's Parquet (PROTOCOL.md, "Checkpoint Schema"), as DuckDB's types.</summary>
internal static class CheckpointColumns
{
    private const string Texts = "MAP(VARCHAR, VARCHAR)";

    private const string Vector = "STRUCT(\"storageType\" VARCHAR, \"pathOrInlineDv\" VARCHAR, \"offset\" INTEGER, \"sizeInBytes\" INTEGER, \"cardinality\" BIGINT)";

    private const string Remove = $"STRUCT(\"path\" VARCHAR, \"deletionTimestamp\" BIGINT, \"dataChange\" BOOLEAN, \"extendedFileMetadata\" BOOLEAN, \"partitionValues\" {Texts}, "
        + $"\"size\" BIGINT, \"deletionVector\" {Vector}, \"baseRowId\" BIGINT, \"defaultRowCommitVersion\" BIGINT)";

    private static readonly (string, string)[] Small =
    [
        ("txn", "STRUCT(\"appId\" VARCHAR, \"version\" BIGINT, \"lastUpdated\" BIGINT)"),
        ("metaData", $"STRUCT(\"id\" VARCHAR, \"name\" VARCHAR, \"description\" VARCHAR, \"format\" STRUCT(\"provider\" VARCHAR, \"options\" {Texts}), "
            + $"\"schemaString\" VARCHAR, \"partitionColumns\" VARCHAR[], \"configuration\" {Texts}, \"createdTime\" BIGINT)"),
        ("protocol", "STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER, \"readerFeatures\" VARCHAR[], \"writerFeatures\" VARCHAR[])"),
        ("domainMetadata", "STRUCT(\"domain\" VARCHAR, \"configuration\" VARCHAR, \"removed\" BOOLEAN)"),
    ];

    private static readonly (string, string)[] V2Only =
    [
        ("checkpointMetadata", $"STRUCT(\"version\" BIGINT, \"tags\" {Texts})"),
        ("sidecar", $"STRUCT(\"path\" VARCHAR, \"sizeInBytes\" BIGINT, \"modificationTime\" BIGINT, \"tags\" {Texts})"),
    ];

    /// <summary>Of a classic checkpoint.</summary>
    internal static IReadOnlyList<(string Name, string Type)> Classic(Snapshot snapshot) => [.. Small, .. Files(snapshot)];

    /// <summary>Of a V2 checkpoint whose file actions are in sidecars.</summary>
    internal static IReadOnlyList<(string Name, string Type)> V2 => [.. Small, .. V2Only];

    /// <summary>Of a sidecar.</summary>
    internal static IReadOnlyList<(string Name, string Type)> Files(Snapshot snapshot) => [("add", Add(snapshot)), ("remove", Remove)];

    /// <summary>Whether statistics are written as text; they are unless the table says otherwise.</summary>
    internal static bool HasText(TableMetadata metadata) => !string.Equals(metadata.Property("delta.checkpoint.writeStatsAsJson"), "false", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether statistics and partition values are written as columns too.</summary>
    internal static bool HasStruct(TableMetadata metadata) => metadata.IsOn("delta.checkpoint.writeStatsAsStruct");

    private static string Add(Snapshot snapshot)
    {
        var fields = new List<string>
        {
            "\"path\" VARCHAR", $"\"partitionValues\" {Texts}", "\"size\" BIGINT", "\"modificationTime\" BIGINT", "\"dataChange\" BOOLEAN", $"\"tags\" {Texts}",
            $"\"deletionVector\" {Vector}", "\"baseRowId\" BIGINT", "\"defaultRowCommitVersion\" BIGINT", "\"clusteringProvider\" VARCHAR",
        };
        if (HasText(snapshot.Metadata))
            fields.Add("\"stats\" VARCHAR");
        if (HasStruct(snapshot.Metadata))
        {
            fields.Add($"\"stats_parsed\" {Stats(snapshot)}");
            if (snapshot.Metadata.PartitionColumns.Count > 0)
                fields.Add($"\"partitionValues_parsed\" STRUCT({string.Join(", ", snapshot.Metadata.PartitionColumns.Select(p => Typed(snapshot, snapshot.Schema.Find(p)!)))})");
        }
        return $"STRUCT({string.Join(", ", fields)})";
    }

    private static string Stats(Snapshot snapshot)
    {
        var data = snapshot.Schema.Fields.Where(f => f.Type != DeltaType.Void && !snapshot.Metadata.PartitionColumns.Contains(f.Name)).ToList();
        var bounds = Bounds(snapshot, data);
        var parts = new List<string> { "\"numRecords\" BIGINT" };
        if (bounds.Length > 0)
            parts.AddRange([$"\"minValues\" STRUCT({bounds})", $"\"maxValues\" STRUCT({bounds})"]);
        if (data.Count > 0)
            parts.Add($"\"nullCount\" STRUCT({Nulls(data)})");
        parts.Add("\"tightBounds\" BOOLEAN");
        return $"STRUCT({string.Join(", ", parts)})";
    }

    private static string Bounds(Snapshot snapshot, IEnumerable<DeltaField> fields) => string.Join(", ", fields.Select(f => f.Type switch
    {
        StructType s when Bounds(snapshot, s.Fields) is { Length: > 0 } inner => $"{SqlText.Identifier(f.PhysicalName)} STRUCT({inner})",
        StructType or ArrayType or MapType => null,
        _ when f.Type == DeltaType.Boolean || f.Type == DeltaType.Binary => null,
        _ => Typed(snapshot, f),
    }).Where(f => f is not null));

    private static string Nulls(IEnumerable<DeltaField> fields) => string.Join(", ", fields.Select(f => f.Type is StructType s && s.Fields.Count > 0
        ? $"{SqlText.Identifier(f.PhysicalName)} STRUCT({Nulls(s.Fields)})" : $"{SqlText.Identifier(f.PhysicalName)} BIGINT"));

    private static string Typed(Snapshot snapshot, DeltaField field) => $"{SqlText.Identifier(field.PhysicalName)} {ParquetSql.TypeOf(snapshot.Folder, field.Type, physical: true)}";
}
