using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Smelt.Lake;

namespace Smelt.Cli;

/// <summary><c>smelt table detail</c>: a table at its newest version.</summary>
internal static class TableDetailCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = TableTarget.Argument();
        var command = new Command("detail", "A table's version, protocol, schema, properties, files and bytes") { name, CommandTree.Target, CommandTree.Variables };
        command.SetAction(async (parsed, cancel) =>
        {
            using var target = TableTarget.Open(parsed, terminal, parsed.GetValue(name)!);
            if (target is null) return ExitCode.Usage;
            var detail = new TableDetail(target.Name, await target.Table.SnapshotAsync(cancel: cancel));
            if (terminal.Json) JsonOutput.Write(detail.Write);
            else WriteWords(terminal, detail);
            return ExitCode.Fine;
        });
        return command;
    }

    private static void WriteWords(Terminal terminal, TableDetail detail)
    {
        var snapshot = detail.Snapshot;
        var protocol = snapshot.Protocol;
        List<(string Name, string? Value)> lines =
        [
            ("table", detail.Name), ("id", snapshot.Metadata.Id), ("name", snapshot.Metadata.Name), ("description", snapshot.Metadata.Description), ("version", $"{snapshot.Version}"),
            ("created", snapshot.Metadata.CreatedTime is { } created ? TableDetail.Time(created) : null), ("last modified", TableDetail.Time(snapshot.TimestampMs)),
            ("protocol", $"reader {protocol.MinReaderVersion}, writer {protocol.MinWriterVersion}"), ("features", string.Join(", ", detail.Features)),
            ("files", $"{snapshot.Files.Count}"), ("bytes", Units.Bytes(snapshot.SizeInBytes)), ("rows", snapshot.NumRecords?.ToString(CultureInfo.InvariantCulture) ?? "unknown: files lack statistics"),
            ("deletion vectors", detail.Vectors == 0 ? null : $"{detail.Vectors}, {detail.DeletedRows} rows"), ("partitioned by", string.Join(", ", snapshot.Metadata.PartitionColumns)),
            ("clustered by", string.Join(", ", snapshot.ClusteringColumns)), ("checksum", detail.Checksum),
            .. snapshot.Metadata.Configuration.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => ("property " + p.Key, (string?)p.Value)),
            .. snapshot.Transactions.Values.OrderBy(t => t.AppId, StringComparer.Ordinal).Select(t => ("txn " + t.AppId, (string?)$"{t.Version}")),
            .. snapshot.Domains.Values.OrderBy(d => d.Domain, StringComparer.Ordinal).Select(d => ("domain " + d.Domain, (string?)d.Configuration)),
        ];
        foreach (var (line, value) in lines.Where(static l => !string.IsNullOrEmpty(l.Value))) terminal.Words.WriteLine($"{line,-17} {value}");
        terminal.Words.WriteLine();
        TableView.Write(terminal, [("column", false), ("type", false), ("null", false), ("description", false)],
            [.. snapshot.Schema.Fields.Select(static f => new[] { f.Name, f.Type.ToString(), f.Nullable ? "" : "NOT NULL", f.Comment })]);
    }
}

/// <summary>What is told of a snapshot.</summary>
internal sealed class TableDetail
{
    public TableDetail(string name, Snapshot snapshot)
    {
        (Name, Snapshot) = (name, snapshot);
        foreach (var file in snapshot.Files)
        {
            if (file.DeletionVector is not { } vector) continue;
            Vectors++;
            DeletedRows += vector.Cardinality;
        }
    }

    public string Name { get; }

    public Snapshot Snapshot { get; }

    public int Vectors { get; }

    public long DeletedRows { get; }

    public IEnumerable<string> Features => (Snapshot.Protocol.ReaderFeatures ?? []).Concat(Snapshot.Protocol.WriterFeatures ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    public string Checksum => !Snapshot.HasChecksum ? "none" : Snapshot.ChecksumFaults.Count == 0 ? "agrees" : string.Join("; ", Snapshot.ChecksumFaults);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("table", Name);
        json.WriteString("format", "delta");
        json.WriteString("id", Snapshot.Metadata.Id);
        json.WriteString("name", Snapshot.Metadata.Name);
        json.WriteString("description", Snapshot.Metadata.Description);
        json.WriteNumber("version", Snapshot.Version);
        json.WriteString("createdAt", Snapshot.Metadata.CreatedTime is { } created ? Time(created) : null);
        json.WriteString("lastModified", Time(Snapshot.TimestampMs));
        WriteProtocol(json);
        json.WritePropertyName("schema");
        json.WriteRawValue(Snapshot.Metadata.SchemaString);
        json.Texts("partitionColumns", Snapshot.Metadata.PartitionColumns);
        json.Texts("clusteringColumns", Snapshot.ClusteringColumns);
        WriteMap(json, "properties", Snapshot.Metadata.Configuration);
        json.WriteNumber("numFiles", Snapshot.Files.Count);
        json.WriteNumber("sizeInBytes", Snapshot.SizeInBytes);
        if (Snapshot.NumRecords is { } rows) json.WriteNumber("numRecords", rows);
        else json.WriteNull("numRecords");
        json.WriteNumber("numDeletionVectors", Vectors);
        json.WriteNumber("numDeletedRecords", DeletedRows);
        WriteMarks(json);
        json.WriteString("checksum", Checksum);
    }

    public static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private void WriteProtocol(Utf8JsonWriter json)
    {
        json.WriteStartObject("protocol");
        json.WriteNumber("minReaderVersion", Snapshot.Protocol.MinReaderVersion);
        json.WriteNumber("minWriterVersion", Snapshot.Protocol.MinWriterVersion);
        json.Texts("readerFeatures", Snapshot.Protocol.ReaderFeatures ?? []);
        json.Texts("writerFeatures", Snapshot.Protocol.WriterFeatures ?? []);
        json.WriteEndObject();
    }

    private void WriteMarks(Utf8JsonWriter json)
    {
        json.WriteStartObject("txn");
        foreach (var mark in Snapshot.Transactions.Values.OrderBy(t => t.AppId, StringComparer.Ordinal)) json.WriteNumber(mark.AppId, mark.Version);
        json.WriteEndObject();
        WriteMap(json, "domains", Snapshot.Domains.Values.Select(static d => KeyValuePair.Create(d.Domain, d.Configuration)));
    }

    private static void WriteMap(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string>> map)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in map.OrderBy(static e => e.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }
}
