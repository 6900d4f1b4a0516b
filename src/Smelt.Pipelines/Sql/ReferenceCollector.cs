using System.Text.Json;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Sql;

/// <summary>A table's name in FROM as parsed. <paramref name="Offset"/> is into the query's text.</summary>
internal sealed record RawReference(string[] Parts, string? Alias, int Offset);

/// <summary>A table function in FROM.</summary>
internal sealed record RawCall(string Function, JsonElement Node, string? Alias, int Offset);

/// <summary>First look at a query's tree: what it reads and calls, before any name is known.</summary>
internal sealed class ReferenceCollector
{
    private readonly QueryUnit _unit;

    private ReferenceCollector(QueryUnit unit) => _unit = unit;

    public List<RawReference> References { get; } = [];
    public List<RawCall> Calls { get; } = [];

    /// <summary>Names of functions, lower case.</summary>
    public HashSet<string> Functions { get; } = [];

    /// <summary>Single-part column names that may be special words (current_date …), lower case.</summary>
    public bool UsesTime { get; private set; }

    /// <summary>JSON of select items that have neither alias nor a name of their own.</summary>
    public List<string> Unnamed { get; } = [];

    public static ReferenceCollector Of(QueryUnit unit)
    {
        var collector = new ReferenceCollector(unit);
        if (unit.IsParsed) collector.Walk(unit.Node, null);
        return collector;
    }

    private void Walk(JsonElement node, CteName? ctes)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray())
            {
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array) Walk(item, ctes);
            }
            return;
        }
        if (node.TryGetProperty("type"u8, out var type) && type.ValueKind == JsonValueKind.String) ctes = Visit(node, type, ctes);
        foreach (var property in node.EnumerateObject())
        {
            if (property.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) || property.NameEquals("cte_map"u8)) continue;
            Walk(property.Value, ctes);
        }
    }

    private CteName? Visit(JsonElement node, JsonElement type, CteName? ctes)
    {
        if (type.ValueEquals("BASE_TABLE"u8)) Table(node, ctes);
        else if (type.ValueEquals("TABLE_FUNCTION"u8)) Call(node);
        else if (type.ValueEquals("COLUMN_REF"u8)) Column(node);
        else if (node.TryGetProperty("function_name"u8, out var function)) Functions.Add(function.GetString()!.ToLowerInvariant());
        else if (node.TryGetProperty("cte_map"u8, out _)) return QueryNode(node, ctes);
        return ctes;
    }

    private CteName? QueryNode(JsonElement node, CteName? ctes)
    {
        foreach (var (name, definition) in SqlAst.Ctes(node))
        {
            var query = SqlAst.CteQuery(definition);
            var isRecursive = SqlAst.TypeIs(query, "RECURSIVE_CTE_NODE"u8);
            Walk(query, isRecursive ? new CteName(name, ctes) : ctes);
            ctes = new CteName(name, ctes);
        }
        foreach (var item in SqlAst.Items(node, "select_list"u8))
        {
            if (SqlAst.Text(item, "alias"u8).Length > 0 || SqlAst.ClassIs(item, "COLUMN_REF"u8) || SqlAst.ClassIs(item, "STAR"u8)) continue;
            Unnamed.Add(item.GetRawText());
        }
        return ctes;
    }

    private void Table(JsonElement node, CteName? ctes)
    {
        var table = SqlAst.Text(node, "table_name"u8);
        var schema = SqlAst.Text(node, "schema_name"u8);
        var catalog = SqlAst.Text(node, "catalog_name"u8);
        if (schema.Length == 0 && CteName.Holds(ctes, table)) return;
        string[] parts = catalog.Length > 0 ? [catalog, schema, table] : schema.Length > 0 ? [schema, table] : [table];
        References.Add(new RawReference(parts, Alias(node), _unit.Offset(SqlAst.Location(node))));
    }

    private void Call(JsonElement node)
    {
        if (!node.TryGetProperty("function"u8, out var function)) return;
        var name = SqlAst.Text(function, "function_name"u8).ToLowerInvariant();
        Calls.Add(new RawCall(name, function, Alias(node), _unit.Offset(SqlAst.Location(node))));
    }

    private void Column(JsonElement node)
    {
        if (UsesTime) return;
        var names = SqlAst.Child(node, "column_names"u8);
        if (names.GetArrayLength() != 1) return;
        UsesTime = FunctionStability.IsTimeWord(names[0].GetString()!);
    }

    private static string? Alias(JsonElement node)
    {
        var alias = SqlAst.Text(node, "alias"u8);
        return alias.Length == 0 ? null : alias;
    }
}

/// <summary>The CTEs in sight, innermost first.</summary>
internal sealed record CteName(string Name, CteName? Outer)
{
    public static bool Holds(CteName? names, string name)
    {
        for (; names is not null; names = names.Outer)
        {
            if (names.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}
