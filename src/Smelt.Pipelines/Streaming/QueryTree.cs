using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Smelt.DuckDb;

namespace Smelt.Pipelines.Streaming;

/// <summary>A query's syntax tree that can be changed and printed.</summary>
internal sealed class QueryTree
{
    private readonly JsonObject _root;

    private QueryTree(JsonObject root) => _root = root;

    /// <summary>The statement's topmost node.</summary>
    public JsonObject Node => (JsonObject)_root["statements"]![0]!["node"]!;

    public static QueryTree Parse(string sql, DuckDbConnection connection)
    {
        var json = (string)connection.Scalar("SELECT json_serialize_sql($1::VARCHAR, skip_default := true)", sql)!;
        return new QueryTree((JsonObject)JsonNode.Parse(json, null, new JsonDocumentOptions { MaxDepth = 2000 })!);
    }

    /// <summary>Null where DuckDB gives no tree of the statement: it has none for some, such as PIVOT.</summary>
    public static QueryTree? TryParse(string sql, DuckDbConnection connection) =>
        Parse(sql, connection) is { } tree && tree._root["statements"] is JsonArray { Count: 1 } ? tree : null;

    /// <summary>SELECT * EXCLUDE (…) over a FROM.</summary>
    public static JsonObject SelectAll(JsonObject from, JsonNode? ctes, IEnumerable<string> exclude) => new()
    {
        ["type"] = "SELECT_NODE", ["cte_map"] = ctes?.DeepClone() ?? new JsonObject(),
        ["select_list"] = new JsonArray(new JsonObject { ["class"] = "STAR", ["type"] = "STAR", ["exclude_list"] = new JsonArray([.. exclude.Select(c => JsonValue.Create(c))]) }),
        ["from_table"] = from.DeepClone(), ["aggregate_handling"] = "STANDARD_HANDLING",
    };

    public QueryTree Copy() => new((JsonObject)_root.DeepClone());

    public string Print(DuckDbConnection connection)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { MaxDepth = 4000 })) _root.WriteTo(writer);
        return (string)connection.Scalar("SELECT json_deserialize_sql($1::JSON)", Encoding.UTF8.GetString(stream.ToArray()))!;
    }

    /// <summary>The same statement with another node on top.</summary>
    public QueryTree With(JsonObject node)
    {
        var copy = Copy();
        ((JsonObject)copy._root["statements"]![0]!)["node"] = node.Parent is null ? node : node.DeepClone();
        return copy;
    }
}

/// <summary>Reading and making nodes.</summary>
internal static class TreeNodes
{
    public static string Text(this JsonObject node, string property) => node[property] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
    public static string Class(this JsonObject node) => node.Text("class");
    public static string Type(this JsonObject node) => node.Text("type");
    public static string Alias(this JsonObject node) => node.Text("alias");

    public static IEnumerable<JsonObject> Objects(this JsonObject node, string property) =>
        node[property] is JsonArray array ? array.OfType<JsonObject>() : [];

    public static int Location(this JsonObject node) =>
        node["query_location"] is JsonValue value && value.TryGetValue<long>(out var location) && location is >= 0 and < int.MaxValue ? (int)location : -1;

    public static IEnumerable<(string Name, JsonObject Query)> Ctes(this JsonObject node)
    {
        if (node["cte_map"]?["map"] is not JsonArray entries) yield break;
        foreach (var entry in entries.OfType<JsonObject>()) yield return (entry.Text("key"), (JsonObject)entry["value"]!["query"]!["node"]!);
    }

    public static List<JsonObject> Arms(this JsonObject node) =>
        node["children"] is JsonArray { Count: > 0 } children ? [.. children.OfType<JsonObject>()] : [(JsonObject)node["left"]!, (JsonObject)node["right"]!];

    public static List<string> ColumnNames(this JsonObject node) => node["column_names"] is JsonArray names ? [.. names.Select(n => n!.GetValue<string>())] : [];

    /// <summary>All objects under a node, itself included; subqueries are not entered unless asked for.</summary>
    public static IEnumerable<JsonObject> Under(this JsonNode? node, bool subqueries = true)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                foreach (var inner in item.Under(subqueries)) yield return inner;
            }
        }
        else if (node is JsonObject own)
        {
            yield return own;
            if (!subqueries && own.Class() == "SUBQUERY") yield break;
            foreach (var (_, value) in own)
            {
                foreach (var inner in value.Under(subqueries)) yield return inner;
            }
        }
    }

    /// <summary>Makes the node another one in its place, under its own alias: a node knows its parent but not where it stands in it.</summary>
    public static void Become(this JsonObject node, JsonObject other)
    {
        var alias = node.Alias();
        foreach (var key in node.Select(p => p.Key).ToList()) node.Remove(key);
        foreach (var (key, value) in other.ToList())
        {
            other.Remove(key);
            node[key] = value;
        }
        if (alias.Length > 0) node["alias"] = alias;
    }

    public static JsonObject Column(params string[] names) => new()
    {
        ["class"] = "COLUMN_REF", ["type"] = "COLUMN_REF", ["column_names"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]),
    };

    public static JsonObject Constant(string text) => new()
    {
        ["class"] = "CONSTANT", ["type"] = "VALUE_CONSTANT",
        ["value"] = new JsonObject { ["type"] = new JsonObject { ["id"] = "VARCHAR" }, ["is_null"] = false, ["value"] = text },
    };

    public static JsonObject Function(string name, params JsonNode[] children) => new()
    {
        ["class"] = "FUNCTION", ["type"] = "FUNCTION", ["function_name"] = name, ["children"] = new JsonArray(children),
        ["order_bys"] = new JsonObject { ["type"] = "ORDER_MODIFIER" },
    };

    /// <summary>TRY({'v': expression}) under the same alias.</summary>
    /// <summary>
    /// A cast of a column: <c>{'v': TRY_CAST(x AS T), 'given': x IS NOT NULL}</c>, which raised where v is NULL and x was given. Exact for a cast alone (inside CASE
    /// it is not), a third faster than TRY on clean rows, and many times on broken ones, which TRY takes row by row (measured).
    /// </summary>
    public static JsonObject TryCast(JsonObject cast, string alias)
    {
        var value = (JsonObject)cast.DeepClone();
        value["alias"] = "v";
        value["try_cast"] = true;
        var given = new JsonObject
        {
            ["class"] = "OPERATOR", ["type"] = "OPERATOR_IS_NOT_NULL", ["alias"] = "given", ["children"] = new JsonArray(cast["child"]!.DeepClone()),
        };
        var pack = Function("struct_pack", value, given);
        pack["alias"] = alias;
        return pack;
    }

    public static bool IsCastOfColumn(JsonObject item) =>
        item.Class() == "CAST" && item["child"] is JsonObject child && child.Class() == "COLUMN_REF" && item["try_cast"]?.GetValue<bool>() != true;

    public static JsonObject Try(JsonObject expression, string alias)
    {
        var value = (JsonObject)expression.DeepClone();
        value["alias"] = "v";
        return new JsonObject
        {
            ["class"] = "OPERATOR", ["type"] = "OPERATOR_TRY", ["alias"] = alias,
            ["children"] = new JsonArray(Function("struct_pack", value)),
        };
    }
}
