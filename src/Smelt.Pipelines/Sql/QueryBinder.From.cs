using System.Text.Json;

namespace Smelt.Pipelines.Sql;

internal sealed partial class QueryBinder
{
    /// <summary>Adds the relations of a FROM to <paramref name="scope"/>; those already there are seen laterally.</summary>
    private void From(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        switch (SqlAst.TypeOf(node))
        {
            case "BASE_TABLE": scope.Relations.Add(Table(node, ctes)); break;
            case "JOIN": Join(node, scope, ctes); break;
            case "SUBQUERY": scope.Relations.Add(Subquery(node, scope, ctes)); break;
            case "TABLE_FUNCTION": scope.Relations.Add(TableFunction(node, scope, ctes)); break;
            case "EXPRESSION_LIST": scope.Relations.Add(Values(node, scope, ctes)); break;
            case "PIVOT": scope.Relations.Add(Pivot(node, scope, ctes)); break;
            case "EMPTY": break;
            default: scope.Relations.Add(new BoundRelation { Columns = [], Openness = Openness.Open }); break;
        }
    }

    private BoundRelation Table(JsonElement node, BoundCte? ctes)
    {
        var table = SqlAst.Text(node, "table_name"u8);
        var schema = SqlAst.Text(node, "schema_name"u8);
        var alias = SqlAst.Text(node, "alias"u8);
        var query = schema.Length == 0 ? BoundCte.Find(ctes, table) : null;
        DatasetName? dataset = null;
        if (query is null)
        {
            var reference = world.References.GetValueOrDefault(unit.Offset(SqlAst.Location(node)));
            dataset = reference?.Dataset;
            query = dataset is { } name ? world.SchemaOf(name) : BoundQuery.Unknown;
        }
        var renamed = SqlAst.Texts(node, "column_name_alias"u8);
        return new BoundRelation
        {
            Alias = alias.Length > 0 ? alias : table,
            Schema = alias.Length > 0 || schema.Length == 0 ? null : schema,
            Columns = renamed.Count == 0 ? query.Columns : RenamedColumns(query.Columns, renamed),
            Openness = renamed.Count > 0 && query.Openness != Openness.Closed ? Openness.Open : query.Openness,
            Dataset = dataset,
        };
    }

    private void Join(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        var first = scope.Relations.Count;
        From(node.GetProperty("left"u8), scope, ctes);
        var middle = scope.Relations.Count;
        From(node.GetProperty("right"u8), scope, ctes);
        var type = SqlAst.Text(node, "join_type"u8);
        foreach (var name in SqlAst.Texts(node, "using_columns"u8)) Merge(scope, name, first, middle, type, SqlAst.Location(node));
        if (SqlAst.Text(node, "ref_type"u8) == "NATURAL") Natural(scope, first, middle, type);
        var condition = SqlAst.Child(node, "condition"u8);
        if (SqlAst.IsPresent(condition))
        {
            var seen = new BindScope(scope.Outer) { Relations = scope.Relations.GetRange(first, scope.Relations.Count - first) };
            Expression(condition, seen, ctes, null);
        }
        if (type is "SEMI" or "ANTI") scope.Relations.RemoveRange(middle, scope.Relations.Count - middle);
    }

    // The merged column is the left one's, and carries the lineage of both where either may give the value.
    private void Merge(BindScope scope, string name, int first, int middle, string joinType, int location)
    {
        var right = Holder(scope, name, middle, scope.Relations.Count);
        var left = Holder(scope, name, first, middle);
        if (left is null && IsClosed(scope, first, middle)) ReportUnknown(name, null, location, scope.Relations[first..middle]);
        if (right is null && IsClosed(scope, middle, scope.Relations.Count)) ReportUnknown(name, null, location, scope.Relations[middle..]);
        if (right is null) return;
        right.Hide(name);
        if (left is null || joinType is "INNER" or "LEFT" or "SEMI" or "ANTI") return;
        var at = left.Find(name);
        var columns = left.Columns[at] with { Origins = Union(left.Columns[at].Origins, right.Columns[right.Find(name)].Origins) };
        var index = scope.Relations.IndexOf(left);
        scope.Relations[index] = Replaced(left, at, columns);
    }

    private static BoundRelation Replaced(BoundRelation relation, int at, BoundColumn column)
    {
        var columns = new List<BoundColumn>(relation.Columns) { [at] = column };
        return new BoundRelation
        {
            Alias = relation.Alias, Schema = relation.Schema, Columns = columns, Openness = relation.Openness, Dataset = relation.Dataset,
            Hidden = relation.Hidden, DefaultOrigins = relation.DefaultOrigins,
        };
    }

    private static BoundRelation? Holder(BindScope scope, string name, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (scope.Relations[i].Find(name) >= 0 && !scope.Relations[i].IsHidden(name)) return scope.Relations[i];
        }
        return null;
    }

    private static bool IsClosed(BindScope scope, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (scope.Relations[i].Openness == Openness.Open) return false;
        }
        return true;
    }

    private void Natural(BindScope scope, int first, int middle, string joinType)
    {
        for (var i = middle; i < scope.Relations.Count; i++)
        {
            foreach (var column in scope.Relations[i].Columns)
            {
                if (Holder(scope, column.Name, first, middle) is not null) Merge(scope, column.Name, first, middle, joinType, -1);
            }
        }
    }

    private BoundRelation Subquery(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        // Subqueries in FROM see their left neighbours: DuckDB takes LATERAL as given.
        var lateral = new BindScope(scope.Outer) { Relations = [.. scope.Relations] };
        var query = BindNode(node.GetProperty("subquery"u8).GetProperty("node"u8), ctes, lateral);
        var alias = SqlAst.Text(node, "alias"u8);
        var renamed = Renamed(query, SqlAst.Texts(node, "column_name_alias"u8));
        return new BoundRelation { Alias = alias.Length > 0 ? alias : null, Columns = renamed.Columns, Openness = renamed.Openness };
    }

    private BoundRelation TableFunction(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        var function = node.GetProperty("function"u8);
        var name = SqlAst.Text(function, "function_name"u8);
        var origins = new OriginSet();
        foreach (var argument in SqlAst.Items(function, "children"u8))
        {
            // `header = true`: the left side is an option's name.
            var value = SqlAst.TypeIs(argument, "COMPARE_EQUAL"u8) && SqlAst.ClassIs(argument.GetProperty("left"u8), "COLUMN_REF"u8)
                ? argument.GetProperty("right"u8) : argument;
            // table_changes(silver.orders) names a table.
            if (name.Equals("table_changes", StringComparison.OrdinalIgnoreCase) && SqlAst.ClassIs(value, "COLUMN_REF"u8)) continue;
            Expression(value, scope, ctes, origins);
        }
        var from = origins.ToArray();
        var alias = SqlAst.Text(node, "alias"u8);
        var columns = SqlAst.Texts(node, "column_name_alias"u8).ConvertAll(n => new BoundColumn(n, from));
        return new BoundRelation { Alias = alias.Length > 0 ? alias : name, Columns = columns, Openness = Openness.Open, DefaultOrigins = from };
    }

    private BoundRelation Values(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        var columns = new List<BoundColumn>();
        foreach (var row in SqlAst.Items(node, "values"u8))
        {
            var at = 0;
            foreach (var value in row.EnumerateArray())
            {
                var origins = new OriginSet();
                Expression(value, scope, ctes, origins);
                if (at == columns.Count) columns.Add(new BoundColumn($"col{at}", origins.ToArray()));
                at++;
            }
        }
        return new BoundRelation
        {
            Alias = SqlAst.Text(node, "alias"u8) is { Length: > 0 } alias ? alias : null,
            Columns = RenamedColumns(columns, SqlAst.Texts(node, "column_name_alias"u8)),
        };
    }

    // What comes out depends on values and on types: open, but what goes in is checked.
    private BoundRelation Pivot(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        var inner = new BindScope(scope.Outer) { Relations = [.. scope.Relations] };
        var first = inner.Relations.Count;
        From(node.GetProperty("source"u8), inner, ctes);
        inner = new BindScope(scope.Outer) { Relations = inner.Relations.GetRange(first, inner.Relations.Count - first) };
        foreach (var aggregate in SqlAst.Items(node, "aggregates"u8)) Expression(aggregate, inner, ctes, null);
        foreach (var pivot in SqlAst.Items(node, "pivots"u8))
        {
            foreach (var expression in SqlAst.Items(pivot, "pivot_expressions"u8)) Expression(expression, inner, ctes, null);
        }
        var origins = new OriginSet();
        foreach (var relation in inner.Relations)
        {
            foreach (var column in relation.Columns) origins.Add(column.Origins);
        }
        var alias = SqlAst.Text(node, "alias"u8);
        return new BoundRelation { Alias = alias.Length > 0 ? alias : null, Columns = [], Openness = Openness.Open, DefaultOrigins = origins.ToArray() };
    }
}
