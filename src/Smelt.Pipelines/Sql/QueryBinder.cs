using System.Text.Json;

namespace Smelt.Pipelines.Sql;

/// <summary>What a binder knows of the world around one query.</summary>
internal sealed record BindWorld(
    IReadOnlyDictionary<int, TableReference> References, Func<DatasetName, BoundQuery> SchemaOf, IReadOnlyDictionary<string, string> ExpressionNames);

/// <summary>
/// Binds the names of one query over DuckDB's syntax tree: output columns, lineage, unknown columns. Where a schema is open nothing is an error: it
/// never refuses what DuckDB would take.
/// </summary>
internal sealed partial class QueryBinder(QueryUnit unit, BindWorld world)
{
    private readonly List<string> _lambdaNames = [];
    private readonly HashSet<int> _reported = [];
    private int _location;

    /// <summary>The name of the column last resolved as its table has it; null where it is a field or a guess.</summary>
    private string? _resolvedName;

    public BoundQuery Bind() => BindNode(unit.Node, null, null);

    /// <summary>Binds an expression unit against the columns of a relation (an expectation's predicate).</summary>
    public ColumnOrigin[] BindPredicate(BoundRelation relation)
    {
        var scope = new BindScope(null) { Relations = [relation] };
        var origins = new OriginSet();
        foreach (var item in SqlAst.Items(unit.Node, "select_list"u8)) Expression(item, scope, null, origins);
        return origins.ToArray();
    }

    private BoundQuery BindNode(JsonElement node, BoundCte? ctes, BindScope? outer)
    {
        foreach (var (name, definition) in SqlAst.Ctes(node)) ctes = new BoundCte(name, Cte(name, definition, ctes, outer), ctes);
        return SqlAst.TypeOf(node) switch
        {
            "SELECT_NODE" => Select(node, ctes, outer),
            "SET_OPERATION_NODE" => SetOperation(node, ctes, outer),
            "RECURSIVE_CTE_NODE" => Recursive(node, ctes, outer, []),
            _ => BoundQuery.Unknown,
        };
    }

    private BoundQuery Cte(string name, JsonElement definition, BoundCte? ctes, BindScope? outer)
    {
        var aliases = SqlAst.Texts(definition, "aliases"u8);
        var query = SqlAst.CteQuery(definition);
        if (SqlAst.TypeIs(query, "RECURSIVE_CTE_NODE"u8))
        {
            foreach (var (inner, innerDefinition) in SqlAst.Ctes(query)) ctes = new BoundCte(inner, Cte(inner, innerDefinition, ctes, outer), ctes);
            return Recursive(query, ctes, outer, aliases);
        }
        _ = name;
        return Renamed(BindNode(query, ctes, outer), aliases);
    }

    private BoundQuery Recursive(JsonElement node, BoundCte? ctes, BindScope? outer, List<string> aliases)
    {
        var left = Renamed(BindNode(node.GetProperty("left"u8), ctes, outer), aliases);
        var self = new BoundCte(SqlAst.Text(node, "cte_name"u8), left, ctes);
        BindNode(node.GetProperty("right"u8), self, outer);
        return left;
    }

    private static BoundQuery Renamed(BoundQuery query, List<string> names)
    {
        if (names.Count == 0) return query;
        if (query.Openness != Openness.Closed) return new BoundQuery { Columns = names.ConvertAll(n => new BoundColumn(n, [])), Openness = Openness.Open };
        return new BoundQuery { Columns = RenamedColumns(query.Columns, names), Openness = query.Openness };
    }

    private static List<BoundColumn> RenamedColumns(List<BoundColumn> columns, List<string> names)
    {
        var renamed = new List<BoundColumn>(columns);
        for (var i = 0; i < names.Count && i < renamed.Count; i++) renamed[i] = renamed[i] with { Name = names[i] };
        return renamed;
    }

    private BoundQuery Select(JsonElement node, BoundCte? ctes, BindScope? outer)
    {
        var scope = new BindScope(outer);
        if (SqlAst.IsPresent(SqlAst.Child(node, "from_table"u8))) From(node.GetProperty("from_table"u8), scope, ctes);
        var output = SelectList(node, scope, ctes);
        Soft(node, "where_clause"u8, scope, ctes);
        foreach (var group in SqlAst.Items(node, "group_expressions"u8)) Expression(group, scope, ctes, null);
        Soft(node, "having"u8, scope, ctes);
        Soft(node, "qualify"u8, scope, ctes);
        Modifiers(node, scope, ctes);
        return output;
    }

    private void Soft(JsonElement node, ReadOnlySpan<byte> property, BindScope scope, BoundCte? ctes)
    {
        var expression = SqlAst.Child(node, property);
        if (SqlAst.IsPresent(expression)) Expression(expression, scope, ctes, null);
    }

    private void Modifiers(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        foreach (var modifier in SqlAst.Items(node, "modifiers"u8))
        {
            foreach (var order in SqlAst.Items(modifier, "orders"u8)) Soft(order, "expression"u8, scope, ctes);
            foreach (var target in SqlAst.Items(modifier, "distinct_on_targets"u8)) Expression(target, scope, ctes, null);
            Soft(modifier, "limit"u8, scope, ctes);
            Soft(modifier, "offset"u8, scope, ctes);
        }
    }

    private BoundQuery SetOperation(JsonElement node, BoundCte? ctes, BindScope? outer)
    {
        var byName = SqlAst.TypeOf(node).Length > 0 && SqlAst.Text(node, "setop_type"u8) == "UNION_BY_NAME";
        BoundQuery result;
        if (node.TryGetProperty("children"u8, out var children) && children.ValueKind == JsonValueKind.Array && children.GetArrayLength() > 0)
        {
            result = BindNode(children[0], ctes, outer);
            for (var i = 1; i < children.GetArrayLength(); i++) result = Combined(result, BindNode(children[i], ctes, outer), byName);
        }
        else
        {
            result = Combined(BindNode(node.GetProperty("left"u8), ctes, outer), BindNode(node.GetProperty("right"u8), ctes, outer), byName);
        }
        var scope = new BindScope(outer) { Relations = [new BoundRelation { Columns = result.Columns, Openness = result.Openness }] };
        Modifiers(node, scope, ctes);
        return result;
    }

    private static BoundQuery Combined(BoundQuery left, BoundQuery right, bool byName)
    {
        var result = new BoundQuery { Columns = new List<BoundColumn>(left.Columns), Openness = left.Openness };
        if (byName) result.Widen(right.Openness);
        for (var i = 0; i < right.Columns.Count; i++)
        {
            var column = right.Columns[i];
            var at = byName ? result.Columns.FindIndex(c => c.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) : i;
            if (byName && at < 0) result.Columns.Add(column);
            else if (at < result.Columns.Count && right.Openness == Openness.Closed && left.Openness == Openness.Closed)
                result.Columns[at] = result.Columns[at] with { Origins = Union(result.Columns[at].Origins, column.Origins) };
        }
        return result;
    }

    private static ColumnOrigin[] Union(ColumnOrigin[] left, ColumnOrigin[] right)
    {
        if (right.Length == 0) return left;
        if (left.Length == 0) return right;
        var all = new List<ColumnOrigin>(left);
        foreach (var origin in right)
        {
            if (!all.Contains(origin)) all.Add(origin);
        }
        return [.. all];
    }
}
