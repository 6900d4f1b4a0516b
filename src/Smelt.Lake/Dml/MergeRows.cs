using System.Diagnostics;
using System.Text.Json.Nodes;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// MERGE INTO table USING source ON condition WHEN …. The source is read once, into a temporary table; the pairs it makes with the target are found once too, with the new
/// values of the rows; what follows is the same as for every change of rows.
/// </summary>
internal sealed class MergeRows(MergeCommand command) : DmlOperation
{
    internal override bool ChangesRows => command.Clauses.Any(static c => c is not MergeClause.Insert);

    internal override async ValueTask<DmlDraft> DraftAsync(DmlAttempt attempt, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        MergeClauses.Check(command.Clauses);
        var source = MergeSource.Read(attempt, command);
        var clauses = new MergeClauses(attempt, command, source);
        var readsAll = command.Clauses.Any(static c => c is MergeClause.UpdateBySource or MergeClause.DeleteBySource);
        var condition = readsAll ? null : MergeKeys.TargetCondition(attempt, command, source);
        var candidates = TableCondition.Candidates(attempt, condition);
        var changes = await PairAsync(attempt, source, clauses, candidates, cancel);
        var bySource = await NotMatchedBySourceAsync(attempt, clauses, changes, candidates, cancel);
        var scanned = clock.ElapsedMilliseconds;
        var inserts = await NumberedInsertsAsync(attempt, changes, cancel);
        var files = await new RowRewriter(attempt, changes) { WrittenInserts = inserts }.RunAsync(cancel);
        return new DmlDraft
        {
            Operation = "MERGE",
            Parameters = Parameters(),
            Files = files.Removes.Count + files.Adds.Count == 0 ? null : files,
            Reads = condition is null ? TableReads.Everything
                : new TableReads { Condition = condition, Files = [.. candidates.Except(files.Removes, ReferenceEqualityComparer.Instance).Cast<AddFile>().Select(static f => f.Path)] },
            Names = DmlMetricNames.OfMerge,
            Metrics = new DmlMetrics
            {
                SourceRows = source.Rows,
                RowsUpdatedBySource = bySource.Updated,
                RowsDeletedBySource = bySource.Deleted,
                FilesScanned = candidates.Count,
                ScanTimeMs = scanned,
                RewriteTimeMs = clock.ElapsedMilliseconds - scanned,
            },
        };
    }

    /// <summary>The pairs of source and target and what becomes of each; rows of the source without a partner too, where they are inserted.</summary>
    private async ValueTask<ChangedRows> PairAsync(DmlAttempt attempt, MergeSource source, MergeClauses clauses, IReadOnlyList<AddFile> candidates, CancellationToken cancel)
    {
        var pairs = attempt.Temporary("pairs");
        var scan = $"({await attempt.ScanAsync(candidates, cancel)}) AS {clauses.Target}";
        var from = $"FROM {source.Table} AS {clauses.Source} {clauses.JoinKind} {scan} ON ({command.On}\n)";
        attempt.Connection.Execute($"CREATE TEMP TABLE {pairs} AS SELECT * FROM (SELECT {clauses.PairColumns()} {from}) AS p WHERE {clauses.IsKept("p")}");
        if (clauses.HasMatched)
            RefuseSeveral(attempt, pairs);
        if (clauses.IsLate)
        {
            var changes = clauses.Changes(attempt.Temporary("changes", "VIEW")) with { Places = pairs };
            attempt.Connection.Execute($"CREATE TEMP VIEW {changes.Table} AS {clauses.LateSql(pairs)}");
            return changes;
        }
        attempt.Connection.Execute($"DROP TABLE {source.Table}");
        return clauses.Changes(pairs);
    }

    /// <summary>
    /// A row that several rows of the source match has no one new value; only where all that can happen to it is being deleted does it not matter. As in delta-spark, pairs
    /// that no clause takes count where there are clauses of other kinds.
    /// </summary>
    private void RefuseSeveral(DmlAttempt attempt, string pairs)
    {
        var place = RowPlace.Column;
        var several = (long)attempt.Connection.Scalar($"SELECT count({place}) - count(DISTINCT {place}) FROM {pairs}")!;
        if (several == 0)
            return;
        var matched = command.Clauses.Where(static c => c is MergeClause.Update or MergeClause.Delete).ToList();
        if (matched is not [MergeClause.Delete { Condition: null }])
            throw new DmlRefusedException(DmlRefusal.MultipleMatches,
                $"{several} rows of the source match a row of the target that another one matches too, so that it is not known what it should become; make the source's rows unique by the columns of ON "
                + "(DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE)");
        attempt.Connection.Execute($"DELETE FROM {pairs} WHERE {place} IS NOT NULL AND rowid NOT IN (SELECT min(rowid) FROM {pairs} GROUP BY {place})");
    }

    private static async ValueTask<(long Updated, long Deleted)> NotMatchedBySourceAsync(
        DmlAttempt attempt, MergeClauses clauses, ChangedRows changes, IReadOnlyList<AddFile> candidates, CancellationToken cancel)
    {
        if (!clauses.HasBySource)
            return (0, 0);
        var found = attempt.Temporary("by_source");
        var scan = $"({await attempt.ScanAsync(candidates, cancel)}) AS {clauses.Target}";
        attempt.Connection.Execute(
            $"CREATE TEMP TABLE {found} AS SELECT * FROM (SELECT {clauses.BySourceColumns()} FROM {scan} ANTI JOIN {changes.Table} AS {ChangedRows.Changes} "
            + $"ON {clauses.Target}.{RowPlace.Column} = {ChangedRows.Changes}.{RowPlace.Column}) AS p WHERE p.{ChangedRows.Change} <> {(int)RowChange.None}");
        attempt.Connection.Execute($"INSERT INTO {changes.Table} BY NAME SELECT * FROM {found}");
        var counts = attempt.Connection.Rows($"SELECT count(*) FILTER ({ChangedRows.Change} = {(int)RowChange.Update}), count(*) FILTER ({ChangedRows.Change} = {(int)RowChange.Delete}) FROM {found}")[0];
        attempt.Connection.Execute($"DROP TABLE {found}");
        return ((long)counts[0]!, (long)counts[1]!);
    }

    /// <summary>Where the table numbers its rows the new ones are written by themselves, as only they get numbers.</summary>
    private static async ValueTask<IReadOnlyList<AddFile>> NumberedInsertsAsync(DmlAttempt attempt, ChangedRows changes, CancellationToken cancel)
    {
        var numbered = changes.Fields.Where(f => WrittenFields.IsIdentity(f)).ToList();
        if (numbered.Count == 0)
            return [];
        var given = changes.Fields.Except(numbered).Select(static f => f.Name).ToList();
        var where = $"AS {ChangedRows.Changes} WHERE {ChangedRows.Is(RowChange.Insert)}";
        var files = await attempt.WriteAsync($"SELECT {string.Join(", ", given.Select(static n => SqlText.Identifier(n)))} FROM {changes.Table} {where}", given, RowOrigin.New, cancel);
        attempt.Connection.Execute($"DELETE FROM {changes.Places} {where}");
        return files;
    }

    private Dictionary<string, string> Parameters() => new()
    {
        ["predicate"] = DmlParameters.List(command.On),
        ["matchedPredicates"] = Described(static c => c switch { MergeClause.Update => "update", MergeClause.Delete => "delete", _ => null }),
        ["notMatchedPredicates"] = Described(static c => c is MergeClause.Insert ? "insert" : null),
        ["notMatchedBySourcePredicates"] = Described(static c => c switch { MergeClause.UpdateBySource => "update", MergeClause.DeleteBySource => "delete", _ => null }),
    };

    private string Described(Func<MergeClause, string?> action)
    {
        var list = new JsonArray();
        foreach (var clause in command.Clauses)
            if (action(clause) is { } type)
            {
                var one = new JsonObject();
                if (clause.Condition is { } condition)
                    one["predicate"] = condition;
                one["actionType"] = type;
                list.Add((JsonNode)one);
            }
        return LogJson.Text(list);
    }
}
