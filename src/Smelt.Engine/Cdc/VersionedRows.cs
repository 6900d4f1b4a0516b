using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// SCD type 2: the versions of a touched key are made anew from all its events. Most of these are the target's own rows, as a version's begin and end are events; the memory
/// has only those that no row shows: what changed no tracked column, deletes of what was not there, and events whose row says more than they did.
/// </summary>
internal static class VersionedRows
{
    private const string Touched = StepCatalog.OwnSchema + ".cdc_touched", Known = StepCatalog.OwnSchema + ".cdc_known", Timeline = StepCatalog.OwnSchema + ".cdc_timeline",
        Filled = StepCatalog.OwnSchema + ".cdc_filled", Runs = StepCatalog.OwnSchema + ".cdc_runs", Versions = StepCatalog.OwnSchema + ".cdc_versions";

    /// <inheritdoc cref="CurrentRows.ApplyAsync"/>
    public static async Task ApplyAsync(CdcBatch batch, CancellationToken cancel)
    {
        var sql = batch.Sql;
        batch.Run($"CREATE TABLE {Touched} AS SELECT DISTINCT {sql.Keys()} FROM {(batch.Restates ? RestatedKeys.Chosen : CdcBatch.Events)}");
        await CdcTarget.FindAsync(batch, Touched, withValues: true, cancel);
        Recall(batch);
        FindLate(batch);
        Gather(batch);
        Fill(batch);
        Divide(batch);
        Change(batch);
        Remember(batch);
    }

    private static void Recall(CdcBatch batch)
    {
        var sql = batch.Sql;
        var fields = string.Concat(batch.Layout.Values.Select(static v => $", 'c{v}': m.c{v}"));
        var names = string.Concat(batch.Layout.Values.Select(static v => $", r.c{v} AS c{v}"));
        batch.Run($"CREATE TABLE {Known} AS SELECT {sql.Keys()}, seq, r.deleted AS deleted{names} FROM (SELECT {sql.Keys("m")}, m.seq, arg_max({{'deleted': m.deleted, 'noted': m.noted{fields}}}, m.batch) AS r "
            + $"FROM {CdcMemory.Rows} AS m SEMI JOIN {Touched} AS t ON {sql.SameKey("m", "t")} GROUP BY ALL) AS l WHERE NOT (r.deleted AND r.noted < {batch.Memory.Oldest})");
    }

    /// <summary>Events in a stretch in which the key was not there, where a delete that was forgotten may have been.</summary>
    private static void FindLate(CdcBatch batch)
    {
        var sql = batch.Sql;
        var which = !batch.Memory.HasHorizon ? "false" : $"e.op = {(int)CdcOperation.Upsert} AND e.seq <= {batch.Memory.Horizon}";
        batch.Run($"CREATE TABLE {CdcBatch.Late} AS SELECT DISTINCT {sql.Keys("e")}, e.seq FROM {CdcBatch.Events} AS e ANTI JOIN {CdcTarget.Rows} AS r ON {sql.SameKey("e", "r")} AND r.s <= e.seq AND (r.e IS NULL OR e.seq < r.e) WHERE {which}");
    }

    /// <summary>One event for each key and sequence: of several a delete, else the greatest by content.</summary>
    private static void Gather(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        string Columns(string of) => $"{sql.Keys(of)}{string.Concat(layout.Values.Select(v => $", {of}.c{v}"))}";
        var none = string.Concat(layout.Values.Select(v => $", CAST(NULL AS {layout.Columns[v].Sql}) AS c{v}"));
        var ofEvents = string.Concat(layout.Values.Select(static v => $", CASE WHEN e.op = 0 THEN e.c{v} END AS c{v}"));
        var gathered = Timeline + "_all";
        // Rows that are made again are no events.
        var rows = batch.Restates ? $"(SELECT * FROM {CdcTarget.Rows} WHERE false)" : CdcTarget.Rows;
        // An extract whose row is let in later did not lack the key: the version did not end there.
        var lacked = layout.Remembers ? "" : $"ANTI JOIN {CdcBatch.Events} AS x ON {sql.SameKey("r", "x")} AND r.e = x.seq AND x.op = {(int)CdcOperation.Upsert} ";
        batch.Run($"CREATE TABLE {gathered} AS SELECT {sql.Keys("e")}{ofEvents}, e.seq, e.op FROM {CdcBatch.Events} AS e ANTI JOIN {CdcBatch.Late} AS l ON {sql.SameKey("e", "l")} AND e.seq = l.seq AND e.op = 0 "
            + $"UNION ALL SELECT {Columns("k")}, k.seq, CAST(k.deleted AS TINYINT) FROM {Known} AS k "
            + $"UNION ALL SELECT {Columns("r")}, r.s, CAST(0 AS TINYINT) FROM {rows} AS r ANTI JOIN {Known} AS k ON {sql.SameKey("r", "k")} AND r.s = k.seq "
            + $"UNION ALL SELECT {sql.Keys("r")}{none}, r.e, CAST(1 AS TINYINT) FROM {rows} AS r ANTI JOIN {rows} AS n ON {sql.SameKey("r", "n")} AND r.e = n.s {lacked}WHERE r.e IS NOT NULL");
        var ordered = string.Concat(layout.Whole.Select(w => $", {sql.Ordered(w, "a")} DESC NULLS LAST"));
        var chosen = string.Join(", ", layout.All.Select(i => layout.Ignoring.Contains(i) ? $"max(a.c{i}) OVER (PARTITION BY {sql.Keys("a")}, a.seq) AS c{i}" : $"a.c{i}"));
        batch.Run($"CREATE TABLE {Timeline}_ties AS SELECT {sql.Keys()}, seq FROM {gathered} GROUP BY ALL HAVING count(*) > 1");
        var isTie = $"{Timeline}_ties AS t ON {sql.SameKey("a", "t")} AND a.seq = t.seq";
        batch.Run($"CREATE TABLE {Timeline} AS SELECT a.* FROM {gathered} AS a ANTI JOIN {isTie} UNION ALL BY NAME "
            + $"SELECT {chosen}, a.seq, a.op FROM {gathered} AS a SEMI JOIN {isTie} QUALIFY row_number() OVER (PARTITION BY {sql.Keys("a")}, a.seq ORDER BY a.op DESC{ordered}) = 1");
        if (layout.Ignoring.Count > 0)
            batch.Run($"UPDATE {Timeline} SET {string.Join(", ", layout.Ignoring.Select(static i => $"c{i} = NULL"))} WHERE op = {(int)CdcOperation.Delete}");
        batch.Run($"DROP TABLE {gathered}");
    }

    /// <summary>What each event leaves the row at: ignored columns keep what they had since the last delete. Raw columns stay beside as <c>c</c>, filled ones are <c>f</c>.</summary>
    private static void Fill(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var filled = string.Concat(layout.Ignoring.Select(i => $", last_value(c{i} IGNORE NULLS) OVER (PARTITION BY {sql.Keys()}, life ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS f{i}"));
        var life = layout.Ignoring.Count == 0 ? Timeline
            : $"(SELECT *, count(*) FILTER (op = {(int)CdcOperation.Delete}) OVER (PARTITION BY {sql.Keys()} ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life FROM {Timeline}) AS l";
        var same = string.Concat(layout.Values.Except(layout.Ignoring).Select(static v => $", c{v} AS f{v}"));
        var tracked = layout.Tracked.Count == 0 ? "false"
            : $"lag({Struct(batch)}) OVER w IS DISTINCT FROM {Struct(batch)}";
        batch.Run($"CREATE TABLE {Filled} AS SELECT *, op = {(int)CdcOperation.Delete} OR coalesce(lag(op) OVER w, {(int)CdcOperation.Delete}) = {(int)CdcOperation.Delete} OR {tracked} AS opens, lag(op) OVER w AS before "
            + $"FROM (SELECT *{filled}{same} FROM {life}) AS f WINDOW w AS (PARTITION BY {sql.Keys()} ORDER BY seq)");
    }

    private static string Struct(CdcBatch batch) => $"{{{string.Join(", ", batch.Layout.Tracked.Select(t => $"'t{t}': f{t}"))}}}";

    /// <summary>Runs of events of one version each; a delete is a run too, and ends the one before.</summary>
    private static void Divide(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        batch.Run($"CREATE TABLE {Runs} AS SELECT *, count(*) FILTER (opens) OVER (PARTITION BY {sql.Keys()} ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run FROM {Filled}");
        var values = string.Concat(layout.Values.Select(static v => $", f{v} AS c{v}"));
        var last = $"SELECT {sql.Keys()}{values}, op, run, min(seq) OVER (PARTITION BY {sql.Keys()}, run) AS s FROM {Runs} QUALIFY row_number() OVER (PARTITION BY {sql.Keys()}, run ORDER BY seq DESC) = 1";
        batch.Run($"CREATE TABLE {Versions} AS SELECT * FROM (SELECT *, lead(s) OVER (PARTITION BY {sql.Keys()} ORDER BY run) AS e FROM ({last}) AS h) AS v WHERE op = {(int)CdcOperation.Upsert}");
        batch.Run($"DROP TABLE {Filled}; DROP TABLE {Timeline}");
    }

    private static void Change(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var change = $"CASE WHEN r.{RowPlace.Column} IS NULL THEN {(int)RowChange.Insert} WHEN v.s IS NULL THEN {(int)RowChange.Delete} "
            + $"WHEN v.e IS NOT DISTINCT FROM r.e AND {CdcSql.Same("v", "r", layout.Values)} THEN {(int)RowChange.None} ELSE {(int)RowChange.Update} END";
        var columns = string.Join(", ", layout.All.Select(i => layout.Keys.Contains(i) ? $"coalesce(v.c{i}, r.c{i}) AS c{i}" : $"v.c{i}"));
        batch.Run($"CREATE TABLE {CdcBatch.Changes} AS SELECT * FROM (SELECT {CdcTarget.Places(batch, "r")}, CAST({change} AS TINYINT) AS {ChangedRows.Change}, {columns}, v.s, v.e "
            + $"FROM {Versions} AS v FULL JOIN {CdcTarget.Rows} AS r ON {sql.SameKey("v", "r")} AND v.s = r.s) AS c WHERE {ChangedRows.Change} <> {(int)RowChange.None}");
    }

    /// <summary>Events that the rows do not show, and those whose remembered content is no longer theirs.</summary>
    private static void Remember(CdcBatch batch)
    {
        if (!batch.Layout.Remembers) return;
        var (sql, layout) = (batch.Sql, batch.Layout);
        var values = string.Concat(layout.Values.Select(static v => $", t.c{v}"));
        var shown = $"CASE WHEN t.op = {(int)CdcOperation.Delete} THEN coalesce(t.before, 1) = {(int)CdcOperation.Upsert} ELSE coalesce(t.opens AND {CdcSql.Same("t", "v", layout.Values)}, false) END";
        batch.Run($"CREATE TABLE {CdcBatch.Remembered} AS SELECT {sql.Keys("t")}, t.seq, t.op = {(int)CdcOperation.Delete} AS deleted, {batch.AtMicros} AS noted, {batch.Number} AS batch{values} "
            + $"FROM {Runs} AS t LEFT JOIN {Versions} AS v ON {sql.SameKey("t", "v")} AND t.run = v.run LEFT JOIN {Known} AS k ON {sql.SameKey("t", "k")} AND t.seq = k.seq "
            + $"WHERE CASE WHEN k.seq IS NULL THEN NOT ({shown}) ELSE (t.op = {(int)CdcOperation.Delete}) IS DISTINCT FROM k.deleted OR NOT ({CdcSql.Same("t", "k", layout.Values)}) END");
        CdcMarks.Add(batch);
    }
}
