using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// SCD type 1 with IGNORE NULL UPDATES: a column's value is that of the latest event since the last delete that brought one, so each such column has a sequence of its own. A
/// key's row as it is counts as one more event, whose columns have the sequences that are remembered; then nothing depends on the order in which events came.
/// </summary>
internal static class MergedRows
{
    private const string Touched = StepCatalog.OwnSchema + ".cdc_touched", Known = StepCatalog.OwnSchema + ".cdc_known", Brought = StepCatalog.OwnSchema + ".cdc_brought",
        Removed = StepCatalog.OwnSchema + ".cdc_removed", Reached = StepCatalog.OwnSchema + ".cdc_reached", State = StepCatalog.OwnSchema + ".cdc_state";

    /// <inheritdoc cref="CurrentRows.ApplyAsync"/>
    public static async Task ApplyAsync(CdcBatch batch, CancellationToken cancel)
    {
        var truncates = batch.Memory.TakeTruncations(batch.Connection, CdcBatch.Events);
        var sql = batch.Sql;
        var all = truncates ? $" UNION SELECT {sql.Keys()} FROM {CdcMemory.Rows}" : "";
        batch.Run($"CREATE TABLE {Touched} AS SELECT DISTINCT {sql.Keys()} FROM {CdcBatch.Events} WHERE op < {(int)CdcOperation.Truncate}{all}{(batch.Restates ? $" UNION SELECT {sql.Keys()} FROM {RestatedKeys.Chosen}" : "")}");
        Recall(batch);
        await CdcTarget.FindAsync(batch, Touched, withValues: true, cancel);
        FindLate(batch);
        Bring(batch);
        Settle(batch);
        Change(batch);
        Remember(batch);
    }

    private static void Recall(CdcBatch batch)
    {
        var sql = batch.Sql;
        var fields = string.Concat(batch.Layout.Ignoring.Select(static i => $", 'q{i}': m.q{i}"));
        var names = string.Concat(batch.Layout.Ignoring.Select(static i => $", r.q{i} AS q{i}"));
        batch.Run($"CREATE TABLE {Known} AS SELECT {sql.Keys()}, r.seq AS seq, r.deleted AS deleted, r.removed AS removed{names} FROM (SELECT {sql.Keys("m")}, "
            + $"arg_max({{'seq': m.seq, 'deleted': m.deleted, 'noted': m.noted, 'removed': m.removed{fields}}}, m.batch) AS r FROM {CdcMemory.Rows} AS m SEMI JOIN {Touched} AS t ON {sql.SameKey("m", "t")} GROUP BY ALL) AS l "
            + $"WHERE NOT (r.deleted AND r.noted < {batch.Memory.Oldest})");
    }

    /// <summary>Events that are older than deletes which were forgotten, and that no known delete covers.</summary>
    private static void FindLate(CdcBatch batch)
    {
        var sql = batch.Sql;
        var which = !batch.Memory.HasHorizon ? "false"
            : $"e.op = {(int)CdcOperation.Upsert} AND e.seq <= {batch.Memory.Horizon} AND (k.seq IS NULL OR (NOT k.deleted AND (k.removed IS NULL OR e.seq > k.removed)))";
        batch.Run($"CREATE TABLE {CdcBatch.Late} AS SELECT DISTINCT {sql.Keys("e")}, e.seq FROM {CdcBatch.Events} AS e LEFT JOIN {Known} AS k ON {sql.SameKey("e", "k")} WHERE {which}");
    }

    /// <summary>All that brings columns: the batch's upserts, and the rows as they are; and up to where each key was deleted.</summary>
    private static void Bring(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var ofEvent = string.Concat(layout.Ignoring.Select(static i => $", CASE WHEN e.c{i} IS NOT NULL THEN e.seq END AS q{i}"));
        var ofRow = string.Concat(layout.Ignoring.Select(static i => $", k.q{i}"));
        batch.Run($"CREATE TABLE {Brought} AS SELECT {sql.All("e")}, e.seq{ofEvent} FROM {CdcBatch.Events} AS e ANTI JOIN {CdcBatch.Late} AS l ON {sql.SameKey("e", "l")} AND e.seq = l.seq WHERE e.op = {(int)CdcOperation.Upsert} "
            + $"UNION ALL SELECT {sql.All("r")}, k.seq{ofRow} FROM {CdcTarget.Rows} AS r JOIN {Known} AS k ON {sql.SameKey("r", "k")} WHERE NOT k.deleted");
        batch.Run($"CREATE TABLE {Removed} AS SELECT {sql.Keys()}, max(seq) AS told, max(seq) AS upto FROM (SELECT {sql.Keys()}, CASE WHEN op = {(int)CdcOperation.Delete} THEN seq END AS seq FROM {CdcBatch.Events} WHERE op < {(int)CdcOperation.Truncate} "
            + $"UNION ALL SELECT {sql.Keys()}, removed FROM {Known}{(batch.Restates ? $" UNION ALL SELECT {sql.Keys()}, NULL FROM {Touched}" : "")}) AS d GROUP BY ALL");
        if (batch.Memory.HasTruncation) batch.Run($"UPDATE {Removed} SET upto = {CdcMemory.Truncation} WHERE upto IS NULL OR upto < {CdcMemory.Truncation}");
    }

    /// <summary>For each key the sequence of its row and of its columns, and the values that have them.</summary>
    private static void Settle(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        static string After(string seq) => $"max(b.{seq}) FILTER (d.upto IS NULL OR b.{seq} > d.upto)";
        var reached = string.Concat(layout.Ignoring.Select(static i => $", {After($"q{i}")} AS q{i}"));
        batch.Run($"CREATE TABLE {Reached} AS SELECT {sql.Keys("d")}, any_value(d.told) AS told, {After("seq")} AS seq{reached} FROM {Removed} AS d LEFT JOIN {Brought} AS b ON {sql.SameKey("d", "b")} GROUP BY ALL");
        var values = string.Concat(layout.Ignoring.Select(i => $", arg_max(b.c{i}, {sql.Ordered(i, "b")}) FILTER (b.q{i} = m.q{i}) AS c{i}"));
        var columns = $"SELECT {sql.Keys("m")}{values} FROM {Reached} AS m JOIN {Brought} AS b ON {sql.SameKey("m", "b")} GROUP BY ALL";
        var whole = $"SELECT b.* FROM {Brought} AS b JOIN {Reached} AS m ON {sql.SameKey("b", "m")} AND b.seq = m.seq "
            + $"QUALIFY row_number() OVER (PARTITION BY {sql.Keys("b")} ORDER BY b.seq{Greatest(batch)}) = 1";
        var selected = string.Join(", ", layout.All.Select(i => layout.Keys.Contains(i) ? $"m.c{i}" : layout.Ignoring.Contains(i) ? $"v.c{i}" : $"w.c{i}"));
        var sequences = string.Concat(layout.Ignoring.Select(static i => $", m.q{i}"));
        batch.Run($"CREATE TABLE {State} AS SELECT {selected}, m.seq, m.told{sequences} FROM {Reached} AS m LEFT JOIN ({columns}) AS v ON {sql.SameKey("m", "v")} LEFT JOIN ({whole}) AS w ON {sql.SameKey("m", "w")}");
    }

    private static string Greatest(CdcBatch batch) => string.Concat(batch.Layout.Whole.Select(i => $", {batch.Sql.Ordered(i, "b")} DESC NULLS LAST"));

    private static void Change(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var change = $"CASE WHEN n.seq IS NULL THEN CASE WHEN r.{RowPlace.Column} IS NULL THEN {(int)RowChange.None} ELSE {(int)RowChange.Delete} END "
            + $"WHEN r.{RowPlace.Column} IS NULL THEN {(int)RowChange.Insert} WHEN {CdcSql.Same("n", "r", layout.Values)} THEN {(int)RowChange.None} ELSE {(int)RowChange.Update} END";
        batch.Run($"CREATE TABLE {CdcBatch.Changes} AS SELECT * FROM (SELECT {CdcTarget.Places(batch, "r")}, CAST({change} AS TINYINT) AS {ChangedRows.Change}, {sql.All("n")} "
            + $"FROM {State} AS n LEFT JOIN {CdcTarget.Rows} AS r ON {sql.SameKey("n", "r")}) AS c WHERE {ChangedRows.Change} <> {(int)RowChange.None}");
    }

    /// <summary>Keys that a truncation took and no delete are not remembered: the truncation is.</summary>
    private static void Remember(CdcBatch batch)
    {
        var sql = batch.Sql;
        var names = string.Concat(batch.Layout.Ignoring.Select(static i => $", n.q{i}"));
        var changed = string.Concat(batch.Layout.Ignoring.Select(static i => $" OR n.q{i} IS DISTINCT FROM k.q{i}"));
        batch.Run($"CREATE TABLE {CdcBatch.Remembered} AS SELECT {sql.Keys("n")}, coalesce(n.seq, n.told) AS seq, n.seq IS NULL AS deleted, {batch.AtMicros} AS noted, {batch.Number} AS batch, n.told AS removed{names} "
            + $"FROM {State} AS n LEFT JOIN {Known} AS k ON {sql.SameKey("n", "k")} WHERE (n.seq IS NOT NULL OR n.told IS NOT NULL) AND (k.seq IS NULL OR coalesce(n.seq, n.told) IS DISTINCT FROM k.seq "
            + $"OR n.told IS DISTINCT FROM k.removed OR (n.seq IS NULL) IS DISTINCT FROM k.deleted{changed})");
        CdcMarks.Add(batch);
    }
}
