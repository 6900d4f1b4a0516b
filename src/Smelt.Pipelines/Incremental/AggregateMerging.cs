using System.Text.Json.Nodes;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines.Incremental;

/// <summary>Whether a grouping query's old values and those of new rows alone give the new values.</summary>
internal static class AggregateMerging
{
    /// <summary>What each output is; null where some output cannot be merged.</summary>
    internal static List<MergeKind>? Of(JsonObject node, IReadOnlyList<(JsonObject Expression, int Output)> keys)
    {
        if (!LeafWalk.IsGrouped(node) || node["having"] is JsonObject || node["qualify"] is JsonObject || LeafWalk.HasWindow(node) || LeafWalk.IsLimitedOrDistinct(node)) return null;
        var kinds = new List<MergeKind>();
        var items = node.Objects("select_list").ToList();
        for (var i = 0; i < items.Count; i++)
        {
            if (keys.Any(k => k.Output == i)) kinds.Add(MergeKind.Key);
            else if (KindOf(items[i]) is { } kind) kinds.Add(kind);
            else return null;
        }
        return kinds;
    }

    /// <summary>A cast of a sum or a count, as amounts are stored: whether it is exact is a matter of types.</summary>
    internal static JsonObject? Cast(JsonObject item) =>
        item.Class() == "CAST" && item["try_cast"]?.GetValue<bool>() != true && item["child"] is JsonObject child && Plain(child) is MergeKind.Sum or MergeKind.Count ? child : null;

    private static MergeKind? KindOf(JsonObject item) => Plain(Cast(item) ?? item);

    private static MergeKind? Plain(JsonObject item) => item.Class() != "FUNCTION" || item["distinct"] is JsonValue distinct && distinct.TryGetValue<bool>(out var yes) && yes ? null : item.Text("function_name").ToLowerInvariant() switch
    {
        "sum" => MergeKind.Sum,
        "count" or "count_star" or "count_if" or "countif" => MergeKind.Count,
        "min" when item.Objects("children").Count() == 1 => MergeKind.Min,
        "max" when item.Objects("children").Count() == 1 => MergeKind.Max,
        "bool_and" => MergeKind.And,
        "bool_or" => MergeKind.Or,
        _ => null,
    };
}
