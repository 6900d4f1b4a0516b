using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>The rows of the target that a batch's keys have, found in the files that may hold them.</summary>
internal static class CdcTarget
{
    public const string Rows = StepCatalog.OwnSchema + ".cdc_rows";

    /// <summary>
    /// Makes <see cref="Rows"/>: key, place (and row id), and where asked the other columns, of all rows whose key is among <paramref name="keys"/>. Files are chosen by the keys'
    /// least and greatest values; within them DuckDB's join passes over row groups.
    /// </summary>
    /// <param name="keys">A table with the key's columns.</param>
    /// <param name="withValues">Whether all columns are read.</param>
    public static async Task FindAsync(CdcBatch batch, string keys, bool withValues, CancellationToken cancel)
    {
        var (layout, sql) = (batch.Layout, batch.Sql);
        var history = layout.KeepsHistory ? $", {CdcSql.Start} AS s, {CdcSql.End} AS e" : "";
        var place = Places(batch);
        if (batch.Attempt is not { } attempt)
        {
            var empty = layout.Columns.Select(static (c, i) => $"CAST(NULL AS {c.Sql}) AS c{i}").ToList();
            if (layout.KeepsHistory) empty.AddRange([$"CAST(NULL AS {layout.SequenceSql}) AS s", $"CAST(NULL AS {layout.SequenceSql}) AS e"]);
            batch.Run($"CREATE OR REPLACE TABLE {Rows} AS SELECT {string.Join(", ", empty)}, CAST(NULL AS BIGINT) AS {RowPlace.Column} WHERE false");
            return;
        }
        var scan = await attempt.ScanAsync(Candidates(batch, attempt, keys), cancel);
        var columns = withValues || layout.KeepsHistory ? layout.All : layout.Keys;
        var renamed = string.Join(", ", columns.Select(i => $"{SqlText.Identifier(layout.Columns[i].Name)} AS c{i}"));
        batch.Run($"CREATE OR REPLACE TABLE {Rows} AS SELECT t.* FROM (SELECT {renamed}{history}, {place} FROM ({scan}) AS f) AS t "
            + $"SEMI JOIN {keys} AS k ON {sql.SameKey("t", "k")}");
    }

    /// <summary>All rows with their places and keys, as a query.</summary>
    public static async Task<string> AllAsync(CdcBatch batch, CancellationToken cancel)
    {
        var renamed = string.Join(", ", batch.Layout.Keys.Select(i => $"{SqlText.Identifier(batch.Layout.Columns[i].Name)} AS c{i}"));
        return $"SELECT {renamed}, {Places(batch)} FROM ({await batch.Attempt!.ScanAsync(batch.Attempt.Files, cancel)}) AS f";
    }

    /// <summary>The columns that say where a row is.</summary>
    public static string Places(CdcBatch batch, string? of = null)
    {
        var owner = of is null ? "" : of + ".";
        return $"{owner}{RowPlace.Column}" + (batch.Attempt?.TracksRows == true ? $", {owner}{RowPlace.RowId}" : "");
    }

    /// <summary>No place: what a new row has.</summary>
    public static string NoPlaces(CdcBatch batch) =>
        $"CAST(NULL AS BIGINT) AS {RowPlace.Column}" + (batch.Attempt?.TracksRows == true ? $", CAST(NULL AS BIGINT) AS {RowPlace.RowId}" : "");

    private static IReadOnlyList<AddFile> Candidates(CdcBatch batch, DmlAttempt attempt, string keys)
    {
        var parts = new List<string>();
        foreach (var key in batch.Layout.Keys)
        {
            var column = batch.Layout.Columns[key];
            if (attempt.Snapshot.Schema.Find(column.Name) is not { } field || !field.Type.Equals(column.Type) || !HasBounds(column.Type)) continue;
            var bounds = batch.Connection.Rows($"SELECT CAST(min(c{key}) AS VARCHAR), CAST(max(c{key}) AS VARCHAR) FROM {keys}")[0];
            if (bounds[0] is not string low || bounds[1] is not string high) return [];
            if (low.Contains('\0') || high.Contains('\0')) continue;
            var name = SqlText.Identifier(column.Name);
            parts.Add($"{name} >= {Literal(column, low)} AND {name} <= {Literal(column, high)}");
        }
        return TableCondition.Candidates(attempt, parts.Count == 0 ? null : string.Join(" AND ", parts));
    }

    private static bool HasBounds(DeltaType type) => type is PrimitiveType { Name: "byte" or "short" or "integer" or "long" or "string" or "date" or "timestamp" or "timestamp_ntz" };

    private static string Literal(CdcColumn column, string text) => column.Type switch
    {
        PrimitiveType { Name: "string" } => SqlText.Literal(text),
        PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" } => $"CAST({SqlText.Literal(text)} AS {column.Sql})",
        _ => text,
    };
}
