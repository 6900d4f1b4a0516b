using System.Text.Json;

namespace Smelt.Pipelines.Sql;

internal sealed partial class QueryBinder
{
    private BoundQuery SelectList(JsonElement node, BindScope scope, BoundCte? ctes)
    {
        var output = new BoundQuery { Columns = new List<BoundColumn>(SqlAst.Count(node, "select_list"u8)) };
        foreach (var item in SqlAst.Items(node, "select_list"u8))
        {
            if (SqlAst.Location(item) is >= 0 and var location) _location = location;
            if (SqlAst.ClassIs(item, "STAR"u8)) Star(item, scope, ctes, output);
            else Item(item, scope, ctes, output);
        }
        return output;
    }

    private void Item(JsonElement item, BindScope scope, BoundCte? ctes, BoundQuery output)
    {
        var alias = SqlAst.Text(item, "alias"u8);
        if (SqlAst.ClassIs(item, "COLUMN_REF"u8))
        {
            var names = SqlAst.Texts(item, "column_names"u8);
            var origins = Resolve(names, SqlAst.Location(item), scope);
            // DuckDB names the column as the table does, not as the query spells it.
            Add(scope, output, new BoundColumn(alias.Length > 0 ? alias : _resolvedName ?? names[^1], origins), alias.Length > 0);
            return;
        }
        var set = new OriginSet();
        Expression(item, scope, ctes, set);
        // COLUMNS(…) inside an expression, and unnest of a struct, make any number of columns.
        if (MakesSeveral(item))
        {
            output.Widen(Openness.Open);
            return;
        }
        var name = alias.Length > 0 ? alias : NameOf(item);
        if (name is null) output.Widen(Openness.Open);
        else Add(scope, output, new BoundColumn(name, set.ToArray()), alias.Length > 0);
    }

    private static void Add(BindScope scope, BoundQuery output, BoundColumn column, bool isAlias)
    {
        output.Columns.Add(column);
        if (isAlias) scope.Aliases.Add(column);
    }

    private string? NameOf(JsonElement item) =>
        ExpressionName.IsCertain(item) ? world.ExpressionNames.GetValueOrDefault(item.GetRawText()) : null;

    private static bool MakesSeveral(JsonElement item)
    {
        if (item.ValueKind == JsonValueKind.Array)
        {
            foreach (var child in item.EnumerateArray())
            {
                if (MakesSeveral(child)) return true;
            }
            return false;
        }
        if (item.ValueKind != JsonValueKind.Object || SqlAst.ClassIs(item, "SUBQUERY"u8)) return false;
        if (SqlAst.ClassIs(item, "STAR"u8)) return true;
        if (SqlAst.ClassIs(item, "FUNCTION"u8) && SqlAst.Text(item, "function_name"u8) is "unnest" or "unlist") return true;
        foreach (var property in item.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && MakesSeveral(property.Value)) return true;
        }
        return false;
    }

    private void Star(JsonElement star, BindScope scope, BoundCte? ctes, BoundQuery output)
    {
        var relation = SqlAst.Text(star, "relation_name"u8);
        var relations = relation.Length == 0 ? scope.Relations : Qualified(scope, relation, star);
        if (relations is null)
        {
            output.Widen(Openness.Open);
            return;
        }
        if (SqlAst.IsPresent(SqlAst.Child(star, "expr"u8)))
        {
            output.Widen(Openness.Open);
            return;
        }
        var exclude = Excluded(star);
        var replace = Replaced(star, scope, ctes);
        var rename = Renamed(star);
        CheckListed(star, relations, exclude);
        foreach (var from in relations)
        {
            output.Widen(from.Openness);
            foreach (var column in from.Columns)
            {
                if (exclude.Contains(column.Name) || (relation.Length == 0 && from.IsHidden(column.Name))) continue;
                var origins = replace?.GetValueOrDefault(column.Name) ?? column.Origins;
                output.Columns.Add(new BoundColumn(rename?.GetValueOrDefault(column.Name) ?? column.Name, origins));
            }
        }
    }

    private static List<BoundRelation>? Qualified(BindScope scope, string relation, JsonElement star)
    {
        _ = star;
        for (var at = scope; at is not null; at = at.Outer)
        {
            var found = at.Relations.Find(r => r.Alias is not null && r.Alias.Equals(relation, StringComparison.OrdinalIgnoreCase));
            if (found is not null) return [found];
        }
        // s.*: the fields of a struct column.
        return null;
    }

    private static HashSet<string> Excluded(JsonElement star)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in SqlAst.Items(star, "exclude_list"u8)) names.Add(ListedName(item));
        foreach (var item in SqlAst.Items(star, "qualified_exclude_list"u8)) names.Add(ListedName(item));
        return names;
    }

    // A plain text, or {"column": …} where it is qualified.
    private static string ListedName(JsonElement item) => item.ValueKind == JsonValueKind.String ? item.GetString()! : SqlAst.Text(item, "column"u8);

    private Dictionary<string, ColumnOrigin[]>? Replaced(JsonElement star, BindScope scope, BoundCte? ctes)
    {
        Dictionary<string, ColumnOrigin[]>? replaced = null;
        foreach (var item in SqlAst.Items(star, "replace_list"u8))
        {
            var origins = new OriginSet();
            Expression(item.GetProperty("value"u8), scope, ctes, origins);
            (replaced ??= new(StringComparer.OrdinalIgnoreCase))[SqlAst.Text(item, "key"u8)] = origins.ToArray();
        }
        return replaced;
    }

    private static Dictionary<string, string>? Renamed(JsonElement star)
    {
        Dictionary<string, string>? renamed = null;
        foreach (var item in SqlAst.Items(star, "rename_list"u8))
            (renamed ??= new(StringComparer.OrdinalIgnoreCase))[ListedName(item.GetProperty("key"u8))] = SqlAst.Text(item, "value"u8);
        return renamed;
    }

    private void CheckListed(JsonElement star, List<BoundRelation> relations, HashSet<string> excluded)
    {
        if (excluded.Count == 0 || relations.Exists(r => r.Openness == Openness.Open)) return;
        foreach (var name in excluded)
        {
            if (!relations.Exists(r => r.Find(name) >= 0)) ReportUnknown(name, null, SqlAst.Location(star), relations);
        }
    }
}
