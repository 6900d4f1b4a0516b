using System.Text.Json;

namespace Smelt.Lake;

/// <content>add, remove and the deletion vectors in them.</content>
internal static partial class ActionReader
{
    internal static AddFile ReadAdd(ref Utf8JsonReader reader)
    {
        string? path = null, stats = null, clustering = null;
        IReadOnlyDictionary<string, string?>? partitions = null, tags = null;
        long size = 0, modified = 0;
        long? baseRow = null, rowVersion = null;
        var dataChange = true;
        DeletionVector? vector = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "path"u8)) path = Text(ref reader);
            else if (Is(ref reader, "partitionValues"u8)) partitions = ValueMap(ref reader);
            else if (Is(ref reader, "size"u8)) size = Long(ref reader) ?? 0;
            else if (Is(ref reader, "modificationTime"u8)) modified = Long(ref reader) ?? 0;
            else if (Is(ref reader, "dataChange"u8)) dataChange = Flag(ref reader) ?? true;
            else if (Is(ref reader, "stats"u8)) stats = Loose(ref reader);
            else if (Is(ref reader, "tags"u8)) tags = ValueMap(ref reader);
            else if (Is(ref reader, "deletionVector"u8)) vector = ReadVector(ref reader);
            else if (Is(ref reader, "baseRowId"u8)) baseRow = Long(ref reader);
            else if (Is(ref reader, "defaultRowCommitVersion"u8)) rowVersion = Long(ref reader);
            else if (Is(ref reader, "clusteringProvider"u8)) clustering = Text(ref reader);
            else SkipValue(ref reader);
        }
        return new AddFile
        {
            Path = path ?? throw Missing(ref reader, "add.path"),
            PartitionValues = partitions ?? EmptyMap.Values,
            Size = size,
            ModificationTime = modified,
            DataChange = dataChange,
            Stats = stats,
            Tags = tags,
            DeletionVector = vector,
            BaseRowId = baseRow,
            DefaultRowCommitVersion = rowVersion,
            ClusteringProvider = clustering,
        };
    }

    internal static ChangeFile ReadChangeFile(ref Utf8JsonReader reader)
    {
        string? path = null;
        IReadOnlyDictionary<string, string?>? partitions = null, tags = null;
        long size = 0;
        while (Next(ref reader))
        {
            if (Is(ref reader, "path"u8)) path = Text(ref reader);
            else if (Is(ref reader, "partitionValues"u8)) partitions = ValueMap(ref reader);
            else if (Is(ref reader, "size"u8)) size = Long(ref reader) ?? 0;
            else if (Is(ref reader, "tags"u8)) tags = ValueMap(ref reader);
            else SkipValue(ref reader);
        }
        return new ChangeFile { Path = path ?? throw Missing(ref reader, "cdc.path"), PartitionValues = partitions ?? EmptyMap.Values, Size = size, Tags = tags };
    }

    internal static RemoveFile ReadRemove(ref Utf8JsonReader reader)
    {
        string? path = null, stats = null;
        IReadOnlyDictionary<string, string?>? partitions = null, tags = null;
        long? size = null, deleted = null, baseRow = null, rowVersion = null;
        bool? extended = null;
        var dataChange = true;
        DeletionVector? vector = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "path"u8)) path = Text(ref reader);
            else if (Is(ref reader, "deletionTimestamp"u8)) deleted = Long(ref reader);
            else if (Is(ref reader, "dataChange"u8)) dataChange = Flag(ref reader) ?? true;
            else if (Is(ref reader, "extendedFileMetadata"u8)) extended = Flag(ref reader);
            else if (Is(ref reader, "partitionValues"u8)) partitions = ValueMap(ref reader);
            else if (Is(ref reader, "size"u8)) size = Long(ref reader);
            else if (Is(ref reader, "stats"u8)) stats = Loose(ref reader);
            else if (Is(ref reader, "tags"u8)) tags = ValueMap(ref reader);
            else if (Is(ref reader, "deletionVector"u8)) vector = ReadVector(ref reader);
            else if (Is(ref reader, "baseRowId"u8)) baseRow = Long(ref reader);
            else if (Is(ref reader, "defaultRowCommitVersion"u8)) rowVersion = Long(ref reader);
            else SkipValue(ref reader);
        }
        return new RemoveFile
        {
            Path = path ?? throw Missing(ref reader, "remove.path"),
            DeletionTimestamp = deleted,
            DataChange = dataChange,
            ExtendedFileMetadata = extended,
            PartitionValues = partitions,
            Size = size,
            Stats = stats,
            Tags = tags,
            DeletionVector = vector,
            BaseRowId = baseRow,
            DefaultRowCommitVersion = rowVersion,
        };
    }

    internal static DeletionVector? ReadVector(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Unexpected(ref reader, "an object");
        string? storage = null, path = null;
        long? offset = null, size = null, cardinality = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "storageType"u8)) storage = Text(ref reader);
            else if (Is(ref reader, "pathOrInlineDv"u8)) path = Text(ref reader);
            else if (Is(ref reader, "offset"u8)) offset = Long(ref reader);
            else if (Is(ref reader, "sizeInBytes"u8)) size = Long(ref reader);
            else if (Is(ref reader, "cardinality"u8)) cardinality = Long(ref reader);
            else SkipValue(ref reader);
        }
        if (storage is null || path is null || size is null || cardinality is null)
            throw Missing(ref reader, "a field of deletionVector");
        return new DeletionVector(storage, path, (int?)offset, (int)size.Value, cardinality.Value);
    }
}
