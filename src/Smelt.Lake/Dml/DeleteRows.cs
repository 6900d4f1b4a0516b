using System.Diagnostics;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>DELETE FROM table WHERE condition.</summary>
internal sealed class DeleteRows(string? condition) : DmlOperation
{
    internal override async ValueTask<DmlDraft> DraftAsync(DmlAttempt attempt, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var where = new TableCondition(attempt, condition);
        var draft = new DmlDraft { Operation = "DELETE", Parameters = DmlParameters.Predicate(where), Names = DmlMetricNames.OfDelete };
        if (where.WholeFiles() is { } whole)
            return whole.Count == 0 ? draft : draft with
            {
                Files = new RewrittenFiles { Adds = [], Removes = whole, Deleted = whole.Sum(static f => f.LiveRecords ?? 0) },
                Reads = condition is null ? TableReads.Everything : where.Reads([]),
                Metrics = new DmlMetrics { ScanTimeMs = clock.ElapsedMilliseconds },
            };
        var (changes, candidates) = await FindAsync(attempt, where, cancel);
        var scanned = clock.ElapsedMilliseconds;
        var files = await new RowRewriter(attempt, changes).RunAsync(cancel);
        return draft with
        {
            Files = files.Removes.Count == 0 ? null : files,
            Reads = where.Reads(candidates.Except(files.Removes, ReferenceEqualityComparer.Instance).Cast<AddFile>()),
            Metrics = new DmlMetrics { ScanTimeMs = scanned, RewriteTimeMs = clock.ElapsedMilliseconds - scanned, FilesScanned = candidates.Count },
        };
    }

    /// <summary>The rows of a condition as rows to delete, and the files that were looked into.</summary>
    internal static async ValueTask<(ChangedRows Changes, IReadOnlyList<AddFile> Candidates)> FindAsync(DmlAttempt attempt, TableCondition where, CancellationToken cancel)
    {
        var candidates = where.Candidates();
        var table = attempt.Temporary("changes");
        var alias = SqlText.Identifier(attempt.Options.Alias);
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {table} AS SELECT {alias}.{RowPlace.Column}, CAST({(int)RowChange.Delete} AS TINYINT) AS {ChangedRows.Change} "
            + $"FROM ({await attempt.ScanAsync(candidates, cancel)}) AS {alias}{(where.Sql is null ? "" : $" WHERE ({where.Sql}\n)")}");
        return (new ChangedRows { Table = table, Alias = attempt.Options.Alias, Fields = WrittenFields.Of(attempt.Metadata) }, candidates);
    }
}

/// <summary>commitInfo's parameters.</summary>
internal static class DmlParameters
{
    /// <summary>A list of one condition, as JSON text; empty where every row is meant.</summary>
    internal static Dictionary<string, string> Predicate(TableCondition where) => new() { ["predicate"] = where.Sql is null ? "[]" : List(where.Sql) };

    internal static string List(string text) => LogJson.Text(new System.Text.Json.Nodes.JsonArray(System.Text.Json.Nodes.JsonValue.Create(text)));
}

/// <summary>Which columns a statement writes.</summary>
internal static class WrittenFields
{
    /// <summary>All that are in files; generated ones only where a statement gives their value, else the writer computes them.</summary>
    internal static List<DeltaField> Of(TableMetadata metadata, Func<DeltaField, bool>? given = null) =>
        [.. metadata.Schema.Fields.Where(f => f.Type != DeltaType.Void && (!IsGenerated(f) || given?.Invoke(f) == true))];

    internal static bool IsGenerated(DeltaField field) => field.Metadata.Text(ColumnDuty.Generation) is not null;

    internal static bool IsIdentity(DeltaField field) => field.Metadata.Raw.ContainsKey(ColumnDuty.IdentityStart);
}
