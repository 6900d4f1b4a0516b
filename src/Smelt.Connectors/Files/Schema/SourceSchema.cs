using System.Buffers;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>A column of a source. <paramref name="IsNew"/>: first seen in this batch. <paramref name="IsEvolved"/>: known, but its struct has new fields.</summary>
public sealed record SourceColumn(string Name, DuckDbType Type, bool IsNew = false, bool IsEvolved = false);

/// <summary>The columns that a batch is read with: the known ones in their order, then new ones in the order of their first value.</summary>
/// <param name="Columns">Without the metadata columns.</param>
/// <param name="Missing">Known columns that no file of the batch has; they are read as NULL.</param>
public sealed record SourceSchema(IReadOnlyList<SourceColumn> Columns, IReadOnlyList<string> Missing)
{
    /// <summary>Names and SQL types, <c>[["a","BIGINT"], …]</c>, for the Engine's records.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var column in Columns)
            {
                json.WriteStartArray();
                json.WriteStringValue(column.Name);
                json.WriteStringValue(column.Type.ToString());
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote; DuckDB reads the types.</summary>
    public static IReadOnlyList<SourceColumn> ColumnsFromJson(DuckDbConnection connection, string json)
    {
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(json));
        var hints = new List<ColumnHint>();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            var name = reader.GetString()!;
            reader.Read();
            hints.Add(new(name, reader.GetString()!));
            reader.Read();
        }
        return HintedTypes.Resolve(connection, hints);
    }
}

/// <summary>Types written as text, made values by asking DuckDB.</summary>
static class HintedTypes
{
    public static IReadOnlyList<SourceColumn> Resolve(DuckDbConnection connection, IReadOnlyList<ColumnHint> hints)
    {
        var columns = new List<SourceColumn>(hints.Count);
        foreach (var hint in hints)
        {
            try
            {
                using var result = connection.Query($"SELECT NULL::{hint.SqlType} AS c LIMIT 0");
                columns.Add(new(hint.Name, result.Columns[0].Type));
            }
            catch (DuckDbException e)
            {
                throw new FileSourceException(FileFault.BadSchema, hint.Name, $"column {hint.Name}: {hint.SqlType} is not a type ({e.Message.Split('\n')[0]})", e);
            }
        }
        return columns;
    }
}
