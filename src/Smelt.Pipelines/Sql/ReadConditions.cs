using System.Text.Json;

namespace Smelt.Pipelines.Sql;

/// <summary>
/// Finds for each table that a query reads the WHERE clause that every row of it has to pass: the table stands alone in FROM, or on a side of joins that takes rows away and
/// never adds NULL ones. Sampled and renamed tables, and those of other joins, have none.
/// </summary>
internal sealed class ReadConditions
{
    private readonly QueryUnit _unit;
    private readonly Dictionary<int, ReadCondition> _found = [];
    private bool _namesLayers;

    private ReadConditions(QueryUnit unit) => _unit = unit;

    /// <summary>By the offset of the table's name or source call.</summary>
    public static Dictionary<int, ReadCondition> Of(QueryUnit unit)
    {
        var conditions = new ReadConditions(unit);
        if (unit.IsParsed) conditions.Walk(unit.Node);
        // silver.orders.id names its table in full: such a table goes under its own name only, which has all of its files.
        return conditions._namesLayers ? [] : conditions._found;
    }

    private void Walk(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray()) Walk(item);
        }
        if (node.ValueKind != JsonValueKind.Object) return;
        if (SqlAst.TypeIs(node, "SELECT_NODE"u8)) Select(node);
        if (SqlAst.TypeIs(node, "COLUMN_REF"u8)) _namesLayers |= SqlAst.Texts(node, "column_names"u8) is [var first, _, _, ..] && DatasetName.TryLayer(first, out _);
        foreach (var property in node.EnumerateObject()) Walk(property.Value);
    }

    private void Select(JsonElement node)
    {
        var where = SqlAst.Child(node, "where_clause"u8);
        var from = SqlAst.Child(node, "from_table"u8);
        if (!SqlAst.IsPresent(where) || !SqlAst.IsPresent(from) || SqlAst.IsPresent(SqlAst.Child(node, "sample"u8))) return;
        var aliases = SqlAst.Items(node, "select_list"u8).Select(static item => SqlAst.Text(item, "alias"u8)).Where(static a => a.Length > 0).ToList();
        From(from, new ReadCondition(where.GetRawText(), [], !SqlAst.TypeIs(from, "JOIN"u8), aliases));
    }

    private void From(JsonElement node, ReadCondition condition)
    {
        if (SqlAst.IsPresent(SqlAst.Child(node, "sample"u8)) || SqlAst.Count(node, "column_name_alias"u8) > 0) return;
        if (SqlAst.TypeIs(node, "JOIN"u8)) Join(node, condition);
        else if (SqlAst.TypeIs(node, "BASE_TABLE"u8) || SqlAst.TypeIs(node, "TABLE_FUNCTION"u8)) Add(node, condition);
    }

    private void Join(JsonElement node, ReadCondition condition)
    {
        if (SqlAst.Text(node, "ref_type"u8) is not ("REGULAR" or "CROSS")) return;
        var join = SqlAst.Text(node, "join_type"u8);
        if (join is "INNER" or "LEFT" or "SEMI" or "ANTI") From(SqlAst.Child(node, "left"u8), condition);
        if (join is "INNER" or "RIGHT") From(SqlAst.Child(node, "right"u8), condition);
    }

    private void Add(JsonElement node, ReadCondition condition)
    {
        var location = SqlAst.Location(node);
        if (location < 0) return;
        var alias = SqlAst.Text(node, "alias"u8);
        string[] qualifier = alias.Length > 0 ? [alias]
            : SqlAst.TypeIs(node, "TABLE_FUNCTION"u8) ? [SqlAst.Text(SqlAst.Child(node, "function"u8), "function_name"u8)] : [SqlAst.Text(node, "table_name"u8)];
        _found[_unit.Offset(location)] = condition with { Qualifier = qualifier };
    }
}
