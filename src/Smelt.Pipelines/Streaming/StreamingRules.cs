using System.Text.Json;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Streaming;

namespace Smelt.Pipelines;

/// <summary>What the query of a streaming table may hold: each output row must follow from one streamed row alone.</summary>
internal sealed class StreamingRules(QueryDraft query, DatasetName dataset)
{
    private readonly HashSet<int> _reported = [];
    private int _location;

    public void Check() => Node(query.Unit.Node, null);

    /// <summary>Whether the node's rows come from a stream; refuses what cannot be incremental on the way.</summary>
    private bool Node(JsonElement node, StreamCte? ctes)
    {
        foreach (var (name, definition) in SqlAst.Ctes(node)) ctes = new StreamCte(name, Node(SqlAst.CteQuery(definition), ctes), ctes);
        return SqlAst.TypeOf(node) switch
        {
            "SELECT_NODE" => Select(node, ctes),
            "SET_OPERATION_NODE" => SetOperation(node, ctes),
            "RECURSIVE_CTE_NODE" => Recursive(node, ctes),
            _ => false,
        };
    }

    private bool Select(JsonElement node, StreamCte? ctes)
    {
        var from = SqlAst.Child(node, "from_table"u8);
        var streams = SqlAst.IsPresent(from) && From(from, ctes);
        foreach (var item in SqlAst.Items(node, "select_list"u8)) Expression(item, ctes, streams);
        foreach (var clause in (string[])["where_clause", "having", "qualify"])
        {
            if (node.TryGetProperty(clause, out var expression) && expression.ValueKind == JsonValueKind.Object) Expression(expression, ctes, streams && clause != "qualify");
        }
        if (streams) Clauses(node);
        return streams;
    }

    private void Clauses(JsonElement node)
    {
        if (SqlAst.Count(node, "group_expressions"u8) > 0 || SqlAst.Count(node, "group_sets"u8) > 0 || SqlAst.Text(node, "aggregate_handling"u8) == "FORCE_AGGREGATES")
            Refuse(At(SqlAst.Child(node, "group_expressions"u8)), "GROUP BY", "a group's rows come over many batches");
        if (SqlAst.IsPresent(SqlAst.Child(node, "having"u8))) Refuse(At(node.GetProperty("having"u8)), "HAVING", "it looks at whole groups");
        if (SqlAst.IsPresent(SqlAst.Child(node, "qualify"u8))) Refuse(At(node.GetProperty("qualify"u8)), "QUALIFY", "it looks at other rows, which come with other batches");
        if (SqlAst.IsPresent(SqlAst.Child(node, "sample"u8))) Refuse(-1, "A sample", "every batch would be sampled for itself");
        Modifiers(node);
    }

    private void Modifiers(JsonElement node)
    {
        foreach (var modifier in SqlAst.Items(node, "modifiers"u8))
        {
            switch (SqlAst.TypeOf(modifier))
            {
                case "DISTINCT_MODIFIER" or "ORDER_MODIFIER" when IsUnique(node): break;
                case "ORDER_MODIFIER": Refuse(At(modifier), "ORDER BY", "a table has no order, and rows arrive batch by batch"); break;
                case "DISTINCT_MODIFIER": Refuse(At(modifier), "DISTINCT", "a row's twin may have come with an earlier batch", SqlAst.Count(modifier, "distinct_on_targets"u8) > 0 ? "DISTINCT ON stands at the top of a streaming query, over its output columns." : $"SELECT DISTINCT ON (keys) … keeps one row a key over all batches. {View}"); break;
                default: Refuse(At(modifier), "LIMIT", "it would hold for every batch anew"); break;
            }
        }
    }

    // At the top it is about the table; anywhere else about the rows of one batch.
    private bool IsUnique(JsonElement node) => node.Equals(query.Unit.Node) && DeduplicationReader.IsDistinctOn(node);

    private bool SetOperation(JsonElement node, StreamCte? ctes)
    {
        var arms = SqlAst.Count(node, "children"u8) > 0
            ? node.GetProperty("children"u8).EnumerateArray().ToArray()
            : [node.GetProperty("left"u8), node.GetProperty("right"u8)];
        var streams = Array.ConvertAll(arms, arm => Node(arm, ctes));
        if (!Array.Exists(streams, s => s)) return false;
        var type = SqlAst.Text(node, "setop_type"u8);
        var isAll = !node.TryGetProperty("setop_all"u8, out var all) || all.ValueKind == JsonValueKind.True;
        if (type is not ("UNION" or "UNION_BY_NAME") || !isAll)
            Refuse(-1, type.StartsWith("UNION", StringComparison.Ordinal) ? "UNION" : type, "it compares rows of different batches", "UNION ALL can be streamed.");
        else if (Array.Exists(streams, s => !s))
            Refuse(-1, "UNION ALL of a stream and a whole table", "the whole table would be appended with every batch", "Read STREAM in every arm.");
        Modifiers(node);
        return true;
    }

    private bool Recursive(JsonElement node, StreamCte? ctes)
    {
        var streams = Node(node.GetProperty("left"u8), ctes) | Node(node.GetProperty("right"u8), ctes);
        if (streams) Refuse(-1, "A recursive query", "it goes over its own rows");
        return streams;
    }

    private bool From(JsonElement node, StreamCte? ctes)
    {
        switch (SqlAst.TypeOf(node))
        {
            case "BASE_TABLE":
                _location = Math.Max(_location, SqlAst.Location(node));
                var isCte = SqlAst.Text(node, "schema_name"u8).Length == 0 ? StreamCte.Find(ctes, SqlAst.Text(node, "table_name"u8)) : null;
                var streams = isCte ?? IsStream(node);
                if (streams && SqlAst.IsPresent(SqlAst.Child(node, "sample"u8))) Refuse(SqlAst.Location(node), "A sample", "every batch would be sampled for itself");
                return streams;
            case "TABLE_FUNCTION": return IsStream(node);
            case "SUBQUERY": return Node(node.GetProperty("subquery"u8).GetProperty("node"u8), ctes);
            case "JOIN": return Join(node, ctes);
            case "PIVOT":
                var source = From(node.GetProperty("source"u8), ctes);
                if (source && SqlAst.Count(node, "aggregates"u8) > 0) Refuse(SqlAst.Location(node), "PIVOT", "a group's rows come over many batches");
                return source;
            default: return false;
        }
    }

    private bool IsStream(JsonElement node) => query.Unit.Mask.Streams.ContainsKey(query.Unit.Offset(SqlAst.Location(node)));

    private bool Join(JsonElement node, StreamCte? ctes)
    {
        var left = From(node.GetProperty("left"u8), ctes);
        var right = From(node.GetProperty("right"u8), ctes);
        if (node.TryGetProperty("condition"u8, out var condition) && condition.ValueKind == JsonValueKind.Object) Expression(condition, ctes, left || right);
        if (!left && !right) return false;
        var type = SqlAst.Text(node, "join_type"u8);
        var at = SqlAst.Location(node);
        if (left && right) RefuseJoin(at, "A join of two streams", "rows that belong together come with different batches", "Read one of them whole, without STREAM.");
        else if (SqlAst.Text(node, "ref_type"u8) == "POSITIONAL") RefuseJoin(at, "A positional join", "rows have no position over batches", null);
        else if (type is "FULL" or "OUTER" || (type == "LEFT" && right) || (type == "RIGHT" && left) || (type is "SEMI" or "ANTI" && right))
            RefuseJoin(at, $"A {type} join that keeps rows of the whole table", "those rows would be appended with every batch", $"Keep the stream's side (stream LEFT JOIN table), or make it CREATE MATERIALIZED VIEW {dataset} AS … and read the tables without STREAM.");
        return true;
    }

    private void Expression(JsonElement node, StreamCte? ctes, bool streams)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray()) Expression(item, ctes, streams);
            return;
        }
        if (node.ValueKind != JsonValueKind.Object) return;
        if (SqlAst.ClassIs(node, "SUBQUERY"u8))
        {
            if (Node(node.GetProperty("subquery"u8).GetProperty("node"u8), ctes))
                Report(DiagnosticCodes.StreamInSubquery, SqlAst.Location(node), "STREAM in a subquery of an expression.", "Join the stream in FROM, or read the table whole, without STREAM.");
        }
        else if (streams && SqlAst.ClassIs(node, "WINDOW"u8)) Refuse(SqlAst.Location(node), "A window function", "it looks at other rows, which come with other batches");
        else if (streams && SqlAst.ClassIs(node, "FUNCTION"u8) && AggregateFunctions.Contains(SqlAst.Text(node, "function_name"u8)))
            Refuse(SqlAst.Location(node), $"The aggregate {SqlAst.Text(node, "function_name"u8).Replace("count_star", "count", StringComparison.Ordinal)}", "its rows come over many batches");
        foreach (var property in node.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !property.NameEquals("subquery"u8)) Expression(property.Value, ctes, streams);
        }
    }

    private static int At(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Array) return node.GetArrayLength() > 0 ? At(node[0]) : -1;
        if (node.ValueKind != JsonValueKind.Object) return -1;
        if (SqlAst.Location(node) is >= 0 and var own) return own;
        foreach (var property in node.EnumerateObject())
        {
            if (At(property.Value) is >= 0 and var inner) return inner;
        }
        return -1;
    }

    private void Refuse(int location, string what, string why, string? hint = null) =>
        Report(DiagnosticCodes.NotIncremental, location, $"{what} cannot be streamed: {why}.", hint ?? View);

    private void RefuseJoin(int location, string what, string why, string? hint) =>
        Report(DiagnosticCodes.StreamJoin, location, $"{what} cannot be streamed: {why}.", hint ?? View);

    private string View => $"Make it CREATE MATERIALIZED VIEW {dataset} AS … and read the tables without STREAM.";

    private void Report(string code, int location, string message, string hint)
    {
        if (location < 0) location = _location;
        if (_reported.Add(HashCode.Combine(location, message))) query.Unit.Report(code, query.Unit.Offset(location), message, hint);
    }
}

/// <summary>A CTE in sight and whether it streams.</summary>
internal sealed record StreamCte(string Name, bool Streams, StreamCte? Outer)
{
    public static bool? Find(StreamCte? ctes, string name)
    {
        for (; ctes is not null; ctes = ctes.Outer)
        {
            if (ctes.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return ctes.Streams;
        }
        return null;
    }
}
