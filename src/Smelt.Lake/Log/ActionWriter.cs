using System.Buffers;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Writes actions as JSON lines, fields in the protocol's order, absent ones left out.</summary>
internal sealed class ActionWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    internal ActionWriter() => _json = new Utf8JsonWriter(_buffer, LogJson.Writer);

    internal ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    /// <summary>Takes what is written so far to a stream, once it is worth it or always where asked.</summary>
    internal void Drain(Stream stream, bool all)
    {
        const int worth = 1 << 20;
        if (_buffer.WrittenCount < worth && !all)
            return;
        stream.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }

    /// <summary>Length in bytes of the longest line so far.</summary>
    internal int LongestLine { get; private set; }

    internal int Lines { get; private set; }

    internal void Write(CommitInfo info) => Line("commitInfo", info, static (json, i) =>
    {
        Number(json, "inCommitTimestamp", i.InCommitTimestamp);
        Number(json, "timestamp", i.Timestamp);
        Text(json, "operation", i.Operation);
        Map(json, "operationParameters", i.OperationParameters);
        Number(json, "readVersion", i.ReadVersion);
        Text(json, "isolationLevel", i.IsolationLevel);
        Flag(json, "isBlindAppend", i.IsBlindAppend);
        Map(json, "operationMetrics", i.OperationMetrics);
        Text(json, "engineInfo", i.EngineInfo);
        Text(json, "txnId", i.TxnId);
        Text(json, "userMetadata", i.UserMetadata);
        if (i.Tags.Count > 0)
            Map(json, "tags", i.Tags);
    });

    internal void Write(TableProtocol protocol) => Line("protocol", protocol, WriteFields);

    internal void Write(TableMetadata metadata) => Line("metaData", metadata, WriteFields);

    internal void Write(TransactionMark mark) => Line("txn", mark, WriteFields);

    internal void Write(DomainMetadata domain) => Line("domainMetadata", domain, WriteFields);

    internal void Write(AddFile file) => Line("add", file, WriteFields);

    /// <summary>An add with its statistics and partition values as JSON objects too, as checkpoints may have them.</summary>
    internal void Write(AddFile file, bool asText, bool asStruct) => Line("add", file, (json, f) =>
    {
        WriteFields(json, asText ? f : f with { Stats = null });
        if (!asStruct)
            return;
        if (f.Stats is not null)
        {
            json.WritePropertyName("stats_parsed");
            json.WriteRawValue(f.Stats);
        }
        Values(json, "partitionValues_parsed", f.PartitionValues);
    });

    /// <summary>A V2 checkpoint's own action.</summary>
    internal void WriteCheckpointMetadata(long version) => Line("checkpointMetadata", version, static (json, v) => json.WriteNumber("version", v));

    /// <summary>A V2 checkpoint's reference to a file of file actions.</summary>
    internal void WriteSidecar(string name, long bytes, long modifiedMs) => Line("sidecar", (name, bytes, modifiedMs), static (json, s) =>
    {
        json.WriteString("path", s.name);
        json.WriteNumber("sizeInBytes", s.bytes);
        json.WriteNumber("modificationTime", s.modifiedMs);
    });

    internal void Write(RemoveFile file) => Line("remove", file, WriteFields);

    internal void Write(ChangeFile file) => Line("cdc", file, WriteFields);

    internal static void WriteFields(Utf8JsonWriter json, TableProtocol p)
    {
        json.WriteNumber("minReaderVersion", p.MinReaderVersion);
        json.WriteNumber("minWriterVersion", p.MinWriterVersion);
        List(json, "readerFeatures", p.ReaderFeatures);
        List(json, "writerFeatures", p.WriterFeatures);
    }

    internal static void WriteFields(Utf8JsonWriter json, TableMetadata m)
    {
        json.WriteString("id", m.Id);
        Text(json, "name", m.Name);
        Text(json, "description", m.Description);
        json.WriteStartObject("format");
        json.WriteString("provider", "parquet");
        Map(json, "options", m.FormatOptions);
        json.WriteEndObject();
        json.WriteString("schemaString", m.SchemaString);
        List(json, "partitionColumns", m.PartitionColumns);
        Map(json, "configuration", m.Configuration);
        Number(json, "createdTime", m.CreatedTime);
    }

    internal static void WriteFields(Utf8JsonWriter json, TransactionMark t)
    {
        json.WriteString("appId", t.AppId);
        json.WriteNumber("version", t.Version);
        Number(json, "lastUpdated", t.LastUpdated);
    }

    internal static void WriteFields(Utf8JsonWriter json, DomainMetadata d)
    {
        json.WriteString("domain", d.Domain);
        json.WriteString("configuration", d.Configuration);
        json.WriteBoolean("removed", d.Removed);
    }

    internal static void WriteFields(Utf8JsonWriter json, AddFile f)
    {
        json.WriteString("path", f.Path);
        Values(json, "partitionValues", f.PartitionValues);
        json.WriteNumber("size", f.Size);
        json.WriteNumber("modificationTime", f.ModificationTime);
        json.WriteBoolean("dataChange", f.DataChange);
        Text(json, "stats", f.Stats);
        Values(json, "tags", f.Tags);
        Vector(json, f.DeletionVector);
        Number(json, "baseRowId", f.BaseRowId);
        Number(json, "defaultRowCommitVersion", f.DefaultRowCommitVersion);
        Text(json, "clusteringProvider", f.ClusteringProvider);
    }

    internal static void WriteFields(Utf8JsonWriter json, RemoveFile f)
    {
        json.WriteString("path", f.Path);
        Number(json, "deletionTimestamp", f.DeletionTimestamp);
        json.WriteBoolean("dataChange", f.DataChange);
        Flag(json, "extendedFileMetadata", f.ExtendedFileMetadata);
        Values(json, "partitionValues", f.PartitionValues);
        Number(json, "size", f.Size);
        Values(json, "tags", f.Tags);
        Vector(json, f.DeletionVector);
        Number(json, "baseRowId", f.BaseRowId);
        Number(json, "defaultRowCommitVersion", f.DefaultRowCommitVersion);
    }

    internal static void WriteFields(Utf8JsonWriter json, ChangeFile f)
    {
        json.WriteString("path", f.Path);
        Values(json, "partitionValues", f.PartitionValues);
        json.WriteNumber("size", f.Size);
        json.WriteBoolean("dataChange", false);
        Values(json, "tags", f.Tags);
    }

    /// <summary>An action under its name within another JSON object; nothing where there is none.</summary>
    internal static void One<T>(Utf8JsonWriter json, string name, T? action, Action<Utf8JsonWriter, T> fields)
        where T : class
    {
        if (action is null)
            return;
        json.WriteStartObject(name);
        fields(json, action);
        json.WriteEndObject();
    }

    /// <summary>Actions of one kind as a list.</summary>
    internal static void All<T>(Utf8JsonWriter json, string name, IEnumerable<T> actions, Action<Utf8JsonWriter, T> fields)
    {
        json.WriteStartArray(name);
        foreach (var action in actions)
        {
            json.WriteStartObject();
            fields(json, action);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public void Dispose() => _json.Dispose();

    private void Line<T>(string name, T action, Action<Utf8JsonWriter, T> fields)
    {
        var start = _buffer.WrittenCount;
        _json.WriteStartObject();
        _json.WriteStartObject(name);
        fields(_json, action);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _buffer.Write("\n"u8);
        LongestLine = Math.Max(LongestLine, _buffer.WrittenCount - start);
        Lines++;
    }

    internal static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    internal static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is not null)
            json.WriteNumber(name, value.Value);
    }

    internal static void Flag(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is not null)
            json.WriteBoolean(name, value.Value);
    }

    internal static void Map(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in map)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    internal static void Values(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string?>? map)
    {
        if (map is null)
            return;
        json.WriteStartObject(name);
        foreach (var (key, value) in map)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    internal static void List(Utf8JsonWriter json, string name, IReadOnlyList<string>? list)
    {
        if (list is null)
            return;
        json.WriteStartArray(name);
        foreach (var item in list)
            json.WriteStringValue(item);
        json.WriteEndArray();
    }

    private static void Vector(Utf8JsonWriter json, DeletionVector? vector)
    {
        if (vector is null)
            return;
        json.WriteStartObject("deletionVector");
        json.WriteString("storageType", vector.StorageType);
        json.WriteString("pathOrInlineDv", vector.PathOrInline);
        Number(json, "offset", vector.Offset);
        json.WriteNumber("sizeInBytes", vector.SizeInBytes);
        json.WriteNumber("cardinality", vector.Cardinality);
        json.WriteEndObject();
    }
}
