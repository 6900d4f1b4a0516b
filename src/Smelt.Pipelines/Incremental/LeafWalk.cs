using System.Text.Json.Nodes;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines.Incremental;

/// <summary>Finds how the changes of each table show in the rows of a query's FROM.</summary>
internal sealed class LeafWalk
{
    private readonly Dictionary<int, (LeafReach Reach, string Alias, bool IsTop)> _leaves = [];

    internal IReadOnlyDictionary<int, (LeafReach Reach, string Alias, bool IsTop)> Leaves => _leaves;

    /// <summary>What stands in the query that nothing can be said of; null: nothing does.</summary>
    internal string? Refusal { get; private set; }

    /// <summary>The topmost node's tables; what it does with its rows is the caller's to judge.</summary>
    internal void Top(JsonObject node)
    {
        if (node.Type() == "SET_OPERATION_NODE") SetOperation(node, isLinear: true);
        else Select(node, isLinear: true, isTop: true);
    }

    /// <summary>Whether each row of a SELECT follows from one row of its FROM.</summary>
    internal static bool IsPlain(JsonObject node) =>
        !IsGrouped(node) && !HasWindow(node) && node["qualify"] is not JsonObject && node["having"] is not JsonObject && node["sample"] is not JsonObject && !IsLimitedOrDistinct(node);

    internal static bool IsGrouped(JsonObject node) => node.Objects("group_expressions").Any() || node.Text("aggregate_handling") == "FORCE_AGGREGATES"
        || node.Objects("select_list").Any(static i => IsAggregate(i)) || (node["having"] is JsonObject);

    internal static bool HasWindow(JsonObject node) => Expressions(node).Any(static e => e.Under(subqueries: false).Any(static n => n.Class() == "WINDOW"));

    internal static bool IsLimitedOrDistinct(JsonObject node) => node.Objects("modifiers").Any(static m => m.Type() != "ORDER_MODIFIER");

    internal static bool IsAggregate(JsonObject item) => Outside(item).Any(static n => n.Class() == "FUNCTION" && AggregateFunctions.Contains(n.Text("function_name")));

    /// <summary>The expressions of a SELECT but those of FROM.</summary>
    internal static IEnumerable<JsonObject> Expressions(JsonObject node) =>
        node.Objects("select_list").Concat(new[] { node["where_clause"], node["having"], node["qualify"] }.OfType<JsonObject>()).Concat(node.Objects("group_expressions"));

    // An aggregate used as a window function is none.
    private static IEnumerable<JsonObject> Outside(JsonObject item)
    {
        if (item.Class() is "WINDOW" or "SUBQUERY") yield break;
        yield return item;
        foreach (var (_, value) in item)
        {
            foreach (var child in value is JsonArray array ? array.OfType<JsonObject>() : value is JsonObject one ? [one] : [])
            {
                foreach (var inner in Outside(child)) yield return inner;
            }
        }
    }

    private void Query(JsonObject node, bool isLinear)
    {
        if (node.Type() == "SET_OPERATION_NODE") SetOperation(node, isLinear);
        else if (node.Type() == "SELECT_NODE") Select(node, isLinear && IsPlain(node), isTop: false);
        else Refuse(node.Type() == "RECURSIVE_CTE_NODE" ? "it has a recursive query" : $"it has a {node.Type()}");
    }

    private void SetOperation(JsonObject node, bool isLinear)
    {
        var isAll = node["setop_all"] is not JsonValue all || !all.TryGetValue<bool>(out var value) || value;
        var isUnionAll = node.Text("setop_type") is "UNION" or "UNION_BY_NAME" && isAll;
        foreach (var arm in node.Arms()) Query(arm, isLinear && isUnionAll && !IsLimitedOrDistinct(node));
    }

    private void Select(JsonObject node, bool isLinear, bool isTop)
    {
        if (node["from_table"] is JsonObject from) From(from, isLinear && node["sample"] is not JsonObject, isTop);
        foreach (var expression in Expressions(node)) Opaque(expression);
        foreach (var modifier in node.Objects("modifiers")) Opaque(modifier);
    }

    private void From(JsonObject node, bool isLinear, bool isTop)
    {
        if (node["sample"] is JsonObject) isLinear = false;
        switch (node.Type())
        {
            case "BASE_TABLE":
                Leaf(node, isLinear ? LeafReach.Linear : LeafReach.Opaque, isTop);
                break;
            case "SUBQUERY":
                Query((JsonObject)node["subquery"]!["node"]!, isLinear);
                break;
            case "JOIN":
                Join(node, isLinear, isTop);
                break;
            case "TABLE_FUNCTION" or "EXPRESSION_LIST" or "EMPTY" or "EMPTY_FROM":
                Opaque(node);
                break;
            default:
                Refuse($"it has a {node.Type()} in FROM");
                break;
        }
    }

    private void Join(JsonObject node, bool isLinear, bool isTop)
    {
        var (left, right) = ((JsonObject)node["left"]!, (JsonObject)node["right"]!);
        if (node["condition"] is JsonObject condition) Opaque(condition);
        var kind = node.Text("join_type");
        // An ASOF join takes of the right side what is nearest, which another row may be tomorrow.
        var isAsOf = node.Text("ref_type") == "ASOF";
        if (node.Text("ref_type") == "POSITIONAL") isLinear = false;
        From(left, isLinear && (kind is "INNER" or "LEFT" || (kind is "SEMI" or "ANTI" && !isAsOf)), isTop);
        if (isAsOf) From(right, isLinear: false, isTop);
        else if (kind is "LEFT" && isLinear && right.Type() == "BASE_TABLE" && right["sample"] is not JsonObject) Leaf(right, LeafReach.Outer, isTop);
        else From(right, isLinear && kind is "INNER", isTop);
    }

    private void Leaf(JsonObject node, LeafReach reach, bool isTop)
    {
        if (node.Text("schema_name") != QueryInlining.LeafSchema) return;
        _leaves[IndexOf(node)] = (reach, node.Alias().Length > 0 ? node.Alias() : node.Text("table_name"), isTop);
    }

    /// <summary>Tables inside a subquery of an expression, or beside what is understood.</summary>
    private void Opaque(JsonObject expression)
    {
        foreach (var node in expression.Under().Where(static n => n.Type() == "BASE_TABLE")) Leaf(node, LeafReach.Opaque, isTop: false);
    }

    internal static int IndexOf(JsonObject leaf) => int.Parse(leaf.Text("table_name")["leaf_".Length..], System.Globalization.CultureInfo.InvariantCulture);

    private void Refuse(string reason) => Refusal ??= reason;
}
