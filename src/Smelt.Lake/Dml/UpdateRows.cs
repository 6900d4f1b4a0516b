using System.Diagnostics;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>UPDATE table SET column = value, … WHERE condition.</summary>
internal sealed class UpdateRows(IReadOnlyList<Assignment> assignments, string? condition) : DmlOperation
{
    internal override async ValueTask<DmlDraft> DraftAsync(DmlAttempt attempt, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var where = new TableCondition(attempt, condition);
        var values = new AssignedValues(attempt).Of(assignments, updates: true);
        var draft = new DmlDraft { Operation = "UPDATE", Parameters = DmlParameters.Predicate(where), Names = DmlMetricNames.OfUpdate };
        // Values that are drawn anew each time have to be drawn once: the change feed tells what the rows got.
        var isStable = !assignments.Any(a => VolatileFunctions.Changes(attempt.Connection, SqlExpression.Parse(attempt.Connection, AssignedValues.IsDefault(a) ? "NULL" : a.Value)));
        var whole = isStable ? where.WholeFiles() : null;
        var (changes, candidates) = whole is not null ? (Whole(attempt, values, whole), []) : await FindAsync(attempt, where, values, isStable, cancel);
        if (whole is { Count: 0 })
            return draft;
        var scanned = clock.ElapsedMilliseconds;
        var files = await new RowRewriter(attempt, changes).RunAsync(cancel);
        return draft with
        {
            Files = files.Removes.Count == 0 ? null : files,
            Reads = where.Sql is null ? TableReads.Everything : where.Reads(candidates.Except(files.Removes, ReferenceEqualityComparer.Instance).Cast<AddFile>()),
            Metrics = new DmlMetrics { ScanTimeMs = scanned, RewriteTimeMs = clock.ElapsedMilliseconds - scanned, FilesScanned = candidates.Count },
        };
    }

    private static ChangedRows Whole(DmlAttempt attempt, IReadOnlyDictionary<string, string> values, IReadOnlyList<AddFile> whole)
    {
        var numbers = whole.ToHashSet(ReferenceEqualityComparer.Instance);
        return new ChangedRows
        {
            Alias = attempt.Options.Alias,
            NewValues = values,
            Fields = Fields(attempt, values),
            WholeFiles = [.. Enumerable.Range(0, attempt.Files.Count).Where(i => numbers.Contains(attempt.Files[i]))],
        };
    }

    private static List<DeltaField> Fields(DmlAttempt attempt, IReadOnlyDictionary<string, string> values) => WrittenFields.Of(attempt.Metadata, f => values.ContainsKey(f.Name));

    private static async ValueTask<(ChangedRows, IReadOnlyList<AddFile>)> FindAsync(
        DmlAttempt attempt, TableCondition where, IReadOnlyDictionary<string, string> values, bool isStable, CancellationToken cancel)
    {
        var candidates = where.Candidates();
        var table = attempt.Temporary("changes");
        var alias = SqlText.Identifier(attempt.Options.Alias);
        var changes = new ChangedRows { Table = table, Alias = attempt.Options.Alias, NewValues = values, Fields = Fields(attempt, values), IsStaged = !isStable };
        var columns = new List<string> { $"{alias}.{RowPlace.Column}", $"CAST({(int)RowChange.Update} AS TINYINT) AS {ChangedRows.Change}" };
        if (!isStable)
            columns.AddRange(changes.Fields.Select(f => $"{values.GetValueOrDefault(f.Name) ?? $"{alias}.{SqlText.Identifier(f.Name)}"} AS {SqlText.Identifier(f.Name)}"));
        if (!isStable && attempt.TracksRows)
            columns.Add($"{alias}.{RowPlace.RowId}");
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {table} AS SELECT {string.Join(", ", columns)} FROM ({await attempt.ScanAsync(candidates, cancel)}) AS {alias}{(where.Sql is null ? "" : $" WHERE ({where.Sql}\n)")}");
        return (changes, candidates);
    }
}
