using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>The rows to merge, in a temporary table: read once, so that a source that gives other rows each time is one source all the same.</summary>
internal sealed record MergeSource(string Table, IReadOnlyList<DuckDbColumn> Columns, long Rows)
{
    internal static MergeSource Read(DmlAttempt attempt, MergeCommand command)
    {
        var table = attempt.Temporary("source");
        attempt.Connection.Execute($"CREATE TEMP TABLE {table} AS SELECT * FROM ({command.Source}\n) AS {SqlText.Identifier(command.SourceAlias)}");
        using var shape = attempt.Connection.Query($"SELECT * FROM {table} LIMIT 0");
        return new MergeSource(table, shape.Columns, (long)attempt.Connection.Scalar($"SELECT count(*) FROM {table}")!);
    }

    /// <summary>The column of that name, compared without case, or null.</summary>
    internal DuckDbColumn? Find(string name) => Columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// What a MERGE's condition says of the target alone, so that files without partners need not be read: its parts that are about the target only, and for equalities with
/// the source the least and the greatest value there.
/// </summary>
internal static class MergeKeys
{
    /// <summary>So many values of a partition column are listed one by one.</summary>
    private const int Listed = 200;

    /// <summary>A condition over the target's columns that holds for every row with a partner; null where nothing can be said.</summary>
    internal static string? TargetCondition(DmlAttempt attempt, MergeCommand command, MergeSource source)
    {
        var alias = attempt.Options.Alias;
        var parts = new List<string>();
        foreach (var conjunct in SqlExpression.Parse(attempt.Connection, command.On).Conjuncts())
        {
            if (conjunct.IsAbout(alias, n => attempt.Snapshot.Schema.Find(n) is not null && source.Find(n) is null) && !VolatileFunctions.Uses(attempt.Connection, conjunct))
                Add(conjunct.ToSql(alias));
            else if (conjunct.Equality() is var (left, right))
                Add(Range(left, right) ?? Range(right, left));
        }
        return parts.Count == 0 ? null : string.Join(" AND ", parts);

        void Add(string? part)
        {
            if (part is not null)
                parts.Add($"({part})");
        }

        string? Range(SqlExpression mine, SqlExpression other)
        {
            if (mine.AsColumn() is not { } names || Owned(names) is not { } field || !other.IsAbout(command.SourceAlias, n => source.Find(n) is not null && attempt.Snapshot.Schema.Find(n) is null))
                return null;
            return other.ToSql() is { } sql ? Bounds(attempt, command, source, field, sql) : null;
        }

        DeltaField? Owned(string[] names) => names switch
        {
            [var owner, var name] when string.Equals(owner, alias, StringComparison.OrdinalIgnoreCase) => attempt.Snapshot.Schema.Find(name),
            [var name] when source.Find(name) is null => attempt.Snapshot.Schema.Find(name),
            _ => null,
        };
    }

    /// <summary>The values that a column can have where it equals an expression over the source; null where types differ, as DuckDB then compares in a third one.</summary>
    private static string? Bounds(DmlAttempt attempt, MergeCommand command, MergeSource source, DeltaField field, string sql)
    {
        var from = $"FROM {source.Table} AS {SqlText.Identifier(command.SourceAlias)}";
        var name = SqlText.Identifier(field.Name);
        using (var shape = attempt.Connection.Query($"SELECT {sql} {from} LIMIT 0"))
            if (!IsComparable(field.Type, shape.Columns[0].Type, attempt))
                return null;
        if (attempt.Metadata.PartitionColumns.Contains(field.Name))
        {
            var values = attempt.Connection.Rows($"SELECT DISTINCT CAST({sql} AS VARCHAR) {from} WHERE {sql} IS NOT NULL LIMIT {Listed + 1}");
            if (values.Count <= Listed)
                return values.Count == 0 ? "false" : $"{name} IN ({string.Join(", ", values.Select(v => Literal(field, (string)v[0]!)))})";
        }
        var bounds = attempt.Connection.Rows($"SELECT CAST(min({sql}) AS VARCHAR), CAST(max({sql}) AS VARCHAR) {from}")[0];
        return bounds[0] is string low && bounds[1] is string high ? $"{name} >= {Literal(field, low)} AND {name} <= {Literal(field, high)}" : "false";
    }

    private static bool IsComparable(DeltaType type, DuckDbType other, DmlAttempt attempt)
    {
        if (type is PrimitiveType { Name: "byte" or "short" or "integer" or "long" })
            return other.Id is DuckDbTypeId.TinyInt or DuckDbTypeId.SmallInt or DuckDbTypeId.Integer or DuckDbTypeId.BigInt;
        return type is PrimitiveType { Name: "string" or "date" or "timestamp" or "timestamp_ntz" } && other.ToString() == ParquetSql.TypeOf(attempt.Table.Folder, type);
    }

    /// <summary>The value as the pruning reads constants: numbers bare, days and times with their type.</summary>
    internal static string Literal(DeltaField field, string text) => field.Type switch
    {
        PrimitiveType { Name: "string" } => SqlText.Literal(text),
        PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" } p => $"CAST({SqlText.Literal(text)} AS {ParquetSql.TypeOf("", p)})",
        _ => text,
    };
}
