using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// AUTO CDC FROM SNAPSHOT: full extracts, one after another, as the events that lead from each to the next. A row is an event where it is new or differs from the extract before, and
/// one that is missing is deleted; the first extract of a batch follows the target's rows as they are.
/// </summary>
internal sealed class Extracts(CdcBatch batch, Dataset dataset)
{
    /// <summary>Rows of the batch's extracts: columns and <c>seq</c>.</summary>
    public const string Rows = StepCatalog.OwnSchema + ".cdc_extracts";

    private const string Order = StepCatalog.OwnSchema + ".cdc_extract_order", Single = StepCatalog.OwnSchema + ".cdc_extract_rows";

    /// <summary>SQL of the batch's files and their extracts (file, seq), for messages; null where there are none.</summary>
    public string? Files { get; init; }

    /// <summary>Whether extracts are told and ordered by the names of their files or folders.</summary>
    public bool AreNamed { get; init; }

    /// <summary>What changed of a table whose versions are extracts.</summary>
    public static IEnumerable<string> Changed(StepPreparation step) => step.State!.Done is not { } done || step.Mode == RefreshMode.Full ? []
        : step.Tables.Where(t => !done.Tables.Any(d => d.TableId == t.TableId && d.DataVersion == t.DataVersion)).Select(static t => $"{t.Name} changed");

    /// <summary>The extract that a batch took of tables, in words: no two batches took the same versions of the same tables.</summary>
    public static string? VersionOf(IntentRecord intent) => intent.Tables.Count == 0 ? null : string.Join("; ", intent.Tables.Select(static t => $"{t.Name}, version {t.Version}"));

    /// <summary>Makes <see cref="CdcBatch.Events"/> and the mark of the last extract.</summary>
    /// <returns>Something to tell, or null.</returns>
    /// <exception cref="EngineException">An extract is not newer than the last one applied.</exception>
    public async Task<string?> MakeEventsAsync(CancellationToken cancel)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        batch.Run($"CREATE TABLE {Single} AS SELECT DISTINCT * FROM {Rows}");
        var doubled = batch.Count(Single) - batch.Count($"(SELECT DISTINCT {sql.Keys()}, seq FROM {Single})");
        if (doubled > 0)
            batch.Run($"CREATE OR REPLACE TABLE {Single} AS SELECT * FROM {Single} QUALIFY row_number() OVER (PARTITION BY {sql.Keys()}, seq ORDER BY seq{sql.GreatestFirst(layout.Values)}) = 1");
        batch.Run($"CREATE TABLE {Order} AS SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM (SELECT DISTINCT seq FROM {Single})");
        new ExtractOrder(batch, dataset, Order, Files).Hold(AreNamed);
        await (layout.KeepsHistory ? HistoryAsync(cancel) : LastAsync(cancel));
        batch.Run($"INSERT INTO {CdcMemory.NewMarks} SELECT {CdcMemory.SnapshotMark}, max(seq), {batch.AtMicros} FROM {Order} HAVING count(*) > 0");
        return doubled == 0 ? null : $"{doubled} rows of extracts had the key of another row of the same extract: the greater by content was taken";
    }

    /// <summary>Where no history is kept only the last extract matters.</summary>
    private async Task LastAsync(CancellationToken cancel)
    {
        var sql = batch.Sql;
        batch.Run($"CREATE TABLE {CdcBatch.Events} AS SELECT {sql.All()}, seq, CAST({(int)CdcOperation.Upsert} AS TINYINT) AS op FROM {Single} WHERE seq = (SELECT max(seq) FROM {Order})");
        if (batch.Attempt is null || !batch.Any(Order)) return;
        batch.Run($"INSERT INTO {CdcBatch.Events} SELECT {Only("t")}, (SELECT max(seq) FROM {Order}), {(int)CdcOperation.Delete} FROM ({await CdcTarget.AllAsync(batch, cancel)}) AS t ANTI JOIN {Single} AS s ON {sql.SameKey("t", "s")} AND s.seq = (SELECT max(seq) FROM {Order})");
    }

    private async Task HistoryAsync(CancellationToken cancel)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var values = string.Join(", ", layout.Values.Select(static v => $"'c{v}': c{v}").DefaultIfEmpty("'c': 0"));
        var live = "live";
        await CdcTarget.FindAsync(batch, await LiveKeysAsync(cancel), withValues: true, cancel);
        batch.Run($"CREATE TABLE {Single}_seen AS SELECT {sql.All()}, seq, n, false AS {live} FROM {Single} JOIN {Order} USING (seq) UNION ALL SELECT {sql.All()}, s, 0, true FROM {CdcTarget.Rows} WHERE e IS NULL");
        batch.Run($"CREATE TABLE {CdcBatch.Events} AS SELECT {sql.All()}, seq, CAST({(int)CdcOperation.Upsert} AS TINYINT) AS op FROM (SELECT *, lag(n) OVER w AS before, lag({{{values}}}) OVER w IS DISTINCT FROM {{{values}}} AS differs "
            + $"FROM {Single}_seen WINDOW w AS (PARTITION BY {sql.Keys()} ORDER BY n)) AS x WHERE n > 0 AND (before IS NULL OR before < n - 1 OR differs)");
        batch.Run($"INSERT INTO {CdcBatch.Events} SELECT {Only("x")}, o.seq, {(int)CdcOperation.Delete} FROM (SELECT *, lead(n) OVER (PARTITION BY {sql.Keys()} ORDER BY n) AS after FROM {Single}_seen) AS x JOIN {Order} AS o ON o.n = x.n + 1 WHERE x.after IS DISTINCT FROM x.n + 1");
    }

    /// <summary>The keys of all rows of the target, and of the extracts.</summary>
    private async Task<string> LiveKeysAsync(CancellationToken cancel)
    {
        var keys = $"{Single}_keys";
        var ofTarget = batch.Attempt is null ? "" : $" UNION SELECT {batch.Sql.Keys()} FROM ({await CdcTarget.AllAsync(batch, cancel)}) AS t";
        batch.Run($"CREATE TABLE {keys} AS SELECT {batch.Sql.Keys()} FROM {Single}{ofTarget}");
        return keys;
    }

    private string Only(string of) => string.Join(", ", batch.Layout.All.Select(i => batch.Layout.Keys.Contains(i) ? $"{of}.c{i}" : $"CAST(NULL AS {batch.Layout.Columns[i].Sql})"));
}
