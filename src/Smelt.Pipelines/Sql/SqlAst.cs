using System.Text.Json;

namespace Smelt.Pipelines.Sql;

/// <summary>Reading DuckDB's serialised syntax tree: nodes are objects with <c>type</c>, expressions have <c>class</c> too.</summary>
internal static class SqlAst
{
    public static bool ClassIs(JsonElement node, ReadOnlySpan<byte> name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("class"u8, out var value) && value.ValueEquals(name);

    public static bool TypeIs(JsonElement node, ReadOnlySpan<byte> name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("type"u8, out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(name);

    public static string TypeOf(JsonElement node) => Text(node, "type"u8);

    public static string Text(JsonElement node, ReadOnlySpan<byte> property) =>
        node.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public static bool Flag(JsonElement node, ReadOnlySpan<byte> property) =>
        node.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>The object or array of that name; undefined where missing.</summary>
    public static JsonElement Child(JsonElement node, ReadOnlySpan<byte> property) =>
        node.TryGetProperty(property, out var value) && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? value : default;

    /// <summary>The items of an array of that name; nothing where missing.</summary>
    public static JsonElement.ArrayEnumerator Items(JsonElement node, ReadOnlySpan<byte> property) =>
        node.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;

    public static int Count(JsonElement node, ReadOnlySpan<byte> property) =>
        node.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 0;

    public static bool IsPresent(JsonElement node) => node.ValueKind != JsonValueKind.Undefined;

    /// <summary>Byte position in the SQL, or -1.</summary>
    public static int Location(JsonElement node) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("query_location"u8, out var value) && value.TryGetInt64(out var at) && at is >= 0 and < int.MaxValue
            ? (int)at : -1;

    public static List<string> Texts(JsonElement node, ReadOnlySpan<byte> property)
    {
        var texts = new List<string>();
        foreach (var item in Items(node, property))
        {
            if (item.ValueKind == JsonValueKind.String) texts.Add(item.GetString()!);
        }
        return texts;
    }

    /// <summary>The CTEs of a node: name and definition.</summary>
    public static IEnumerable<(string Name, JsonElement Definition)> Ctes(JsonElement node)
    {
        if (!node.TryGetProperty("cte_map"u8, out var map) || !map.TryGetProperty("map"u8, out var entries)) yield break;
        foreach (var entry in entries.EnumerateArray()) yield return (Text(entry, "key"u8), entry.GetProperty("value"u8));
    }

    public static JsonElement CteQuery(JsonElement definition) => definition.GetProperty("query"u8).GetProperty("node"u8);
}
