using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Smelt.Pipelines.Yaml;

/// <summary>Writes a shape as a JSON Schema (draft 2020-12), for editors.</summary>
internal static class JsonSchemaWriter
{
    public static string Write(YamlShape shape, string title)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            writer.WriteString("title", title);
            var definitions = new SortedDictionary<string, YamlShape>(StringComparer.Ordinal);
            Body(writer, shape, definitions);
            Definitions(writer, definitions);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Definitions(Utf8JsonWriter writer, SortedDictionary<string, YamlShape> definitions)
    {
        if (definitions.Count == 0) return;
        writer.WriteStartObject("$defs");
        var written = new HashSet<string>();
        // Writing one may name another.
        while (definitions.FirstOrDefault(d => !written.Contains(d.Key)) is { Key: not null } next)
        {
            written.Add(next.Key);
            writer.WriteStartObject(next.Key);
            Body(writer, next.Value, definitions);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void Shape(Utf8JsonWriter writer, YamlShape shape, SortedDictionary<string, YamlShape> definitions)
    {
        writer.WriteStartObject();
        if (shape.Definition is { } name)
        {
            definitions[name] = shape;
            writer.WriteString("$ref", "#/$defs/" + name);
        }
        else Body(writer, shape, definitions);
        writer.WriteEndObject();
    }

    private static void Body(Utf8JsonWriter writer, YamlShape shape, SortedDictionary<string, YamlShape> definitions)
    {
        if (shape.Doc is not null) writer.WriteString("description", shape.Doc);
        switch (shape)
        {
            // YAML reads 3 and true as themselves; where a text is wanted they are taken as text.
            case TextShape: Types(writer, "string", "number", "boolean"); break;
            case BooleanShape: writer.WriteString("type", "boolean"); break;
            case NullShape: writer.WriteString("type", "null"); break;
            case IntegerShape integer:
                writer.WriteString("type", "integer");
                writer.WriteNumber("minimum", integer.Minimum);
                break;
            case ChoiceShape choice: Texts(writer, "enum", choice.Values); break;
            case ListShape list:
                writer.WriteString("type", "array");
                writer.WritePropertyName("items");
                Shape(writer, list.Item, definitions);
                break;
            case DictionaryShape dictionary:
                writer.WriteString("type", "object");
                writer.WritePropertyName("additionalProperties");
                Shape(writer, dictionary.Value, definitions);
                break;
            case MapShape map: Map(writer, map, definitions); break;
            case EitherShape either:
                writer.WriteStartArray("anyOf");
                foreach (var one in either.Shapes) Shape(writer, one, definitions);
                writer.WriteEndArray();
                break;
        }
    }

    private static void Map(Utf8JsonWriter writer, MapShape map, SortedDictionary<string, YamlShape> definitions)
    {
        writer.WriteString("type", "object");
        writer.WriteStartObject("properties");
        foreach (var key in map.Keys)
        {
            writer.WritePropertyName(key.Name);
            Shape(writer, key.Value, definitions);
        }
        writer.WriteEndObject();
        var required = map.Keys.Where(k => k.Required).Select(k => k.Name).ToArray();
        if (required.Length > 0) Texts(writer, "required", required);
        writer.WriteBoolean("additionalProperties", false);
    }

    private static void Types(Utf8JsonWriter writer, params string[] types) => Texts(writer, "type", types);

    private static void Texts(Utf8JsonWriter writer, string property, string[] texts)
    {
        writer.WriteStartArray(property);
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
