using System.Globalization;
using System.Text.Json.Nodes;
using Smelt.DuckDb;
using Smelt.Pipelines.Incremental;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Streaming;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>A query taken apart so that its result can follow the changes of its tables. Every SQL it gives reads the tables under names of the caller's choosing.</summary>
public sealed class IncrementalQuery
{
    private const string KeyPrefix = "__smelt_k", KeysAlias = "__smelt_keys", Argument = "__smelt_x";

    private readonly QueryTree _tree;
    private readonly DuckDbConnection _connection;
    private readonly List<(JsonObject Expression, int Output)> _keys;

    private IncrementalQuery(QueryTree tree, DuckDbConnection connection, IReadOnlyList<QueryLeaf> leaves, RefreshShape shape, List<(JsonObject, int)> keys)
    {
        (_tree, _connection, Leaves, Shape, _keys) = (tree, connection, leaves, shape, keys);
        Keys = [.. _keys.Select(static k => new GroupKey(k.Output, k.Expression.Class() == "COLUMN_REF" ? k.Expression.ColumnNames() : null))];
        Merging = shape == RefreshShape.Groups ? AggregateMerging.Of(tree.Node, _keys) : null;
    }

    /// <summary>The tables it reads, in the order of their numbers.</summary>
    public IReadOnlyList<QueryLeaf> Leaves { get; }

    public RefreshShape Shape { get; }

    /// <summary>Of a query of groups; none where all rows are one group.</summary>
    public IReadOnlyList<GroupKey> Keys { get; }

    /// <summary>What each output column is, where values of old and new rows can be put together; else null.</summary>
    public IReadOnlyList<MergeKind>? Merging { get; }

    /// <summary>Output columns that are casts of what is merged.</summary>
    public IReadOnlyList<int> MergedCasts => Merging is null ? [] : [.. _tree.Node.Objects("select_list").Select(static (item, i) => (item, i)).Where(static c => AggregateMerging.Cast(c.item) is not null).Select(static c => c.i)];

    /// <summary>Takes a query apart.</summary>
    /// <param name="query">A materialized view's.</param>
    /// <param name="viewOf">The query of a view of the pipeline; null for stored datasets.</param>
    /// <param name="bound">Names of what is read besides stored tables as they are now.</param>
    /// <param name="connection">Parses and prints.</param>
    /// <param name="refusal">Why it cannot be done, as a clause.</param>
    public static IncrementalQuery? Read(DatasetQuery query, Func<DatasetName, DatasetQuery?> viewOf, Func<TableReference, string?> bound, DuckDbConnection connection, out string? refusal)
    {
        var inlining = new QueryInlining(viewOf, bound, connection);
        if (inlining.Read(query) is not { } tree)
        {
            refusal = "DuckDB gives no syntax tree of it";
            return null;
        }
        if (tree.Node.Type() is not ("SELECT_NODE" or "SET_OPERATION_NODE"))
        {
            refusal = "it has a recursive query";
            return null;
        }
        var walk = new LeafWalk();
        walk.Top(tree.Node);
        refusal = walk.Refusal ?? Unfit(tree.Node);
        if (refusal is not null) return null;
        var shape = tree.Node.Type() == "SET_OPERATION_NODE" || LeafWalk.IsPlain(tree.Node) ? RefreshShape.Rows : RefreshShape.Groups;
        var keys = shape == RefreshShape.Groups ? GroupKeys.Of(tree.Node, out refusal) : [];
        if (keys is null) return null;
        var leaves = inlining.Leaves.Select((reference, i) => walk.Leaves.TryGetValue(i, out var leaf)
            ? new QueryLeaf(i, reference.Dataset!, leaf.Alias, leaf.Reach, reference.Condition) { IsTop = leaf.IsTop }
            : new QueryLeaf(i, reference.Dataset!, "", LeafReach.Opaque, null)).ToList();
        return new IncrementalQuery(tree, connection, leaves, shape, keys);
    }

    /// <summary>Whether a text speaks of an aggregate function, or of one of some words.</summary>
    public static bool MayGroup(string sql, IReadOnlyCollection<string> words) =>
        Lexer.Read(sql).Any(t => t.IsName && t.Name(sql).ToLowerInvariant() is var name && (AggregateFunctions.Contains(name) || words.Contains(name)));

    /// <summary>The name that a key has in <see cref="KeysSql"/>.</summary>
    public static string KeyName(int index) => KeyPrefix + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>How a key is written in a condition given to <see cref="GroupsSql"/>.</summary>
    public static string KeyArgument(int index) => Argument + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>The whole query's rows with other tables in place; where a table is named, with what follows from that table's rows alone (those of the other arms of UNION ALL left out).</summary>
    /// <param name="nameOf">Name of each table's stand-in, quoted, with its schema.</param>
    /// <param name="leaf">The table that changed, or null.</param>
    /// <param name="matching">For a table of an outer join's NULL side: the changed rows that rows of the other side have to match.</param>
    public string Sql(Func<int, string> nameOf, int? leaf = null, string? matching = null) => Print(Varied(leaf, matching), nameOf);

    /// <summary>The whole query with the <see cref="MergedCasts"/> left out: its columns tell what they cast from.</summary>
    public string UncastSql(Func<int, string> nameOf)
    {
        var tree = Varied(null, null);
        foreach (var item in tree.Node.Objects("select_list").ToList())
        {
            if (AggregateMerging.Cast(item) is { } child) item.Become((JsonObject)child.DeepClone());
        }
        return Print(tree, nameOf);
    }

    /// <summary>The distinct keys of the groups that rows of one changed table belong to, as <see cref="KeyName"/>.</summary>
    public string KeysSql(Func<int, string> nameOf, int leaf, string? matching = null)
    {
        var tree = Varied(leaf, matching);
        var node = tree.Node;
        node["select_list"] = new JsonArray([.. _keys.Select(static (k, i) => (JsonNode)Named(k.Expression, KeyName(i))), .. NamedInWhere(node).Select(static i => i.DeepClone())]);
        foreach (var clause in (string[])["group_expressions", "group_sets", "having", "qualify", "modifiers"]) node.Remove(clause);
        node["aggregate_handling"] = "STANDARD_HANDLING";
        return $"SELECT DISTINCT {string.Join(", ", _keys.Select(static (_, i) => KeyName(i)))} FROM ({Print(tree, nameOf)})";
    }

    /// <summary>The output columns that WHERE may speak of by their names: all that are no aggregates, where it speaks of one.</summary>
    private static List<JsonObject> NamedInWhere(JsonObject node)
    {
        if (node["where_clause"] is not JsonObject where) return [];
        var named = where.Under().Where(static n => n.Class() == "COLUMN_REF" && n.ColumnNames().Count == 1).Select(static n => n.ColumnNames()[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var items = node.Objects("select_list").Where(static i => i.Alias() is { Length: > 0 } && !LeafWalk.IsAggregate(i) && !i.Under().Any(static n => n.Class() == "WINDOW")).ToList();
        return items.Exists(i => named.Contains(i.Alias()!)) ? items : [];
    }

    /// <summary>The query's rows of some groups only.</summary>
    /// <param name="nameOf">Names of the tables.</param>
    /// <param name="keys">Table of the groups' keys, quoted.</param>
    /// <param name="condition">A condition that these groups' keys satisfy, over <see cref="KeyArgument"/>; null: none.</param>
    public string GroupsSql(Func<int, string> nameOf, string keys, string? condition)
    {
        var tree = Varied(null, null);
        var node = tree.Node;
        var join = (JsonObject)QueryTree.Parse(
            $"SELECT 1 FROM a SEMI JOIN {keys} AS {KeysAlias} ON {string.Join(" AND ", _keys.Select(static (_, i) => $"{KeysAlias}.{KeyName(i)} IS NOT DISTINCT FROM {KeyArgument(i)}"))}", _connection).Node["from_table"]!;
        Fill(join);
        join["left"] = node["from_table"]!.DeepClone();
        node["from_table"] = join.DeepClone();
        if (condition is not null)
        {
            var range = (JsonObject)QueryTree.Parse($"SELECT 1 WHERE {condition}", _connection).Node["where_clause"]!.DeepClone();
            var holder = new JsonObject { ["held"] = range };
            Fill(holder);
            range = (JsonObject)holder["held"]!.DeepClone();
            node["where_clause"] = node["where_clause"] is JsonObject own
                ? new JsonObject { ["class"] = "CONJUNCTION", ["type"] = "CONJUNCTION_AND", ["children"] = new JsonArray(own.DeepClone(), range) }
                : range;
        }
        return Print(tree, nameOf);
    }

    private void Fill(JsonObject holder)
    {
        foreach (var node in holder.Under().Where(static n => n.Class() == "COLUMN_REF" && n.ColumnNames() is [var name] && name.StartsWith(Argument, StringComparison.Ordinal)).ToList())
            node.Become((JsonObject)_keys[int.Parse(node.ColumnNames()[0].AsSpan(Argument.Length), CultureInfo.InvariantCulture)].Expression.DeepClone());
    }

    private static JsonObject Named(JsonObject expression, string alias)
    {
        var copy = GroupKeys.Plain(expression);
        copy["alias"] = alias;
        return copy;
    }

    private static string? Unfit(JsonObject node)
    {
        if (node.Under().Any(static n => n.Class() == "COLUMN_REF" && n.ColumnNames() is { Count: > 2 } names && DatasetName.TryLayer(names[0], out _)))
            return "it names columns with their layer";
        if (node.Objects("modifiers").Any(static m => m.Type() is not ("ORDER_MODIFIER" or "DISTINCT_MODIFIER"))) return "it has a LIMIT";
        if (node.Type() == "SET_OPERATION_NODE") return node.Objects("modifiers").Any(static m => m.Type() != "ORDER_MODIFIER") ? "it is distinct over a set operation" : null;
        if (node.Objects("modifiers").Any(static m => m.Type() == "DISTINCT_MODIFIER" && m["distinct_on_targets"] is JsonArray { Count: > 0 })) return "it has DISTINCT ON";
        if (node["sample"] is JsonObject) return "it takes a sample";
        var kinds = (LeafWalk.IsGrouped(node) ? 1 : 0) + (LeafWalk.HasWindow(node) ? 1 : 0) + (GroupKeys.IsDistinct(node) ? 1 : 0);
        return kinds > 1 ? "it groups, and has windows or DISTINCT over the groups" : null;
    }

    /// <summary>A copy of the tree for the changes of one table.</summary>
    private QueryTree Varied(int? leaf, string? matching)
    {
        var tree = _tree.Copy();
        if (tree.Node["modifiers"] is JsonArray modifiers)
        {
            foreach (var order in modifiers.OfType<JsonObject>().Where(static m => m.Type() == "ORDER_MODIFIER").ToList()) modifiers.Remove(order);
            if (modifiers.Count == 0) tree.Node.Remove("modifiers");
        }
        if (leaf is not { } index) return tree;
        foreach (var operation in tree.Node.Under().Where(static n => n.Type() == "SET_OPERATION_NODE").ToList())
        {
            var arms = operation.Arms();
            if (!arms.Exists(a => Holds(a, index))) continue;
            foreach (var arm in arms.Where(a => !Holds(a, index))) Silence(arm);
        }
        if (matching is not null) Match(tree, index, matching);
        return tree;
    }

    private static bool Holds(JsonObject node, int leaf) => node.Under().Any(n => n.Text("schema_name") == QueryInlining.LeafSchema && LeafWalk.IndexOf(n) == leaf);

    /// <summary>An arm without rows; its columns stay, as they decide the types of all.</summary>
    private static void Silence(JsonObject arm)
    {
        // From outside, as an aggregate without groups gives a row of no rows.
        var silent = new JsonObject
        {
            ["type"] = "SELECT_NODE", ["cte_map"] = new JsonObject(), ["select_list"] = new JsonArray(new JsonObject { ["class"] = "STAR", ["type"] = "STAR", ["exclude_list"] = new JsonArray() }),
            ["from_table"] = new JsonObject { ["type"] = "SUBQUERY", ["alias"] = "smelt_silent", ["subquery"] = new JsonObject { ["node"] = arm.DeepClone() } }, ["aggregate_handling"] = "STANDARD_HANDLING",
        };
        silent["where_clause"] = new JsonObject
        {
            ["class"] = "CONSTANT", ["type"] = "VALUE_CONSTANT", ["value"] = new JsonObject { ["type"] = new JsonObject { ["id"] = "BOOLEAN" }, ["is_null"] = false, ["value"] = false },
        };
        arm.Become(silent);
    }

    /// <summary>Only the rows of an outer join's kept side that some changed row of the other side matches.</summary>
    private static void Match(QueryTree tree, int leaf, string matching)
    {
        var join = tree.Node.Under().First(n => n.Type() == "JOIN" && n["right"] is JsonObject right && right.Text("schema_name") == QueryInlining.LeafSchema && LeafWalk.IndexOf(right) == leaf);
        var semi = (JsonObject)join.DeepClone();
        semi["join_type"] = "SEMI";
        var right = (JsonObject)semi["right"]!;
        right["schema_name"] = StandIn;
        right["table_name"] = matching;
        join["left"] = semi;
    }

    private const string StandIn = "smelt_stand_in";

    private string Print(QueryTree tree, Func<int, string> nameOf)
    {
        var copy = tree.Copy();
        foreach (var node in copy.Node.Under().Where(static n => n.Type() == "BASE_TABLE").ToList())
        {
            if (node.Text("schema_name") == QueryInlining.LeafSchema) ReferenceBinding.SetName(node, nameOf(LeafWalk.IndexOf(node)));
            else if (node.Text("schema_name") == StandIn) ReferenceBinding.SetName(node, node.Text("table_name"));
        }
        return copy.Print(_connection);
    }
}
