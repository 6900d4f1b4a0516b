using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>The protocol's JSON of schemas (PROTOCOL.md, "Schema Serialization Format").</summary>
internal static class SchemaJson
{
    private const int MaxDepth = 200;

    /// <exception cref="FormatException">The text is not a schema.</exception>
    internal static StructType Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return ReadType(document.RootElement) as StructType ?? throw new FormatException("the schema is not a struct");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"the schema is not valid: {e.Message}", e);
        }
    }

    internal static string Write(StructType schema)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, LogJson.Writer with { MaxDepth = MaxDepth }))
            WriteType(writer, schema);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static DeltaType ReadType(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
            return ReadPrimitive(json.GetString()!);
        return json.GetProperty("type").GetString() switch
        {
            "struct" => new StructType([.. json.GetProperty("fields").EnumerateArray().Select(ReadField)]),
            "array" => new ArrayType(ReadType(json.GetProperty("elementType")), Flag(json, "containsNull")),
            "map" => new MapType(ReadType(json.GetProperty("keyType")), ReadType(json.GetProperty("valueType")), Flag(json, "valueContainsNull")),
            var other => throw new FormatException($"the schema has a type '{other}' that the protocol does not know"),
        };
    }

    private static bool Flag(JsonElement json, string name) => !json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.False;

    private static DeltaField ReadField(JsonElement json)
    {
        var metadata = FieldMetadata.Empty;
        if (json.TryGetProperty("metadata", out var entries) && entries.ValueKind == JsonValueKind.Object)
            foreach (var entry in entries.EnumerateObject())
                metadata = metadata.WithRaw(entry.Name, entry.Value.GetRawText());
        return new DeltaField(json.GetProperty("name").GetString()!, ReadType(json.GetProperty("type")), Flag(json, "nullable"), metadata);
    }

    private static DeltaType ReadPrimitive(string name)
    {
        if (name == "decimal")
            return new DecimalType(10, 0);
        if (name.StartsWith("decimal(", StringComparison.Ordinal) && name.EndsWith(')'))
        {
            var parts = name["decimal(".Length..^1].Split(',');
            if (int.TryParse(parts[0].Trim(), out var precision) && int.TryParse(parts.Length == 2 ? parts[1].Trim() : "0", out var scale))
                return new DecimalType(precision, scale);
        }
        return new PrimitiveType(name);
    }

    private static void WriteType(Utf8JsonWriter writer, DeltaType type)
    {
        switch (type)
        {
            case PrimitiveType p:
                writer.WriteStringValue(p.Name);
                break;
            case DecimalType d:
                writer.WriteStringValue($"decimal({d.Precision},{d.Scale})");
                break;
            case ArrayType a:
                writer.WriteStartObject();
                writer.WriteString("type", "array");
                writer.WritePropertyName("elementType");
                WriteType(writer, a.Element);
                writer.WriteBoolean("containsNull", a.ContainsNull);
                writer.WriteEndObject();
                break;
            case MapType m:
                writer.WriteStartObject();
                writer.WriteString("type", "map");
                writer.WritePropertyName("keyType");
                WriteType(writer, m.Key);
                writer.WritePropertyName("valueType");
                WriteType(writer, m.Value);
                writer.WriteBoolean("valueContainsNull", m.ValueContainsNull);
                writer.WriteEndObject();
                break;
            case StructType s:
                WriteStruct(writer, s);
                break;
        }
    }

    private static void WriteStruct(Utf8JsonWriter writer, StructType type)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "struct");
        writer.WriteStartArray("fields");
        foreach (var field in type.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WritePropertyName("type");
            WriteType(writer, field.Type);
            writer.WriteBoolean("nullable", field.Nullable);
            writer.WriteStartObject("metadata");
            foreach (var (name, raw) in field.Metadata.Raw)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(raw);
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
