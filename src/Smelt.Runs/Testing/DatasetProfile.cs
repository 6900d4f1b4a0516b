using System.Globalization;
using Smelt.DuckDb;
using Smelt.Engine;

namespace Smelt.Runs;

/// <summary>What a column holds. Values are texts as DuckDB writes them; null where they mean nothing for the type.</summary>
/// <param name="Distinct">Exact up to some thousands, near above.</param>
/// <param name="Quantiles">At 25, 50 and 75 %, near ones; none for what has no order of numbers or times.</param>
/// <param name="Histogram">Rows of ten parts of equal width between the least and the greatest value; empty where there is no width.</param>
public sealed record ColumnFigures(
    string Name, string Type, long Rows, long Nulls, long Distinct, string? Least, string? Greatest, string? Mean, IReadOnlyList<string> Quantiles, IReadOnlyList<(string Value, long Rows)> Top, IReadOnlyList<long> Histogram);

/// <summary>A look into the columns of any relation.</summary>
public static class DatasetProfile
{
    private const int TopValues = 5, Parts = 10, FewValues = 10;

    /// <param name="relation">SQL of a FROM item: a table or view bound in the connection's catalog.</param>
    public static IReadOnlyList<ColumnFigures> Of(DuckDbConnection connection, string relation)
    {
        using var described = connection.Query($"SELECT * FROM {relation} LIMIT 0");
        return [.. described.Columns.Select(c => Column(connection, relation, c))];
    }

    /// <summary>Constraints that the rows seen so far keep: a beginning for somebody who knows what they mean.</summary>
    public static IReadOnlyList<string> Expectations(IReadOnlyList<ColumnFigures> columns)
    {
        var found = new List<string>();
        foreach (var column in columns.Where(static c => c.Rows > 0 && !c.Name.StartsWith('_')))
        {
            var name = SqlText.Identifier(column.Name);
            void Propose(string word, string predicate) => found.Add($"CONSTRAINT {SqlText.Identifier($"{column.Name}_{word}")} EXPECT ({predicate})");
            if (column.Nulls == 0) Propose("given", $"{name} IS NOT NULL");
            var orNull = column.Nulls > 0 ? $"{name} IS NULL OR " : "";
            if (column.Type == "VARCHAR" && column.Distinct is > 0 and <= FewValues && column.Top.Count == column.Distinct && column.Rows >= 10 * column.Distinct)
                Propose("known", $"{orNull}{name} IN ({string.Join(", ", column.Top.Select(static t => SqlText.Literal(t.Value)).Order(StringComparer.Ordinal))})");
            else if (column.Mean is not null && column.Least is not null && !column.Least.StartsWith('-')) Propose("not_negative", $"{orNull}{name} >= 0");
        }
        return found;
    }

    private static ColumnFigures Column(DuckDbConnection connection, string relation, DuckDbColumn column)
    {
        var name = SqlText.Identifier(column.Name);
        var (isNumber, isTime) = (IsNumber(column.Type.Id), IsTime(column.Type.Id));
        var isPlain = column.Type.Id is not (DuckDbTypeId.Struct or DuckDbTypeId.List or DuckDbTypeId.Map or DuckDbTypeId.Blob);
        var row = connection.Rows($"""
            SELECT count(*), count(*) - count({name}), {(isPlain ? $"approx_count_distinct({name})" : $"count(DISTINCT {name})")}::BIGINT,
              {(isPlain ? $"min({name})::VARCHAR, max({name})::VARCHAR" : "NULL::VARCHAR, NULL::VARCHAR")}, {(isNumber ? $"({MeanFigure.Sql(name, column.Type)})::VARCHAR" : "NULL::VARCHAR")},
              {(isNumber ? $"approx_quantile({name}::DOUBLE, [0.25, 0.5, 0.75])::VARCHAR[]" : isTime ? $"list_transform(approx_quantile(epoch({name}::TIMESTAMP), [0.25, 0.5, 0.75]), lambda e: to_timestamp(e)::TIMESTAMP::VARCHAR)" : "NULL::VARCHAR[]")}::VARCHAR
            FROM {relation}
            """)[0];
        var distinct = (long)row[2]!;
        // The estimate is good for many; few are counted, as people look at them.
        if (isPlain && distinct < 5000) distinct = (long)connection.Scalar($"SELECT count(DISTINCT {name}) FROM {relation}")!;
        var most = Math.Max(TopValues, distinct <= FewValues ? (int)distinct : 0);
        var top = isPlain ? connection.Rows($"SELECT {name}::VARCHAR, count(*) FROM {relation} WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY 2 DESC, 1 LIMIT {most}").ConvertAll(static t => ((string)t[0]!, (long)t[1]!)) : [];
        var quantiles = row[6] is string list ? list.Trim('[', ']').Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(static q => q.Trim('\'')).ToList() : [];
        return new ColumnFigures(column.Name, column.Type.ToString(), (long)row[0]!, (long)row[1]!, distinct, row[3] as string, row[4] as string, row[5] as string, quantiles, top,
            isNumber || isTime ? Histogram(connection, relation, isNumber ? $"{name}::DOUBLE" : $"epoch({name}::TIMESTAMP)") : []);
    }

    private static long[] Histogram(DuckDbConnection connection, string relation, string value)
    {
        var rows = connection.Rows(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT least(floor((v - low) / (high - low) * {Parts}), {Parts - 1})::BIGINT AS part, count(*)
            FROM (SELECT {value} AS v FROM {relation}) AS rows_of, (SELECT min({value}) AS low, max({value}) AS high FROM {relation}) AS ends
            WHERE isfinite(v) AND isfinite(low) AND isfinite(high) AND high > low GROUP BY part
            """));
        if (rows.Count == 0) return [];
        var parts = new long[Parts];
        foreach (var row in rows) parts[(long)row[0]!] = (long)row[1]!;
        return parts;
    }

    private static bool IsTime(DuckDbTypeId type) => type is DuckDbTypeId.Timestamp or DuckDbTypeId.TimestampTz or DuckDbTypeId.Date;

    private static bool IsNumber(DuckDbTypeId type) => type is DuckDbTypeId.TinyInt or DuckDbTypeId.SmallInt or DuckDbTypeId.Integer or DuckDbTypeId.BigInt or DuckDbTypeId.HugeInt
        or DuckDbTypeId.Float or DuckDbTypeId.Double or DuckDbTypeId.Decimal;
}
