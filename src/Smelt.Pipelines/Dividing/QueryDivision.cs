using System.Globalization;
using System.Text.Json.Nodes;
using Smelt.DuckDb;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines;

/// <summary>
/// Divides a query that groups into parts by the hash of its keys. The parts run one after the other; each reads the input again and holds only its share of the groups.
/// For queries that run out of memory: DuckDB spills a group's values, but four bytes or so of bookkeeping a row stay in memory where a key is a text (measured with 1.5.6).
/// </summary>
public static class QueryDivision
{
    /// <summary>Aggregates whose value is the same in every run, whatever the order and the threads.</summary>
    private static readonly HashSet<string> s_exact = ["count", "count_star", "count_if", "countif", "min", "max", "bool_and", "bool_or"];

    private static readonly HashSet<string> s_inexactTypes = ["LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "RECURSIVE_CTE_NODE", "TABLE_FUNCTION", "PIVOT", "SHOW_REF", "COLUMN_DATA"];

    /// <summary>
    /// The query in parts, with the same columns; null where it does not group, or where a part might not see the rows that another part saw: the query must give
    /// the same groups whenever it is run. The caller answers for that of the tables, views and macros it names.
    /// </summary>
    /// <param name="sql">One SELECT over names that <paramref name="connection"/> knows.</param>
    /// <param name="parts">How many; better odd, as the low bits of a hash choose its place in DuckDB's tables too.</param>
    /// <exception cref="DuckDbException">DuckDB does not take the query.</exception>
    public static string? Divide(string sql, int parts, DuckDbConnection connection)
    {
        if (QueryTree.TryParse(sql, connection) is not { Node: { } node } tree || node.Type() != "SELECT_NODE" || !IsRepeatable(node)) return null;
        var names = Names(sql, connection);
        var columns = string.Join(", ", names.Select(static n => SqlText.Identifier(n)));
        Func<int, string>? part = IsGrouped(node) ? GroupedPart(tree, connection, parts)
            : IsDistinct(node) && !node.Objects("select_list").Any(IsAggregate)
                ? k => string.Create(CultureInfo.InvariantCulture, $"SELECT * FROM ({sql}\n) AS smelt_part({columns}) WHERE hash({columns}) % {parts} = {k}")
                : null;
        if (part is null) return null;
        var divided = $"SELECT * FROM ({string.Join("\nUNION ALL\n", Enumerable.Range(0, parts).Select(part))}) AS smelt_parts({columns})";
        return HasSameTypes(sql, divided, connection) ? divided : null;
    }

    private static bool IsGrouped(JsonObject node) => node.Objects("group_expressions").Any() || node.Text("aggregate_handling") == "FORCE_AGGREGATES";

    private static bool IsDistinct(JsonObject node) => node.Objects("modifiers").Any(static m => m.Type() == "DISTINCT_MODIFIER");

    /// <summary>The query with its keys' hash in its own WHERE, as DuckDB pushes no condition below aggregates; null where a key is not to be named.</summary>
    private static Func<int, string>? GroupedPart(QueryTree tree, DuckDbConnection connection, int parts)
    {
        if (Keys(tree.Node) is not { Count: > 0 } keys) return null;
        return k =>
        {
            var copy = tree.Copy();
            JsonObject Hash() => TreeNodes.Function("hash", [.. keys.Select(Plain)]);
            var mine = Comparison(TreeNodes.Function("%", Hash(), Number(parts)), Number(k));
            // A key is not to be computed for a row that the query's own condition keeps away: it might raise.
            copy.Node["where_clause"] = copy.Node["where_clause"] is JsonObject own ? Both((JsonObject)own.DeepClone(), Case((JsonObject)own.DeepClone(), mine)) : mine;
            return "(" + copy.Print(connection) + ")";
        };
    }

    private static JsonNode Plain(JsonObject key)
    {
        var copy = (JsonObject)key.DeepClone();
        copy.Remove("alias");
        return copy;
    }

    private static List<JsonObject>? Keys(JsonObject node)
    {
        var items = node.Objects("select_list").ToList();
        if (node["group_sets"] is JsonArray { Count: > 1 }) return null;
        var groups = node.Objects("group_expressions").ToList();
        if (groups.Count == 0) return items.Exists(HasStar) ? null : items.FindAll(static i => !IsAggregate(i));
        var keys = new List<JsonObject>();
        foreach (var group in groups)
        {
            if (group.Class() != "CONSTANT") keys.Add(group);
            else if (items.Exists(HasStar) || group["value"]?["value"] is not JsonValue value || !value.TryGetValue<int>(out var place) || place < 1 || place > items.Count) return null;
            else keys.Add(items[place - 1]);
        }
        return keys.Exists(HasStar) ? null : keys;
    }

    private static bool HasStar(JsonObject item) => item.Under(subqueries: false).Any(static n => n.Class() == "STAR");

    private static bool IsAggregate(JsonObject item) => item.Under(subqueries: false).Any(static n => n.Class() == "FUNCTION" && AggregateFunctions.Contains(n.Text("function_name")));

    /// <summary>Whether every run over the same tables gives the same groups: nothing in it depends on the order of rows, on chance, or on how floating sums are added up.</summary>
    private static bool IsRepeatable(JsonObject node)
    {
        // The topmost aggregates may differ from run to run: each group is in one part only.
        var own = node.Objects("select_list").Concat(node["having"] is JsonObject having ? [having] : []).SelectMany(static i => i.Under(subqueries: false)).ToHashSet(ReferenceEqualityComparer.Instance);
        return node.Under().All(n => IsRepeatable(n, own.Contains(n)));
    }

    private static bool IsRepeatable(JsonObject node, bool isOwn) => node.Class() switch
    {
        "WINDOW" => false,
        "FUNCTION" => node.Text("function_name").ToLowerInvariant() is var name && !FunctionStability.IsVolatile(name) && (isOwn || s_exact.Contains(name) || !AggregateFunctions.Contains(name)),
        _ => !s_inexactTypes.Contains(node.Type()) && node["sample"] is not JsonObject && node["qualify"] is not JsonObject
            && node.Text("ref_type") is not ("POSITIONAL" or "ASOF") && (node.Type() != "DISTINCT_MODIFIER" || node["distinct_on_targets"] is not JsonArray { Count: > 0 }),
    };

    private static List<string> Names(string sql, DuckDbConnection connection) => connection.Rows("DESCRIBE " + sql).ConvertAll(static row => (string)row[0]!);

    private static bool HasSameTypes(string sql, string divided, DuckDbConnection connection) =>
        connection.Rows("DESCRIBE " + sql).Select(static r => (r[0], r[1])).SequenceEqual(connection.Rows("DESCRIBE " + divided).Select(static r => (r[0], r[1])));

    private static JsonObject Number(int value) => new()
    {
        ["class"] = "CONSTANT", ["type"] = "VALUE_CONSTANT",
        ["value"] = new JsonObject { ["type"] = new JsonObject { ["id"] = "UBIGINT" }, ["is_null"] = false, ["value"] = value },
    };

    private static JsonObject Comparison(JsonObject left, JsonObject right) => new() { ["class"] = "COMPARISON", ["type"] = "COMPARE_EQUAL", ["left"] = left, ["right"] = right };

    private static JsonObject Both(JsonObject one, JsonObject other) => new() { ["class"] = "CONJUNCTION", ["type"] = "CONJUNCTION_AND", ["children"] = new JsonArray(one, other) };

    private static JsonObject Case(JsonObject when, JsonObject then) => new()
    {
        ["class"] = "CASE", ["type"] = "CASE_EXPR", ["case_checks"] = new JsonArray(new JsonObject { ["when_expr"] = when, ["then_expr"] = then }),
        ["else_expr"] = new JsonObject { ["class"] = "CONSTANT", ["type"] = "VALUE_CONSTANT", ["value"] = new JsonObject { ["type"] = new JsonObject { ["id"] = "BOOLEAN" }, ["is_null"] = false, ["value"] = false } },
    };
}
