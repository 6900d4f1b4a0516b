using System.Text.Json.Nodes;

namespace Smelt.Pipelines.Streaming;

/// <summary>
/// Leads hidden columns of the streamed relation through CTEs, subqueries and UNION ALL to the end of the top select list. They are last in every
/// select on the way, and every star over them excludes them, so that the user's own columns stay as they were.
/// </summary>
/// <param name="columnsOf">Names of a streamed table's columns, those to carry excluded.</param>
internal sealed class CarryThreading(HashSet<JsonObject> streams, IReadOnlyList<string> carry, Func<JsonObject, List<string>> columnsOf)
{
    private JsonObject? _table;

    /// <summary>True where the node's rows come from a stream.</summary>
    public bool Node(JsonObject node, StreamCte? ctes = null)
    {
        foreach (var (name, query) in node.Ctes()) ctes = new StreamCte(name, Node(query, ctes), ctes);
        switch (node.Type())
        {
            case "SELECT_NODE": return Select(node, ctes);
            case "SET_OPERATION_NODE":
                var any = false;
                foreach (var arm in node.Arms()) any |= Node(arm, ctes);
                return any;
            default: return false;
        }
    }

    private bool Select(JsonObject node, StreamCte? ctes)
    {
        _table = null;
        if (node["from_table"] is not JsonObject from || Relation(from, ctes) is not { } relation) return false;
        if (relation.Length > 0 && _table is { } table) WholeRows(node, relation, table);
        var items = (JsonArray)node["select_list"]!;
        foreach (var star in items.Under(subqueries: false).Where(n => n.Class() == "STAR").ToList()) Exclude(star, relation);
        foreach (var column in carry) items.Add((JsonNode)TreeNodes.Column(column));
        return true;
    }

    // `SELECT o FROM STREAM orders o`: the row as a struct, which must not show what is hidden.
    private void WholeRows(JsonObject node, string relation, JsonObject table)
    {
        var rows = node.Under().Where(n => n.Class() == "COLUMN_REF" && n.ColumnNames() is [var name] && name.Equals(relation, StringComparison.OrdinalIgnoreCase)).ToList();
        if (rows.Count == 0) return;
        var columns = columnsOf(table);
        if (columns.Exists(c => c.Equals(relation, StringComparison.OrdinalIgnoreCase))) return;
        foreach (var row in rows)
        {
            var fields = columns.ConvertAll(c =>
            {
                var field = TreeNodes.Column(relation, c);
                field["alias"] = c;
                return (JsonNode)field;
            });
            // An item of the list keeps the name that it had as a column.
            if (row.Alias().Length == 0 && row.Parent == node["select_list"]) row["alias"] = row.ColumnNames()[0];
            row.Become(TreeNodes.Function("struct_pack", [.. fields]));
        }
    }

    private void Exclude(JsonObject star, string relation)
    {
        var qualifier = star.Text("relation_name");
        if (qualifier.Length > 0 && !qualifier.Equals(relation, StringComparison.OrdinalIgnoreCase)) return;
        if (star["expr"] is JsonObject pattern)
        {
            // COLUMNS('regex') cannot exclude; as a filter over names it can. The lambda form holds a star of its own, which is excluded there.
            if (pattern.Class() != "CONSTANT") return;
            star["expr"] = NamesLike(pattern);
            return;
        }
        if (star["exclude_list"] is not JsonArray excluded) star["exclude_list"] = excluded = [];
        foreach (var column in carry) excluded.Add((JsonNode)JsonValue.Create(column));
    }

    private JsonObject NamesLike(JsonObject pattern)
    {
        var excluded = new JsonArray([.. carry.Select(c => JsonValue.Create(c))]);
        var names = new JsonObject { ["class"] = "STAR", ["type"] = "STAR", ["exclude_list"] = excluded };
        var matches = TreeNodes.Function("regexp_matches", TreeNodes.Column("__smelt_name"), pattern.DeepClone());
        var lambda = new JsonObject { ["class"] = "LAMBDA", ["type"] = "LAMBDA", ["lhs"] = TreeNodes.Column("__smelt_name"), ["expr"] = matches };
        return TreeNodes.Function("list_filter", names, lambda);
    }

    // The alias of the streamed relation in a FROM; empty where it has none; null where nothing streams.
    private string? Relation(JsonObject from, StreamCte? ctes)
    {
        switch (from.Type())
        {
            case "BASE_TABLE":
                var isCte = from.Text("schema_name").Length == 0 && StreamCte.Find(ctes, from.Text("table_name")) is true;
                return streams.Contains(from) || isCte ? Found(from, from.Text("table_name")) : null;
            case "TABLE_FUNCTION": return streams.Contains(from) ? Found(from, ((JsonObject)from["function"]!).Text("function_name")) : null;
            case "SUBQUERY": return Node((JsonObject)from["subquery"]!["node"]!, ctes) ? Found(from, "") : null;
            case "JOIN": return Relation((JsonObject)from["left"]!, ctes) ?? Relation((JsonObject)from["right"]!, ctes);
            case "PIVOT": return Relation((JsonObject)from["source"]!, ctes) is null ? null : Found(from, "");
            default: return null;
        }
    }

    private string Found(JsonObject from, string otherwise)
    {
        _table = from;
        return from.Alias() is { Length: > 0 } alias ? alias : otherwise;
    }
}
