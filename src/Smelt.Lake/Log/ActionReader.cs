using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Reads actions from JSON, one object after another as commits have them. Unknown actions and fields are passed over, as the protocol demands; a known field of the
/// wrong kind is a fault.
/// </summary>
internal static partial class ActionReader
{
    private static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true, MaxDepth = 64 };

    /// <exception cref="JsonException">With the line, from 0.</exception>
    internal static void Read(ReadOnlySpan<byte> json, CommitActions into)
    {
        var reader = new Utf8JsonReader(json, Options);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Unexpected(ref reader, "an action");
            ReadAction(ref reader, into);
        }
    }

    private static void ReadAction(ref Utf8JsonReader reader, CommitActions into)
    {
        while (Next(ref reader))
        {
            var known = reader.ValueTextEquals("add"u8) ? 1 : reader.ValueTextEquals("remove"u8) ? 2 : reader.ValueTextEquals("metaData"u8) ? 3
                : reader.ValueTextEquals("protocol"u8) ? 4 : reader.ValueTextEquals("txn"u8) ? 5 : reader.ValueTextEquals("domainMetadata"u8) ? 6
                : reader.ValueTextEquals("commitInfo"u8) ? 7 : reader.ValueTextEquals("sidecar"u8) ? 8
                : reader.ValueTextEquals("cdc"u8) ? 9 : 0;
            reader.Read();
            if (known == 0 || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Unexpected(ref reader, "an object");
            if (into.Slices is not null && known is 1 or 2)
            {
                into.Slices.Take(ref reader, isAdd: known == 1);
                continue;
            }
            switch (known)
            {
                case 1: into.Adds.Add(ReadAdd(ref reader)); break;
                case 2: into.Removes.Add(ReadRemove(ref reader)); break;
                case 3: into.Metadata = ReadMetadata(ref reader); break;
                case 4: into.Protocol = ReadProtocol(ref reader); break;
                case 5: into.Transactions.Add(ReadTransaction(ref reader)); break;
                case 6: into.Domains.Add(ReadDomain(ref reader)); break;
                case 7: into.Info = ReadCommitInfo(ref reader); break;
                case 8: into.Sidecars.Add(ReadSidecar(ref reader)); break;
                case 9: into.ChangeFiles.Add(ReadChangeFile(ref reader)); break;
            }
        }
    }

    internal static TableProtocol ReadProtocol(ref Utf8JsonReader reader)
    {
        int minReader = 0, minWriter = 0;
        IReadOnlyList<string>? readerFeatures = null, writerFeatures = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "minReaderVersion"u8)) minReader = (int)(Long(ref reader) ?? 0);
            else if (Is(ref reader, "minWriterVersion"u8)) minWriter = (int)(Long(ref reader) ?? 0);
            else if (Is(ref reader, "readerFeatures"u8)) readerFeatures = Texts(ref reader);
            else if (Is(ref reader, "writerFeatures"u8)) writerFeatures = Texts(ref reader);
            else SkipValue(ref reader);
        }
        return new TableProtocol(minReader, minWriter, readerFeatures, writerFeatures);
    }

    internal static TableMetadata ReadMetadata(ref Utf8JsonReader reader)
    {
        string? id = null, name = null, description = null, schema = null;
        IReadOnlyList<string>? partitions = null;
        IReadOnlyDictionary<string, string>? configuration = null;
        long? created = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "id"u8)) id = Text(ref reader);
            else if (Is(ref reader, "name"u8)) name = Text(ref reader);
            else if (Is(ref reader, "description"u8)) description = Text(ref reader);
            else if (Is(ref reader, "schemaString"u8)) schema = Text(ref reader);
            else if (Is(ref reader, "partitionColumns"u8)) partitions = Texts(ref reader);
            else if (Is(ref reader, "configuration"u8)) configuration = TextMap(ref reader);
            else if (Is(ref reader, "createdTime"u8)) created = Long(ref reader);
            else SkipValue(ref reader);
        }
        return new TableMetadata
        {
            Id = id ?? throw Missing(ref reader, "metaData.id"),
            Name = name,
            Description = description,
            SchemaString = schema ?? throw Missing(ref reader, "metaData.schemaString"),
            PartitionColumns = partitions ?? [],
            Configuration = configuration ?? EmptyMap.Texts,
            CreatedTime = created,
        };
    }

    internal static TransactionMark ReadTransaction(ref Utf8JsonReader reader)
    {
        string? app = null;
        long? version = null, updated = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "appId"u8)) app = Text(ref reader);
            else if (Is(ref reader, "version"u8)) version = Long(ref reader);
            else if (Is(ref reader, "lastUpdated"u8)) updated = Long(ref reader);
            else SkipValue(ref reader);
        }
        return new TransactionMark(app ?? throw Missing(ref reader, "txn.appId"), version ?? throw Missing(ref reader, "txn.version"), updated);
    }

    internal static DomainMetadata ReadDomain(ref Utf8JsonReader reader)
    {
        string? domain = null, configuration = null;
        var removed = false;
        while (Next(ref reader))
        {
            if (Is(ref reader, "domain"u8)) domain = Text(ref reader);
            else if (Is(ref reader, "configuration"u8)) configuration = Text(ref reader);
            else if (Is(ref reader, "removed"u8)) removed = Flag(ref reader) ?? false;
            else SkipValue(ref reader);
        }
        return new DomainMetadata(domain ?? throw Missing(ref reader, "domainMetadata.domain"), configuration ?? "", removed);
    }

    private static string ReadSidecar(ref Utf8JsonReader reader)
    {
        string? path = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "path"u8)) path = Text(ref reader);
            else SkipValue(ref reader);
        }
        return path ?? throw Missing(ref reader, "sidecar.path");
    }

    private static CommitInfo ReadCommitInfo(ref Utf8JsonReader reader)
    {
        var info = new CommitInfo();
        while (Next(ref reader))
        {
            if (Is(ref reader, "timestamp"u8)) info = info with { Timestamp = LooseLong(ref reader) };
            else if (Is(ref reader, "inCommitTimestamp"u8)) info = info with { InCommitTimestamp = LooseLong(ref reader) };
            else if (Is(ref reader, "operation"u8)) info = info with { Operation = Loose(ref reader) };
            else if (Is(ref reader, "operationParameters"u8)) info = info with { OperationParameters = LooseMap(ref reader) ?? EmptyMap.Texts };
            else if (Is(ref reader, "operationMetrics"u8)) info = info with { OperationMetrics = LooseMap(ref reader) ?? EmptyMap.Texts };
            else if (Is(ref reader, "readVersion"u8)) info = info with { ReadVersion = LooseLong(ref reader) };
            else if (Is(ref reader, "isolationLevel"u8)) info = info with { IsolationLevel = Loose(ref reader) };
            else if (Is(ref reader, "isBlindAppend"u8)) info = info with { IsBlindAppend = LooseFlag(ref reader) };
            else if (Is(ref reader, "engineInfo"u8)) info = info with { EngineInfo = Loose(ref reader) };
            else if (Is(ref reader, "txnId"u8)) info = info with { TxnId = Loose(ref reader) };
            else if (Is(ref reader, "userMetadata"u8)) info = info with { UserMetadata = Loose(ref reader) };
            else if (Is(ref reader, "tags"u8)) info = info with { Tags = LooseMap(ref reader) ?? EmptyMap.Texts };
            else SkipValue(ref reader);
        }
        return info;
    }
}
