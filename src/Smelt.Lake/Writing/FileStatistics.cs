using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Statistics of data files as Delta has them (PROTOCOL.md, "Per-file Statistics"), from those that DuckDB's writer returns. Only the columns that the table indexes:
/// the first 32 leaves, or as its properties say.
/// </summary>
internal sealed class FileStatistics
{
    private const int DefaultIndexed = 32;

    private readonly TableMetadata _metadata;
    private readonly HashSet<DeltaField> _indexed = new(ReferenceEqualityComparer.Instance);

    internal FileStatistics(TableDefinition definition)
    {
        var metadata = _metadata = definition.Metadata;
        var named = metadata.Property("delta.dataSkippingStatsColumns") is { Length: > 0 } list ? Names(list) : null;
        var left = int.TryParse(metadata.Property("delta.dataSkippingNumIndexedCols"), out var n) ? n < 0 ? int.MaxValue : n : DefaultIndexed;
        Index(DataFields(), "", named, ref left);
        // Clustered tables are read by these columns, wherever they stand.
        foreach (var column in definition.ClusteringColumns)
            if (column.Resolve(metadata.Schema) is { } found)
                _indexed.Add(found.Field);
    }

    /// <summary>What no table may hold, told by the statistics of every column.</summary>
    /// <exception cref="DataValueException">There is such a value.</exception>
    internal void Check(CopiedFile file)
    {
        foreach (var (path, statistics) in file.Columns)
            if (statistics.GetValueOrDefault("max") is "infinity" or "-infinity" || statistics.GetValueOrDefault("min") is "-infinity" or "infinity")
                if (IsTime(path))
                    throw new DataValueException(path.Trim('"'), "a date or timestamp is infinite, which Delta tables do not have; make it NULL or a day, say by NULLIF(…, 'infinity')");
        foreach (var field in DataFields().Where(f => !f.Nullable))
            if (file.Columns.GetValueOrDefault(Quoted(field.PhysicalName))?.GetValueOrDefault("null_count") is { } nulls && nulls != "0")
                throw new DataValueException(field.Name, $"{nulls} rows are NULL, and the column is NOT NULL");
    }

    internal string Json(CopiedFile file)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, LogJson.Writer))
        {
            json.WriteStartObject();
            json.WriteNumber("numRecords", file.Rows);
            Write(json, "minValues", file, static (j, type, s) => StatValue.Write(j, type, s, isMax: false));
            Write(json, "maxValues", file, static (j, type, s) => StatValue.Write(j, type, s, isMax: true));
            Write(json, "nullCount", file, static (j, column, s) => StatValue.WriteNulls(j, column, s));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json, string name, CopiedFile file, Action<Utf8JsonWriter, (DeltaType Type, string Name), Dictionary<string, string?>> value)
    {
        json.WriteStartObject(name);
        WriteFields(json, DataFields(), "", file, value);
        json.WriteEndObject();
    }

    private void WriteFields(
        Utf8JsonWriter json, IEnumerable<DeltaField> fields, string prefix, CopiedFile file, Action<Utf8JsonWriter, (DeltaType Type, string Name), Dictionary<string, string?>> value)
    {
        foreach (var field in fields)
        {
            var path = prefix + Quoted(field.PhysicalName);
            if (field.Type is StructType nested)
            {
                if (!AnyIndexed(nested))
                    continue;
                json.WriteStartObject(field.PhysicalName);
                WriteFields(json, nested.Fields, path + ".", file, value);
                json.WriteEndObject();
            }
            else if (_indexed.Contains(field) && file.Columns.TryGetValue(path, out var statistics))
                value(json, (field.Type, field.PhysicalName), statistics);
        }
    }

    private bool AnyIndexed(StructType type) => type.Fields.Any(f => f.Type is StructType nested ? AnyIndexed(nested) : _indexed.Contains(f));

    private IEnumerable<DeltaField> DataFields() =>
        _metadata.Schema.Fields.Where(f => f.Type != DeltaType.Void && !_metadata.PartitionColumns.Contains(f.Name));

    private void Index(IEnumerable<DeltaField> fields, string prefix, HashSet<string>? named, ref int left)
    {
        foreach (var field in fields)
        {
            var path = prefix + field.Name;
            var whole = named is null || named.Contains(path);
            if (field.Type is StructType nested)
                Index(nested.Fields, path + ".", whole ? null : named, ref left);
            else if (named is null ? left-- > 0 : whole)
                _indexed.Add(field);
        }
    }

    /// <summary>A list of columns with dots between levels; names with other signs stand in back-ticks.</summary>
    private static HashSet<string> Names(string list)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var name = new StringBuilder();
        var quoted = false;
        foreach (var c in list + ",")
        {
            if (c == '`')
                quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                names.Add(name.ToString().Trim());
                name.Clear();
            }
            else
                name.Append(c);
        }
        return names;
    }

    private bool IsTime(string path)
    {
        // The path's last part is a leaf; only its type can make "infinity" a time and not a text.
        DeltaType type = _metadata.Schema;
        foreach (var part in Parts(path))
        {
            type = type switch
            {
                StructType s => s.Fields.First(f => f.PhysicalName == part).Type,
                ArrayType a => a.Element,
                MapType m => part == "key" ? m.Key : m.Value,
                _ => type,
            };
        }
        return type == DeltaType.Date || type == DeltaType.Timestamp || type == DeltaType.TimestampNtz;
    }

    private static List<string> Parts(string path)
    {
        var parts = new List<string>();
        for (var at = 1; at < path.Length;)
        {
            var part = new StringBuilder();
            for (; at < path.Length && (path[at] != '"' || at + 1 < path.Length && path[at + 1] == '"'); at++)
            {
                part.Append(path[at]);
                if (path[at] == '"')
                    at++;
            }
            parts.Add(part.ToString());
            at += 3;
        }
        return parts;
    }

    private static string Quoted(string name) => Smelt.DuckDb.SqlText.Identifier(name);
}
