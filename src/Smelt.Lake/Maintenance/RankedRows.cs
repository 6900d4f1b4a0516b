using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Rows with their place on a curve. A column's rank is that of the row's value among those of a sample, of at most as many as the curve has ranks; for a table of no
/// more rows it is the rank itself. Rows go through DuckDB only, and spill.
/// </summary>
internal sealed class RankedRows(DmlAttempt attempt, IReadOnlyList<ColumnPath> columns, bool hilbert)
{
    private static int _last;

    internal const string Curve = "__smelt_curve";

    /// <summary>Name of a temporary table of the rows of a query, with <see cref="Curve"/>.</summary>
    /// <param name="query">A SELECT that has the columns.</param>
    /// <param name="carried">Columns of the query to keep.</param>
    internal string Make(string query, IReadOnlyList<string> carried)
    {
        var curve = new SpaceFillingCurve(columns.Count, hilbert);
        var name = $"smelt_curve_{Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture)}";
        curve.Register(attempt.Connection, name);
        var joins = columns.Select((c, i) => $" ASOF LEFT JOIN {Bounds(query, c, curve.Ranks)} AS b{i} ON r.{Sql(c)} >= b{i}.v");
        var table = attempt.Temporary("curve");
        var ranks = string.Join(", ", columns.Select((_, i) => $"b{i}.n"));
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {table} AS SELECT {string.Join(", ", carried.Select(c => $"r.{SqlText.Identifier(c)}"))}, {name}({ranks}) AS {Curve} FROM ({query}) AS r{string.Concat(joins)}");
        return table;
    }

    private static string Sql(ColumnPath column) => string.Join('.', column.Names.Select(n => SqlText.Identifier(n)));

    /// <summary>A table of the smallest value of each rank.</summary>
    private string Bounds(string query, ColumnPath column, int ranks)
    {
        var table = attempt.Temporary("rank");
        var value = Sql(column);
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {table} AS SELECT v, CAST(row_number() OVER (ORDER BY v) - 1 AS INTEGER) AS n FROM "
            + $"(SELECT DISTINCT v FROM (SELECT {value} AS v FROM ({query}) USING SAMPLE reservoir({ranks.ToString(CultureInfo.InvariantCulture)} ROWS) REPEATABLE (42)) WHERE v IS NOT NULL)");
        // Spread over all ranks: curves of columns with few values must not lie in a corner of those with many.
        attempt.Connection.Execute(
            $"UPDATE {table} SET n = CAST(CAST(n AS BIGINT) * {(ranks - 1).ToString(CultureInfo.InvariantCulture)} // greatest((SELECT max(n) FROM {table}), 1) AS INTEGER)");
        return table;
    }
}
