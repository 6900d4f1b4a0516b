using System.Text.Json;

namespace Smelt.Pipelines.Sql;

internal sealed partial class QueryBinder
{
    private static readonly string[] s_words =
        ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "user", "session_user", "current_catalog", "current_schema", "rowid"];

    /// <summary>Walks an expression; its columns' origins go to <paramref name="origins"/> where wanted.</summary>
    private void Expression(JsonElement node, BindScope scope, BoundCte? ctes, OriginSet? origins)
    {
        if (node.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in node.EnumerateArray())
            {
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array) Expression(item, scope, ctes, origins);
            }
            return;
        }
        if (node.TryGetProperty("class"u8, out var kind))
        {
            if (kind.ValueEquals("COLUMN_REF"u8))
            {
                var found = Resolve(SqlAst.Texts(node, "column_names"u8), SqlAst.Location(node), scope);
                origins?.Add(found);
                return;
            }
            if (kind.ValueEquals("CONSTANT"u8)) return;
            if (kind.ValueEquals("SUBQUERY"u8)) { SubqueryExpression(node, scope, ctes, origins); return; }
            if (kind.ValueEquals("LAMBDA"u8)) { Lambda(node, scope, ctes, origins); return; }
            if (kind.ValueEquals("FUNCTION"u8)) MethodTarget(node, scope, origins);
            if (kind.ValueEquals("STAR"u8)) { AllColumns(scope, origins); return; }
        }
        foreach (var property in node.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !property.NameEquals("cast_type"u8))
                Expression(property.Value, scope, ctes, origins);
        }
    }

    private void SubqueryExpression(JsonElement node, BindScope scope, BoundCte? ctes, OriginSet? origins)
    {
        var child = SqlAst.Child(node, "child"u8);
        if (SqlAst.IsPresent(child)) Expression(child, scope, ctes, origins);
        var query = BindNode(node.GetProperty("subquery"u8).GetProperty("node"u8), ctes, scope);
        foreach (var column in query.Columns) origins?.Add(column.Origins);
    }

    // `x -> x + 1` and `json -> 'key'` are the same node: what is on the left is taken as names, and softly as columns.
    private void Lambda(JsonElement node, BindScope scope, BoundCte? ctes, OriginSet? origins)
    {
        var before = _lambdaNames.Count;
        var left = node.GetProperty("lhs"u8);
        LambdaNames(left, scope, ctes, origins);
        Expression(node.GetProperty("expr"u8), scope, ctes, origins);
        _lambdaNames.RemoveRange(before, _lambdaNames.Count - before);
    }

    private void LambdaNames(JsonElement left, BindScope scope, BoundCte? ctes, OriginSet? origins)
    {
        if (SqlAst.ClassIs(left, "COLUMN_REF"u8))
        {
            var names = SqlAst.Texts(left, "column_names"u8);
            if (TryResolve(names, scope, out var found)) origins?.Add(found);
            if (names.Count == 1) _lambdaNames.Add(names[0]);
        }
        else if (SqlAst.ClassIs(left, "FUNCTION"u8) && SqlAst.Text(left, "function_name"u8) == "row")
        {
            foreach (var parameter in SqlAst.Items(left, "children"u8)) LambdaNames(parameter, scope, ctes, origins);
        }
        else Expression(left, scope, ctes, origins);
    }

    // name.upper(): DuckDB parses the column as the function's schema.
    private void MethodTarget(JsonElement node, BindScope scope, OriginSet? origins)
    {
        var schema = SqlAst.Text(node, "schema"u8);
        if (origins is null || schema.Length == 0 || schema == "main") return;
        var catalog = SqlAst.Text(node, "catalog"u8);
        if (TryResolve(catalog.Length > 0 ? [catalog, schema] : [schema], scope, out var found)) origins.Add(found);
    }

    private static void AllColumns(BindScope scope, OriginSet? origins)
    {
        if (origins is null) return;
        foreach (var relation in scope.Relations)
        {
            foreach (var column in relation.Columns) origins.Add(column.Origins);
        }
    }

    private ColumnOrigin[] Resolve(List<string> names, int location, BindScope scope)
    {
        if (location >= 0) _location = location;
        if (TryResolve(names, scope, out var origins)) return origins;
        Unknown(names, _location, scope);
        return [];
    }

    /// <summary>False only where every relation in sight is known and none has the column.</summary>
    private bool TryResolve(List<string> names, BindScope scope, out ColumnOrigin[] origins)
    {
        origins = [];
        _resolvedName = null;
        if (_lambdaNames.Exists(n => n.Equals(names[0], StringComparison.OrdinalIgnoreCase))) return true;
        for (var at = scope; at is not null; at = at.Outer)
        {
            if (names.Count > 1 && QualifiedColumn(names, at, out origins)) return true;
            if (PlainColumn(names[0], names.Count, at, out origins)) return true;
            var alias = at.Aliases.FindIndex(a => a.Name.Equals(names[0], StringComparison.OrdinalIgnoreCase));
            if (alias >= 0) { origins = at.Aliases[alias].Origins; return true; }
            if (names.Count == 1 && WholeRow(names[0], at, out origins)) return true;
        }
        if (names.Count == 1 && Array.Exists(s_words, w => w.Equals(names[0], StringComparison.OrdinalIgnoreCase))) return true;
        return Guess(names, scope, out origins);
    }

    private bool PlainColumn(string name, int parts, BindScope scope, out ColumnOrigin[] origins)
    {
        foreach (var relation in scope.Relations)
        {
            var at = relation.Find(name);
            if (at < 0 || relation.IsHidden(name)) continue;
            origins = relation.Columns[at].Origins;
            if (parts == 1) _resolvedName = relation.Columns[at].Name;
            return true;
        }
        origins = [];
        return false;
    }

    // alias.column[.field…] or schema.table.column[.field…].
    private bool QualifiedColumn(List<string> names, BindScope scope, out ColumnOrigin[] origins)
    {
        origins = [];
        foreach (var relation in scope.Relations)
        {
            var column = -1;
            if (relation.Alias is null) continue;
            if (Same(relation.Alias, names[0])) column = 1;
            else if (relation.Schema is not null && Same(relation.Schema, names[0]) && Same(relation.Alias, names[1])) column = 2;
            if (column < 0 || column >= names.Count) continue;
            var at = relation.Find(names[column]);
            if (at >= 0)
            {
                origins = relation.Columns[at].Origins;
                if (column == names.Count - 1) _resolvedName = relation.Columns[at].Name;
            }
            else if (relation.Openness == Openness.Open) origins = relation.Guess(names[column]);
            else continue;
            return true;
        }
        return false;
    }

    private static bool WholeRow(string name, BindScope scope, out ColumnOrigin[] origins)
    {
        var relation = scope.Relations.Find(r => r.Alias is not null && Same(r.Alias, name));
        var all = new OriginSet();
        if (relation is not null)
        {
            foreach (var column in relation.Columns) all.Add(column.Origins);
        }
        origins = all.ToArray();
        return relation is not null;
    }

    // An open relation may have any column; where exactly one is open it is that one's.
    private static bool Guess(List<string> names, BindScope scope, out ColumnOrigin[] origins)
    {
        origins = [];
        var open = 0;
        for (var at = scope; at is not null; at = at.Outer)
        {
            foreach (var relation in at.Relations)
            {
                if (names.Count > 1 && relation.Alias is not null && Same(relation.Alias, names[0]) && relation.Openness != Openness.Open) return false;
                if (relation.Openness != Openness.Open) continue;
                if (open++ == 0) origins = relation.Guess(names[0]);
            }
        }
        if (open > 1) origins = [];
        return open > 0;
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private void Unknown(List<string> names, int location, BindScope scope)
    {
        var seen = new List<BoundRelation>();
        for (var at = scope; at is not null; at = at.Outer) seen.AddRange(at.Relations);
        if (names.Count == 1)
        {
            ReportUnknown(names[0], null, location, seen);
            return;
        }
        var relation = seen.Find(r => r.Alias is not null && (Same(r.Alias, names[0]) || (r.Schema is not null && Same(r.Schema, names[0]) && Same(r.Alias, names[1]))));
        if (relation is not null) ReportUnknown(names[Same(relation.Alias!, names[0]) ? 1 : Math.Min(2, names.Count - 1)], relation.Alias, location, [relation]);
        else ReportTable(names, location, seen);
    }

    private void ReportTable(List<string> names, int location, List<BoundRelation> seen)
    {
        if (!_reported.Add(location)) return;
        var near = NearestName.Of(names[0], seen.Where(r => r.Alias is not null).Select(r => r.Alias!).Concat(seen.SelectMany(r => r.Columns).Select(c => c.Name)));
        unit.Report(DiagnosticCodes.UnknownColumn, unit.Offset(location), $"'{string.Join('.', names)}': there is no table or column '{names[0]}' here.",
            near is null ? null : $"Did you mean '{near}'?", seen.Exists(r => r.Openness == Openness.MayGrow) ? Severity.Warning : Severity.Error);
    }

    private void ReportUnknown(string name, string? table, int location, List<BoundRelation> seen)
    {
        if (location < 0) location = _location;
        if (!_reported.Add(location)) return;
        var near = NearestName.Of(name, seen.SelectMany(r => r.Columns).Select(c => c.Name));
        var place = table is null ? seen.Count == 1 && seen[0].Alias is { } only ? $" in '{only}'" : "" : $" in '{table}'";
        if (seen.Exists(r => r.Openness == Openness.MayGrow))
        {
            unit.Report(DiagnosticCodes.ColumnNotSeenYet, unit.Offset(location), $"Column '{name}' is not{(place.Length == 0 ? " there" : place)} yet.",
                near is null ? "It must come with the next files." : $"Did you mean '{near}'? Else it must come with the next files.", Severity.Warning);
            return;
        }
        var hint = near is not null ? $"Did you mean '{near}'?" : Columns(seen);
        unit.Report(DiagnosticCodes.UnknownColumn, unit.Offset(location), $"Unknown column '{name}'{place}.", hint);
    }

    private static string? Columns(List<BoundRelation> seen)
    {
        var names = seen.SelectMany(r => r.Columns).Select(c => c.Name).Distinct(StringComparer.OrdinalIgnoreCase).Take(12).ToList();
        return names.Count == 0 ? null : $"There are: {string.Join(", ", names)}.";
    }
}
