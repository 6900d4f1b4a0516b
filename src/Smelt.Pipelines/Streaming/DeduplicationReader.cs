using System.Text.Json;
using System.Text.Json.Nodes;
using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines.Streaming;

/// <summary>Finds <c>DISTINCT ON</c> at the top of a streaming query, where it means the whole table and not a batch.</summary>
internal static class DeduplicationReader
{
    public static bool IsDistinctOn(JsonElement node) =>
        SqlAst.TypeIs(node, "SELECT_NODE"u8) && SqlAst.Items(node, "modifiers"u8).Any(static m => SqlAst.TypeIs(m, "DISTINCT_MODIFIER"u8) && SqlAst.Count(m, "distinct_on_targets"u8) > 0);

    /// <returns>Null where the query has none, or one that cannot be; that is told.</returns>
    public static Deduplication? Read(QueryDraft query)
    {
        if (!query.Unit.IsParsed || !IsDistinctOn(query.Unit.Node)) return null;
        var (keys, order, isWrong) = (new List<string>(), new List<(string, bool)>(), false);
        foreach (var modifier in SqlAst.Items(query.Unit.Node, "modifiers"u8))
        {
            foreach (var key in SqlAst.Items(modifier, "distinct_on_targets"u8))
            {
                if (Column(query, key, "DISTINCT ON") is { } column) keys.Add(column);
                else isWrong = true;
            }
            foreach (var item in SqlAst.Items(modifier, "orders"u8))
            {
                if (Column(query, SqlAst.Child(item, "expression"u8), "ORDER BY beside DISTINCT ON") is { } column) order.Add((column, SqlAst.TypeOf(item) == "DESCENDING"));
                else isWrong = true;
            }
        }
        return isWrong ? null : new Deduplication(keys, order);
    }

    /// <summary>Takes DISTINCT ON and its order out of a query: the engine does both over the rows that its rules let through.</summary>
    public static void TakeOut(JsonObject node)
    {
        if (node["modifiers"] is not JsonArray modifiers) return;
        foreach (var modifier in modifiers.OfType<JsonObject>().Where(static m => m.Type() is "DISTINCT_MODIFIER" or "ORDER_MODIFIER").ToList()) modifiers.Remove(modifier);
    }

    private static string? Column(QueryDraft query, JsonElement node, string clause)
    {
        var name = SqlAst.ClassIs(node, "COLUMN_REF"u8) ? SqlAst.Texts(node, "column_names"u8)[^1] : null;
        if (name is not null && (query.Bound.Openness != Openness.Closed || query.Bound.Columns.Exists(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))) return name;
        query.Unit.Report(DiagnosticCodes.DeduplicationKey, query.Unit.Offset(Math.Max(0, SqlAst.Location(node))),
            $"{clause} names {(name is null ? "an expression" : $"'{name}', which is no column of the table")}: repeats are looked for among the rows that the table holds.", "Give it a name in the SELECT list, and write that.");
        return null;
    }
}
