using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Reads a condition from DuckDB's syntax tree (json_serialize_sql). Only what is certain is taken: a column of the table beside constants of one kind. Everything else
/// (functions, casts that may change the order, subqueries, other tables' columns) is <see cref="RowPredicate.Unknown"/>.
/// </summary>
/// <param name="schema">The table's.</param>
/// <param name="qualifier">The table's name in the query, e.g. <c>["silver", "orders"]</c> or an alias; empty where columns stand alone.</param>
internal sealed class PredicateAst(StructType schema, IReadOnlyList<string> qualifier)
{
    /// <summary>Whether columns without the table's name are its own; false where other tables stand beside it.</summary>
    internal bool IsAlone { get; init; } = true;

    /// <summary>Names that may stand for something else than the table's columns.</summary>
    internal IReadOnlyCollection<string> Hidden { get; init; } = [];

    /// <summary>The condition of a WHERE clause given as SQL text; unknown where it does not parse.</summary>
    internal static RowPredicate Parse(DuckDbConnection connection, string condition, StructType schema, params IReadOnlyList<string> qualifier)
    {
        var json = connection.Scalar("SELECT json_serialize_sql(s, skip_default := true)::VARCHAR FROM (SELECT $1::VARCHAR AS s)", $"SELECT 1 FROM t WHERE {condition}") as string;
        using var document = JsonDocument.Parse(json!);
        return document.RootElement.TryGetProperty("statements"u8, out var statements) && statements.GetArrayLength() == 1
            && statements[0].GetProperty("node"u8).TryGetProperty("where_clause"u8, out var where)
            ? new PredicateAst(schema, qualifier).Read(where)
            : RowPredicate.Unknown;
    }

    /// <summary>A condition's node.</summary>
    internal RowPredicate Read(JsonElement node) => Type(node) switch
    {
        "CONJUNCTION_AND" => new RowPredicate.And([.. Children(node).Select(Read)]),
        "CONJUNCTION_OR" => new RowPredicate.Or([.. Children(node).Select(Read)]),
        "OPERATOR_NOT" when Children(node) is [var only] => new RowPredicate.Not(Read(only)),
        "OPERATOR_IS_NULL" when Children(node) is [var only] && Column(only) is { } column => new RowPredicate.IsNull(column),
        "OPERATOR_IS_NOT_NULL" when Children(node) is [var only] && Column(only) is { } column => new RowPredicate.Not(new RowPredicate.IsNull(column)),
        "COMPARE_IN" => In(Children(node)),
        "COMPARE_NOT_IN" => new RowPredicate.Not(In(Children(node))),
        "COMPARE_BETWEEN" => Between(node),
        "COMPARE_NOT_DISTINCT_FROM" => Same(node),
        "COMPARE_DISTINCT_FROM" => new RowPredicate.Not(Same(node)),
        "COLUMN_REF" when Column(node) is { } column && TypeOf(column) == DeltaType.Boolean =>
            new RowPredicate.Compare(column, Comparison.Equal, new PredicateValue.Flag(true)),
        var type => Operator(type) is { } comparison ? Compare(node, comparison) : RowPredicate.Unknown,
    };

    private RowPredicate Compare(JsonElement node, Comparison comparison)
    {
        var (left, right) = (node.GetProperty("left"u8), node.GetProperty("right"u8));
        if (Column(left) is { } column && ConstantAst.Read(right) is { } value)
            return new RowPredicate.Compare(column, comparison, value);
        if (Column(right) is { } other && ConstantAst.Read(left) is { } first)
            return new RowPredicate.Compare(other, Turned(comparison), first);
        return RowPredicate.Unknown;
    }

    private RowPredicate Same(JsonElement node) => Compare(node, Comparison.Equal) switch
    {
        RowPredicate.Compare { Value: PredicateValue.Null } c => new RowPredicate.IsNull(c.Column),
        RowPredicate.Compare c => new RowPredicate.And([new RowPredicate.Not(new RowPredicate.IsNull(c.Column)), c]),
        _ => RowPredicate.Unknown,
    };

    private RowPredicate In(List<JsonElement> children)
    {
        if (children.Count < 2 || Column(children[0]) is not { } column)
            return RowPredicate.Unknown;
        return OfOneKind(children.Skip(1)) is { } values ? new RowPredicate.In(column, values) : RowPredicate.Unknown;
    }

    private RowPredicate Between(JsonElement node)
    {
        if (Column(node.GetProperty("input"u8)) is not { } column || OfOneKind([node.GetProperty("lower"u8), node.GetProperty("upper"u8)]) is not { } values)
            return RowPredicate.Unknown;
        return new RowPredicate.And([new RowPredicate.Compare(column, Comparison.GreaterOrEqual, values[0]), new RowPredicate.Compare(column, Comparison.LessOrEqual, values[1])]);
    }

    /// <summary>DuckDB compares a list's members in one common type, so they are taken only where they are of one kind; null where not.</summary>
    private static List<PredicateValue>? OfOneKind(IEnumerable<JsonElement> nodes)
    {
        var values = new List<PredicateValue>();
        foreach (var node in nodes)
        {
            if (ConstantAst.Read(node) is not { } value)
                return null;
            values.Add(value);
        }
        if (values.Select(Kind).Where(k => k != 0).Distinct().Count() > 1)
            return null;
        return values.Exists(v => v is PredicateValue.Real)
            ? values.ConvertAll(v => v is PredicateValue.Number n ? new PredicateValue.Real((double)n.Unscaled / Math.Pow(10, n.Scale)) : v)
            : values;
    }

    private static int Kind(PredicateValue value) => value switch
    {
        PredicateValue.Number or PredicateValue.Real => 1,
        PredicateValue.Text => 2,
        PredicateValue.Day or PredicateValue.Instant => 3,
        PredicateValue.Flag => 4,
        _ => 0,
    };

    /// <summary>The column that a node is, as a path of the schema; null where it is another's, or might be.</summary>
    private IReadOnlyList<string>? Column(JsonElement node)
    {
        if (Type(node) == "OPERATOR_CAST" && node.TryGetProperty("child"u8, out var child) && Column(child) is { } inner)
            return KeepsOrder(TypeOf(inner), Text(node.GetProperty("cast_type"u8), "id"u8)) ? inner : null;
        if (Type(node) != "COLUMN_REF" || !node.TryGetProperty("column_names"u8, out var list))
            return null;
        List<string> names = [.. list.EnumerateArray().Select(n => n.GetString()!)];
        var found = Candidates(names).Where(path => TypeOf(path) is not null).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    private IEnumerable<IReadOnlyList<string>> Candidates(List<string> names)
    {
        if (IsAlone && !Hidden.Contains(names[0], StringComparer.OrdinalIgnoreCase))
            yield return names;
        // The table's name before the column, in full or its last part only.
        foreach (var parts in new[] { 1, qualifier.Count }.Distinct().Where(n => n > 0 && n <= qualifier.Count && n < names.Count))
            if (names.Take(parts).SequenceEqual(qualifier.Skip(qualifier.Count - parts), StringComparer.OrdinalIgnoreCase))
                yield return names[parts..];
    }

    private DeltaType? TypeOf(IReadOnlyList<string> path)
    {
        DeltaType? type = schema;
        foreach (var name in path)
            type = (type as StructType)?.Find(name)?.Type;
        return type;
    }

    /// <summary>Casts under which comparisons with constants stay what they are.</summary>
    private static bool KeepsOrder(DeltaType? from, string to) => (from as PrimitiveType)?.Name switch
    {
        "byte" => to is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT",
        "short" => to is "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT",
        "integer" => to is "INTEGER" or "BIGINT" or "HUGEINT",
        "long" => to is "BIGINT" or "HUGEINT",
        "date" => to is "DATE" or "TIMESTAMP",
        _ => false,
    };

    private static Comparison? Operator(string type) => type switch
    {
        "COMPARE_EQUAL" => Comparison.Equal,
        "COMPARE_NOTEQUAL" => Comparison.NotEqual,
        "COMPARE_LESSTHAN" => Comparison.Less,
        "COMPARE_LESSTHANOREQUALTO" => Comparison.LessOrEqual,
        "COMPARE_GREATERTHAN" => Comparison.Greater,
        "COMPARE_GREATERTHANOREQUALTO" => Comparison.GreaterOrEqual,
        _ => null,
    };

    private static Comparison Turned(Comparison comparison) => comparison switch
    {
        Comparison.Less => Comparison.Greater,
        Comparison.LessOrEqual => Comparison.GreaterOrEqual,
        Comparison.Greater => Comparison.Less,
        Comparison.GreaterOrEqual => Comparison.LessOrEqual,
        _ => comparison,
    };

    private static string Type(JsonElement node) => Text(node, "type"u8);

    private static string Text(JsonElement node, ReadOnlySpan<byte> name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static List<JsonElement> Children(JsonElement node) =>
        node.TryGetProperty("children"u8, out var children) && children.ValueKind == JsonValueKind.Array ? [.. children.EnumerateArray()] : [];
}
