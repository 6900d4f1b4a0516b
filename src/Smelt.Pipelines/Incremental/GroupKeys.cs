using System.Text.Json.Nodes;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines.Incremental;

/// <summary>The keys of a query's groups, each with the output column that has it: by them the groups that changed are found in the table.</summary>
internal static class GroupKeys
{
    /// <summary>The keys' expressions with their outputs; null, and why, where some key is not among the outputs.</summary>
    internal static List<(JsonObject Expression, int Output)>? Of(JsonObject node, out string? refusal)
    {
        refusal = null;
        var items = node.Objects("select_list").ToList();
        if (items.Exists(static i => i.Under(subqueries: false).Any(static n => n.Class() == "STAR")))
        {
            refusal = "it groups and selects *: name the columns";
            return null;
        }
        var keys = LeafWalk.IsGrouped(node) ? OfGroups(node, items) : IsDistinct(node) ? items : OfWindows(node);
        if (keys is null)
        {
            refusal = node["group_sets"] is JsonArray { Count: > 1 } ? "it groups by several sets" : "its windows have no partition in common";
            return null;
        }
        var (names, isGrouped) = (TableNames(node), LeafWalk.IsGrouped(node));
        var found = new List<(JsonObject, int)>();
        foreach (var key in keys)
        {
            var output = OutputOf(key, items, names, isGrouped);
            if (output < 0)
            {
                refusal = "a key of its groups is not among its columns";
                return null;
            }
            if (IsUnfit(items[output], items))
            {
                refusal = "a key of its groups names another of its columns, or makes several rows of one";
                return null;
            }
            found.Add((Plain(items[output]), output));
        }
        return found;
    }

    /// <summary>Whether an expression cannot stand in a condition as it stands in the list: it has UNNEST, or names a column that the list makes.</summary>
    private static bool IsUnfit(JsonObject item, List<JsonObject> items) =>
        item.Under().Any(static n => n.Class() == "FUNCTION" && n.Text("function_name").ToLowerInvariant() is "unnest" or "unlist")
        || item.Under().Any(n => n.Class() == "COLUMN_REF" && n.ColumnNames() is [var name] && items.Exists(i => i != item && Equal(i.Alias(), name)));

    /// <summary>Names of the tables in FROM: before a column they are no structs.</summary>
    private static HashSet<string> TableNames(JsonObject node) => new((node["from_table"] ?? new JsonObject()).Under(subqueries: false)
        .Where(static n => n.Type() is "BASE_TABLE" or "SUBQUERY" or "TABLE_FUNCTION").Select(static n => n.Alias().Length > 0 ? n.Alias() : n.Text("table_name")), StringComparer.OrdinalIgnoreCase);

    internal static bool IsDistinct(JsonObject node) => node.Objects("modifiers").Any(static m => m.Type() == "DISTINCT_MODIFIER" && m["distinct_on_targets"] is not JsonArray { Count: > 0 });

    internal static JsonObject Plain(JsonObject expression)
    {
        var copy = (JsonObject)expression.DeepClone();
        copy.Remove("alias");
        return copy;
    }

    private static List<JsonObject>? OfGroups(JsonObject node, List<JsonObject> items)
    {
        if (node["group_sets"] is JsonArray { Count: > 1 }) return null;
        var groups = node.Objects("group_expressions").ToList();
        if (groups.Count > 0) return groups;
        return node.Text("aggregate_handling") == "FORCE_AGGREGATES" ? items.FindAll(static i => !LeafWalk.IsAggregate(i)) : [];
    }

    /// <summary>The partitions that all windows have.</summary>
    private static List<JsonObject>? OfWindows(JsonObject node)
    {
        List<JsonObject>? common = null;
        foreach (var window in LeafWalk.Expressions(node).SelectMany(static e => e.Under(subqueries: false)).Where(static n => n.Class() == "WINDOW"))
        {
            // A number is no column's place here, but one partition of all rows.
            var own = window.Objects("partitions").Where(static p => p.Class() != "CONSTANT").ToList();
            common = common is null ? own : common.FindAll(c => own.Exists(o => Same(c, o)));
        }
        return common is { Count: > 0 } ? common : null;
    }

    private static int OutputOf(JsonObject key, List<JsonObject> items, HashSet<string> tables, bool isGrouped)
    {
        if (key.Class() == "CONSTANT" && key["value"]?["value"] is JsonValue value && value.TryGetValue<int>(out var place)) return place >= 1 && place <= items.Count ? place - 1 : -1;
        var same = items.FindIndex(i => Same(key, i));
        if (same >= 0 || key.Class() != "COLUMN_REF") return same;
        var names = key.ColumnNames();
        // One of the two may lack the table's name: were the name ambiguous, DuckDB would refuse it.
        var named = items.FindIndex(i => i.Class() == "COLUMN_REF" && i.ColumnNames() is var other && Equal(other[^1], names[^1]) && (IsOfTable(other, tables) && names.Count == 1 || other.Count == 1 && IsOfTable(names, tables)));
        if (named >= 0 || names.Count > 1 || !isGrouped) return named;
        // An alias; DuckDB takes a column of FROM first, which the expression of that alias would then be made of.
        return items.FindIndex(i => Equal(i.Alias(), names[0]) && !LeafWalk.IsAggregate(i) && !i.Under().Any(n => n.Class() == "COLUMN_REF" && Equal(n.ColumnNames()[^1], names[0])));
    }

    private static bool IsOfTable(List<string> names, HashSet<string> tables) => names.Count == 1 || names.Count == 2 && tables.Contains(names[0]);

    private static bool Equal(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static bool Same(JsonObject a, JsonObject b) => JsonNode.DeepEquals(Bare(a), Bare(b));

    private static JsonObject Bare(JsonObject expression)
    {
        var copy = Plain(expression);
        foreach (var node in copy.Under().ToList()) node.Remove("query_location");
        return copy;
    }
}
