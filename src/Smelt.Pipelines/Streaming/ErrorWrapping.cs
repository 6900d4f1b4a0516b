using System.Text.Json.Nodes;
using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines.Streaming;

/// <summary>A select item to be wrapped: one for each arm of a UNION ALL.</summary>
internal sealed record WrapTarget(string Alias, IReadOnlyList<(JsonArray List, int Index)> Places);

/// <summary>Wraps top-level output expressions that can raise as <c>TRY({'v': expression})</c>.</summary>
internal static class ErrorWrapping
{
    private const string Mark = "__smelt_item_";

    /// <summary>Gives items without a name of their own a mark as alias; how many there are.</summary>
    public static int MarkUnnamed(JsonObject top)
    {
        var unnamed = Unnamed(top);
        for (var i = 0; i < unnamed.Count; i++) unnamed[i]["alias"] = Mark + i;
        return unnamed.Count;
    }

    /// <summary>Gives the items that <see cref="MarkUnnamed"/> marks their names.</summary>
    public static void NameUnnamed(JsonObject top, Func<string, string?> nameOfMark)
    {
        var unnamed = Unnamed(top);
        for (var i = 0; i < unnamed.Count; i++)
        {
            if (nameOfMark(Mark + i) is { } name) unnamed[i]["alias"] = name;
        }
    }

    // The output of a set operation has its first select's names.
    public static List<JsonObject> Unnamed(JsonObject top)
    {
        var arms = new List<JsonObject>();
        if (Arms(top, arms) is null || arms.Count == 0) return [];
        return [.. arms[0].Objects("select_list").Where(i => NameOf(i).Length == 0 && i.Class() != "STAR" && !MakesSeveral(i))];
    }

    /// <summary>What can be wrapped, before anything is.</summary>
    public static List<WrapTarget> Targets(JsonObject top)
    {
        var arms = new List<JsonObject>();
        var byName = Arms(top, arms);
        if (byName is null) return [];
        var lists = arms.ConvertAll(a => (JsonArray)a["select_list"]!);
        return arms.Count == 1 ? Single(lists[0]) : byName.Value ? ByName(lists) : ByPosition(lists);
    }

    // The selects whose items are the output; null where they are mixed by name and by position, or are no selects.
    private static bool? Arms(JsonObject node, List<JsonObject> arms)
    {
        if (node.Type() == "SELECT_NODE")
        {
            arms.Add(node);
            return false;
        }
        if (node.Type() != "SET_OPERATION_NODE") return null;
        var isByName = node.Text("setop_type") == "UNION_BY_NAME";
        foreach (var arm in node.Arms())
        {
            if (Arms(arm, arms) is not { } inner) return null;
            if (arm.Type() != "SELECT_NODE" && inner != isByName) return null;
        }
        return isByName;
    }

    private static List<WrapTarget> Single(JsonArray list)
    {
        var targets = new List<WrapTarget>();
        for (var i = 0; i < list.Count; i++)
        {
            var item = (JsonObject)list[i]!;
            if (CanRaise(item) && CanWrap(item)) targets.Add(new WrapTarget(NameOf(item), [(list, i)]));
        }
        return targets;
    }

    private static List<WrapTarget> ByPosition(List<JsonArray> lists)
    {
        var targets = new List<WrapTarget>();
        var isAligned = lists.TrueForAll(l => l.Count == lists[0].Count && !l.OfType<JsonObject>().Any(MakesSeveral));
        for (var i = 0; isAligned && i < lists[0].Count; i++)
        {
            var items = lists.ConvertAll(l => (JsonObject)l[i]!);
            if (items.Exists(CanRaise) && items.TrueForAll(CanWrap)) targets.Add(new WrapTarget(NameOf(items[0]), [.. lists.Select(l => (l, i))]));
        }
        return targets;
    }

    private static List<WrapTarget> ByName(List<JsonArray> lists)
    {
        var targets = new List<WrapTarget>();
        if (lists.Exists(l => l.OfType<JsonObject>().Any(MakesSeveral))) return targets;
        foreach (var item in lists[0].OfType<JsonObject>())
        {
            var name = NameOf(item);
            var places = lists.ConvertAll(l => (List: l, Index: IndexOf(l, name)));
            if (name.Length == 0 || places.Exists(p => p.Index < 0)) continue;
            var items = places.ConvertAll(p => (JsonObject)p.List[p.Index]!);
            if (items.Exists(CanRaise) && items.TrueForAll(CanWrap)) targets.Add(new WrapTarget(name, places));
        }
        return targets;
    }

    private static int IndexOf(JsonArray list, string name)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (NameOf((JsonObject)list[i]!).Equals(name, StringComparison.OrdinalIgnoreCase)) return i;
        }
        return -1;
    }

    private static string NameOf(JsonObject item) =>
        item.Alias() is { Length: > 0 } alias ? alias : item.Class() == "COLUMN_REF" ? item.ColumnNames()[^1] : "";

    /// <summary>An expression over columns with a cast, a function or an operator in it.</summary>
    private static bool CanRaise(JsonObject item) =>
        item.Class() is not ("COLUMN_REF" or "STAR" or "CONSTANT")
        && item.Under().Any(n => n.Class() == "COLUMN_REF")
        && item.Under().Any(n => n.Class() is "CAST" or "FUNCTION" or "OPERATOR" or "COMPARISON" or "BETWEEN" or "CASE" or "CONJUNCTION" or "LAMBDA" or "COLLATE");

    // What TRY refuses: volatile functions, subqueries, windows, aggregates, UNNEST; and what makes several columns.
    private static bool CanWrap(JsonObject item)
    {
        foreach (var node in item.Under())
        {
            if (node.Class() is "SUBQUERY" or "WINDOW" or "STAR") return false;
            if (node.Class() != "FUNCTION") continue;
            var function = node.Text("function_name").ToLowerInvariant();
            if (FunctionStability.IsVolatile(function) || function is "unnest" or "unlist") return false;
            if (AggregateFunctions.Contains(function)) return false;
        }
        return true;
    }

    private static bool MakesSeveral(JsonObject item) =>
        item.Under(subqueries: false).Any(n => n.Class() == "STAR" || n.Text("function_name") is "unnest" or "unlist");

    /// <summary>Aliases that other expressions of the same select mention and that a wrapped item bears.</summary>
    public static bool AreMentioned(JsonObject top, IReadOnlyList<WrapTarget> targets) =>
        top.Type() == "SELECT_NODE" && Mentions(top, targets, []).Count > 0;

    private static List<(JsonObject Column, WrapTarget Target, bool InSelect)> Mentions(JsonObject select, IReadOnlyList<WrapTarget> targets, HashSet<string> columns)
    {
        var mentions = new List<(JsonObject, WrapTarget, bool)>();
        void Look(JsonNode? node, bool inSelect)
        {
            foreach (var column in node.Under().Where(n => n.Class() == "COLUMN_REF"))
            {
                var names = column.ColumnNames();
                var target = targets.FirstOrDefault(t => t.Alias.Equals(names[0], StringComparison.OrdinalIgnoreCase));
                if (target is not null && !columns.Contains(names[0])) mentions.Add((column, target, inSelect));
            }
        }
        Look(select["select_list"], true);
        Look(select["where_clause"], false);
        return mentions;
    }

    /// <summary>Wraps the targets. <paramref name="columns"/>: the names that FROM gives, which come before aliases.</summary>
    public static void Wrap(JsonObject top, IReadOnlyList<WrapTarget> targets, IReadOnlySet<string> columns)
    {
        if (top.Type() == "SELECT_NODE")
        {
            var originals = targets.ToDictionary(t => t, t => (JsonObject)t.Places[0].List[t.Places[0].Index]!.DeepClone());
            foreach (var (column, target, inSelect) in Mentions(top, targets, new HashSet<string>(columns, StringComparer.OrdinalIgnoreCase)))
                column.Become(inSelect ? Value(column, target) : Original(column, originals[target]));
        }
        foreach (var target in targets)
        {
            // The arms of a UNION ALL must give one type, so all take the same form.
            var areCasts = target.Places.All(p => TreeNodes.IsCastOfColumn((JsonObject)p.List[p.Index]!));
            foreach (var (list, index) in target.Places)
                list[index] = areCasts ? TreeNodes.TryCast((JsonObject)list[index]!, target.Alias) : TreeNodes.Try((JsonObject)list[index]!, target.Alias);
        }
    }

    // alias.v, with the fields that were asked of the alias.
    private static JsonObject Value(JsonObject column, WrapTarget target) =>
        Fields(column, TreeNodes.Function("struct_extract", TreeNodes.Column(target.Alias), TreeNodes.Constant("v")));

    // In WHERE the expression itself stands in, so that an error there still fails the flow, as it would without wrapping.
    private static JsonObject Original(JsonObject column, JsonObject expression)
    {
        var copy = (JsonObject)expression.DeepClone();
        copy.Remove("alias");
        return Fields(column, copy);
    }

    private static JsonObject Fields(JsonObject column, JsonObject value)
    {
        foreach (var field in column.ColumnNames().Skip(1)) value = TreeNodes.Function("struct_extract", value, TreeNodes.Constant(field));
        if (column.Alias().Length > 0) value["alias"] = column.Alias();
        return value;
    }
}
