using System.Buffers;
using System.Text;
using System.Text.Json;
using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The state records as JSON text. Unknown properties are passed over, so that an older Smelt reads a newer one's records.</summary>
internal static class RecordJson
{
    public static byte[] Write(IntentRecord record) => Document(json =>
    {
        json.WriteString("update", record.Update);
        json.WriteNumber("at", record.AtMicros);
        json.WriteString("batchId", record.BatchId);
        Sources(json, record.Sources);
        Streams(json, record.Streams);
        Tables(json, record.Tables);
        if (record.IsReplay) json.WriteBoolean("replay", true);
    });

    public static byte[] Write(PreparedRecord record) => Document(json =>
    {
        json.WriteString("update", record.Update);
        json.WriteString("attempt", record.Attempt);
        json.WriteString("definition", record.Definition);
        json.WriteStartArray("plans");
        foreach (var plan in record.Plans) json.WriteRawValue(plan.ToJson());
        json.WriteEndArray();
        Sources(json, record.Sources);
        Tables(json, record.Tables);
        Texts(json, "sourceColumns", record.SourceColumns);
        Counts(json, record.Counts);
        Texts(json, "notes", record.Notes);
        if (record.Joined.Count > 0) Joined(json, record.Joined);
        if (record.SinkFiles.Count > 0) SinkFiles(json, record.SinkFiles);
        if (record.VoidReason is not null) json.WriteString("void", record.VoidReason);
    });

    public static byte[] Write(DoneRecord record) => Document(json =>
    {
        json.WriteString("update", record.Update);
        json.WriteString("tableId", record.TableId);
        json.WriteNumber("version", record.Version);
        json.WriteString("definition", record.Definition);
        json.WriteNumber("at", record.AtMicros);
        json.WriteNumber("rowsOut", record.RowsOut);
        if (record.CdcIdentity is { } identity) json.WriteString("cdc", identity);
        Sources(json, record.Sources);
        Streams(json, record.Streams);
        Tables(json, record.Tables);
        Texts(json, "sourceColumns", record.SourceColumns);
        if (record.Seen is not null) json.WriteString("seen", record.Seen.ToJson());
    });

    public static IntentRecord ReadIntent(byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new IntentRecord
        {
            Update = root.GetProperty("update").GetString()!,
            AtMicros = root.GetProperty("at").GetInt64(),
            BatchId = root.GetProperty("batchId").GetString()!,
            Sources = ReadSources(root),
            Streams = ReadStreams(root),
            Tables = ReadTables(root),
            IsReplay = root.TryGetProperty("replay", out var replay) && replay.GetBoolean(),
        };
    }

    public static PreparedRecord ReadPrepared(byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new PreparedRecord
        {
            Update = root.GetProperty("update").GetString()!,
            Attempt = root.GetProperty("attempt").GetString()!,
            Definition = root.GetProperty("definition").GetString()!,
            Plans = [.. root.GetProperty("plans").EnumerateArray().Select(static p => TablePlan.FromJson(p.GetRawText()))],
            Sources = ReadSources(root),
            Tables = ReadTables(root),
            SourceColumns = ReadTexts(root, "sourceColumns"),
            Counts = ReadCounts(root),
            Notes = ReadTexts(root, "notes"),
            Joined = ReadJoined(root),
            SinkFiles = ReadSinkFiles(root),
            VoidReason = root.TryGetProperty("void", out var reason) ? reason.GetString() : null,
        };
    }

    public static DoneRecord ReadDone(byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new DoneRecord
        {
            Update = root.GetProperty("update").GetString()!,
            TableId = root.GetProperty("tableId").GetString()!,
            Version = root.GetProperty("version").GetInt64(),
            Definition = root.GetProperty("definition").GetString()!,
            AtMicros = root.GetProperty("at").GetInt64(),
            RowsOut = root.GetProperty("rowsOut").GetInt64(),
            CdcIdentity = root.TryGetProperty("cdc", out var identity) ? identity.GetString() : null,
            Sources = ReadSources(root),
            Streams = ReadStreams(root),
            Tables = ReadTables(root),
            SourceColumns = ReadTexts(root, "sourceColumns"),
            Seen = root.TryGetProperty("seen", out var seen) ? SeenFiles.FromJson(seen.GetString()!) : null,
        };
    }

    private static byte[] Document(Action<Utf8JsonWriter> fill)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Joined(Utf8JsonWriter json, IReadOnlyList<JoinedFlow> flows)
    {
        json.WriteStartArray("joined");
        foreach (var flow in flows)
        {
            json.WriteStartObject();
            if (flow.Flow is not null) json.WriteString("flow", flow.Flow);
            json.WriteString("definition", flow.Definition);
            Sources(json, flow.Sources);
            Tables(json, flow.Tables);
            Texts(json, "sourceColumns", flow.SourceColumns);
            Counts(json, flow.Counts);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static JoinedFlow[] ReadJoined(JsonElement root) => root.TryGetProperty("joined", out var flows)
        ? [.. flows.EnumerateArray().Select(static f => new JoinedFlow(f.TryGetProperty("flow", out var name) ? name.GetString() : null, f.GetProperty("definition").GetString()!,
            ReadTables(f), ReadSources(f), ReadTexts(f, "sourceColumns"), ReadCounts(f)))]
        : [];

    private static void SinkFiles(Utf8JsonWriter json, IReadOnlyList<SinkFile> files)
    {
        json.WriteStartArray("sinkFiles");
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("temporary", file.Temporary);
            json.WriteString("final", file.Final);
            json.WriteNumber("rows", file.Rows);
            json.WriteNumber("bytes", file.Bytes);
            if (file.Base is { } behind) json.WriteNumber("base", behind);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static SinkFile[] ReadSinkFiles(JsonElement root) => root.TryGetProperty("sinkFiles", out var files)
        ? [.. files.EnumerateArray().Select(static f => new SinkFile(f.GetProperty("temporary").GetString()!, f.GetProperty("final").GetString()!, f.GetProperty("rows").GetInt64(), f.GetProperty("bytes").GetInt64(), f.TryGetProperty("base", out var behind) ? behind.GetInt64() : null))]
        : [];

    private static void Sources(Utf8JsonWriter json, IReadOnlyList<SourceInput> sources)
    {
        if (sources.Count == 0) return;
        json.WriteStartArray("sources");
        foreach (var source in sources)
        {
            json.WriteStartObject();
            json.WriteString("path", source.Path);
            json.WriteString("fingerprint", source.Fingerprint);
            json.WritePropertyName("batch");
            json.WriteRawValue(source.Batch);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static SourceInput[] ReadSources(JsonElement root) => root.TryGetProperty("sources", out var sources)
        ? [.. sources.EnumerateArray().Select(static s => new SourceInput(
            s.GetProperty("path").GetString()!, s.GetProperty("batch").GetRawText(), s.GetProperty("fingerprint").GetString()!))]
        : [];

    private static void Streams(Utf8JsonWriter json, IReadOnlyList<StreamRange> streams)
    {
        if (streams.Count == 0) return;
        json.WriteStartArray("streams");
        foreach (var stream in streams)
        {
            json.WriteStartObject();
            json.WriteString("dataset", stream.Name);
            json.WriteString("tableId", stream.TableId);
            if (stream.From is { } from) json.WriteNumber("from", from);
            json.WriteNumber("to", stream.To);
            if (stream.FromFile > 0) json.WriteNumber("fromFile", stream.FromFile);
            if (stream.ToFile is { } file) json.WriteNumber("toFile", file);
            if (stream.Passed > 0) json.WriteNumber("passed", stream.Passed);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static StreamRange[] ReadStreams(JsonElement root) => root.TryGetProperty("streams", out var streams)
        ? [.. streams.EnumerateArray().Select(static s => new StreamRange(
            s.GetProperty("dataset").GetString()!,
            s.GetProperty("tableId").GetString()!,
            s.TryGetProperty("from", out var from) ? from.GetInt64() : null,
            s.GetProperty("to").GetInt64())
        {
            FromFile = s.TryGetProperty("fromFile", out var first) ? first.GetInt32() : 0,
            ToFile = s.TryGetProperty("toFile", out var last) ? last.GetInt32() : null,
            Passed = s.TryGetProperty("passed", out var passed) ? passed.GetInt64() : 0,
        })]
        : [];

    private static void Tables(Utf8JsonWriter json, IReadOnlyList<TableInput> tables)
    {
        if (tables.Count == 0) return;
        json.WriteStartArray("tables");
        foreach (var table in tables)
        {
            json.WriteStartObject();
            json.WriteString("name", table.Name);
            json.WriteString("tableId", table.TableId);
            json.WriteNumber("version", table.Version);
            json.WriteNumber("dataVersion", table.DataVersion);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static TableInput[] ReadTables(JsonElement root) => root.TryGetProperty("tables", out var tables)
        ? [.. tables.EnumerateArray().Select(static t => new TableInput(
            t.GetProperty("name").GetString()!, t.GetProperty("tableId").GetString()!, t.GetProperty("version").GetInt64(), t.GetProperty("dataVersion").GetInt64()))]
        : [];

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static string[] ReadTexts(JsonElement root, string name) =>
        root.TryGetProperty(name, out var texts) ? [.. texts.EnumerateArray().Select(static t => t.GetString()!)] : [];

    private static void Counts(Utf8JsonWriter json, BatchCounts counts)
    {
        json.WriteStartObject("counts");
        json.WriteNumber("rowsIn", counts.RowsIn);
        json.WriteNumber("rowsOut", counts.RowsOut);
        json.WriteNumber("rowsDropped", counts.RowsDropped);
        json.WriteNumber("rowsQuarantined", counts.RowsQuarantined);
        json.WriteNumber("rowsRescued", counts.RowsRescued);
        json.WriteNumber("bytesIn", counts.BytesIn);
        json.WriteNumber("bytesOut", counts.BytesOut);
        json.WriteNumber("files", counts.Files);
        json.WriteStartArray("rules");
        foreach (var rule in counts.Rules)
        {
            json.WriteStartObject();
            json.WriteString("name", rule.Name);
            json.WriteString("action", rule.Action);
            json.WriteString("predicate", rule.Predicate);
            json.WriteNumber("passed", rule.Passed);
            json.WriteNumber("violated", rule.Violated);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static BatchCounts ReadCounts(JsonElement root)
    {
        if (!root.TryGetProperty("counts", out var counts)) return new BatchCounts();
        long Number(string name) => counts.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
        return new BatchCounts
        {
            RowsIn = Number("rowsIn"), RowsOut = Number("rowsOut"), RowsDropped = Number("rowsDropped"), RowsQuarantined = Number("rowsQuarantined"),
            RowsRescued = Number("rowsRescued"), BytesIn = Number("bytesIn"), BytesOut = Number("bytesOut"), Files = Number("files"),
            Rules = [.. counts.GetProperty("rules").EnumerateArray().Select(static r => new RuleCount(
                r.GetProperty("name").GetString()!, r.GetProperty("action").GetString()!, r.GetProperty("predicate").GetString()!,
                r.GetProperty("passed").GetInt64(), r.GetProperty("violated").GetInt64()))],
        };
    }
}
