using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Rows that a table should have and does not, and rows that it has and should not, as two bags whose common rows cancel each other.</summary>
internal sealed record RowDifference
{
    /// <summary>Name of the target in <see cref="Where"/>.</summary>
    internal const string Target = "__smelt_target";

    /// <summary>SELECT of rows to have, with the table's columns.</summary>
    internal required string Come { get; init; }

    /// <summary>SELECT of rows that go; null: the table's own rows of <see cref="Where"/>, all without one.</summary>
    internal string? Go { get; init; }

    /// <summary>SQL condition over <see cref="Target"/>'s columns.</summary>
    internal string? Where { get; init; }

    /// <summary>The table's columns.</summary>
    internal required IReadOnlyList<string> Columns { get; init; }
}

/// <summary>
/// Changes a table by the rows that differ, so that its change data feed tells these and no others. Equal rows are counted: of two equal ones one may go. Only files that
/// hold rows that go are written again, or masked.
/// </summary>
internal sealed class DifferenceRows(DmlAttempt attempt, RowDifference wanted)
{
    private const string Sign = "__smelt_sign", Count = "__smelt_count";

    /// <returns>Null where rows that should go are not there: the table is not what the caller takes it for.</returns>
    internal async ValueTask<RewrittenFiles?> WriteAsync(CancellationToken cancel)
    {
        var names = string.Join(", ", wanted.Columns.Select(static c => SqlText.Identifier(c)));
        var differing = attempt.Temporary("difference");
        var go = wanted.Go ?? $"SELECT {names} FROM ({await attempt.ScanAsync(attempt.Files, cancel)}) AS {RowDifference.Target}{(wanted.Where is null ? "" : $" WHERE {wanted.Where}")}";
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {differing} AS SELECT {names}, CAST(sum({Sign}) AS BIGINT) AS {Count} FROM (SELECT {names}, 1 AS {Sign} FROM ({AsStored(wanted.Come)}) UNION ALL SELECT {names}, -1 FROM ({AsStored(go)})) "
            + $"GROUP BY {names} HAVING sum({Sign}) <> 0");
        var going = (long)attempt.Connection.Scalar($"SELECT CAST(coalesce(sum(-{Count}), 0) AS BIGINT) FROM {differing} WHERE {Count} < 0")!;
        var changes = attempt.Temporary("changes");
        attempt.Connection.Execute($"CREATE TEMP TABLE {changes} AS SELECT CAST(NULL AS BIGINT) AS {RowPlace.Column}, CAST({(int)RowChange.Insert} AS TINYINT) AS {ChangedRows.Change}, "
            + $"CAST(NULL AS BIGINT) AS {RowPlace.RowId}, {names} FROM (SELECT {names}, unnest(range({Count})) FROM {differing} WHERE {Count} > 0)");
        if (going > 0)
        {
            attempt.Connection.Execute($"INSERT INTO {changes} BY NAME {await PlacesAsync(differing, cancel)}");
            var found = (long)attempt.Connection.Scalar($"SELECT count(*) FROM {changes} WHERE {RowPlace.Column} IS NOT NULL")!;
            if (found != going)
                return null;
        }
        var rows = new ChangedRows { Table = changes, IsStaged = true, Alias = RowDifference.Target, Fields = WrittenFields.Of(attempt.Metadata) };
        return await new RowRewriter(attempt, rows).RunAsync(cancel);
    }

    /// <summary>The table compares texts by their bytes, whatever collation a query gives them.</summary>
    private string AsStored(string query)
    {
        if (!query.Contains("collate", StringComparison.OrdinalIgnoreCase))
            return query + "\n";
        var columns = wanted.Columns.Select(c => attempt.Metadata.Schema.Find(c)?.Type == DeltaType.String ? $"{SqlText.Identifier(c)} COLLATE \"binary\" AS {SqlText.Identifier(c)}" : SqlText.Identifier(c));
        return $"SELECT {string.Join(", ", columns)} FROM ({query}\n)";
    }

    /// <summary>Where the rows that go are; of more that are equal, as many as go.</summary>
    private async ValueTask<string> PlacesAsync(string differing, CancellationToken cancel)
    {
        const string target = RowDifference.Target, gone = "__smelt_gone";
        var files = TableCondition.Candidates(attempt, Bounds(differing));
        if (files.Count == 0)
            return $"SELECT CAST(NULL AS BIGINT) AS {RowPlace.Column} WHERE false";
        var same = string.Join(" AND ", wanted.Columns.Select(static c => $"{target}.{SqlText.Identifier(c)} IS NOT DISTINCT FROM {gone}.{SqlText.Identifier(c)}"));
        return $"SELECT {RowPlace.Column}, CAST({(int)RowChange.Delete} AS TINYINT) AS {ChangedRows.Change} FROM (SELECT {target}.{RowPlace.Column}, {gone}.{Count}, "
            + $"row_number() OVER (PARTITION BY {gone}.rowid) AS __smelt_number FROM ({await attempt.ScanAsync(files, cancel)}) AS {target} "
            + $"JOIN (SELECT rowid, * FROM {differing} WHERE {Count} < 0) AS {gone} ON {same}) WHERE __smelt_number <= -{Count}";
    }

    /// <summary>What all rows that go have in common, so that files without them are not read; null where nothing can be said.</summary>
    private string? Bounds(string differing)
    {
        var fields = attempt.Metadata.Schema.Fields.Where(static f => f.Type is PrimitiveType { Name: "byte" or "short" or "integer" or "long" or "date" or "timestamp" or "timestamp_ntz" or "string" }).ToList();
        if (fields.Count == 0)
            return null;
        var columns = fields.Select(static f => SqlText.Identifier(f.Name)).ToList();
        var row = attempt.Connection.Rows($"SELECT {string.Join(", ", columns.Select(static c => $"CAST(min({c}) AS VARCHAR), CAST(max({c}) AS VARCHAR), count(*) FILTER ({c} IS NULL)"))} FROM {differing} WHERE {Count} < 0")[0];
        var parts = new List<string>();
        for (var i = 0; i < fields.Count; i++)
            if (row[i * 3] is string low && row[(i * 3) + 1] is string high && Convert.ToInt64(row[(i * 3) + 2], CultureInfo.InvariantCulture) == 0)
                parts.Add($"{columns[i]} >= {MergeKeys.Literal(fields[i], low)} AND {columns[i]} <= {MergeKeys.Literal(fields[i], high)}");
        return parts.Count == 0 ? null : string.Join(" AND ", parts);
    }
}
