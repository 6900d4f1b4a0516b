using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// SCD type 1: a key's row is what its latest event says. Of the batch's events one a key is left, held against the key's memory, and where it wins, put in the place of the
/// key's row.
/// </summary>
internal static class CurrentRows
{
    private const string Won = StepCatalog.OwnSchema + ".cdc_won", Known = StepCatalog.OwnSchema + ".cdc_known", Decided = StepCatalog.OwnSchema + ".cdc_decided";

    /// <summary>Makes <see cref="CdcBatch.Changes"/>, <see cref="CdcBatch.Remembered"/>, <see cref="CdcBatch.Late"/> and the batch's marks.</summary>
    public static async Task ApplyAsync(CdcBatch batch, CancellationToken cancel)
    {
        var truncates = batch.Memory.TakeTruncations(batch.Connection, CdcBatch.Events);
        LatestOfBatch(batch);
        Recall(batch);
        Decide(batch);
        await ChangeAsync(batch, cancel);
        if (truncates && batch.Attempt is not null) await TruncateAsync(batch, cancel);
        Remember(batch);
    }

    /// <summary>The events that come last of their keys: by sequence, then deletes after upserts, then by their columns.</summary>
    private static void LatestOfBatch(CdcBatch batch)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var after = batch.Memory.HasTruncation ? $" AND seq > {CdcMemory.Truncation}" : "";
        var events = $"(SELECT {sql.All()}, seq, op FROM {CdcBatch.Events} WHERE op < {(int)CdcOperation.Truncate}{after})";
        batch.Run($"CREATE TABLE {Won} AS WITH e AS {events}, m AS (SELECT {sql.Keys()}, max(seq) AS seq FROM e GROUP BY ALL) SELECT e.* FROM e JOIN m ON {sql.SameKey("e", "m")} AND e.seq = m.seq");
        // Rows of one key twice are rare; only they are sorted.
        batch.Run($"CREATE TABLE {Won}_ties AS SELECT {sql.Keys()} FROM {Won} GROUP BY ALL HAVING count(*) > 1");
        if (!batch.Any(Won + "_ties")) return;
        batch.Run($"CREATE TABLE {Won}_settled AS SELECT w.* FROM {Won} AS w SEMI JOIN {Won}_ties AS t ON {sql.SameKey("w", "t")} "
            + $"QUALIFY row_number() OVER (PARTITION BY {sql.Keys()} ORDER BY op DESC{sql.GreatestFirst(layout.Values)}) = 1");
        batch.Run($"CREATE TABLE {Won}_single AS SELECT w.* FROM {Won} AS w ANTI JOIN {Won}_ties AS t ON {sql.SameKey("w", "t")}");
        batch.Run($"DROP TABLE {Won}; ALTER TABLE {Won}_single RENAME TO cdc_won; INSERT INTO {Won} SELECT * FROM {Won}_settled");
    }

    /// <summary>What is remembered of the batch's keys; what a truncation or the retention took is not.</summary>
    private static void Recall(CdcBatch batch)
    {
        var sql = batch.Sql;
        var after = batch.Memory.HasTruncation ? $" AND r.seq > {CdcMemory.Truncation}" : "";
        batch.Run($"CREATE TABLE {Known} AS SELECT {sql.Keys()}, r.seq AS seq, r.deleted AS deleted FROM (SELECT {sql.Keys("m")}, arg_max({{'seq': m.seq, 'deleted': m.deleted, 'noted': m.noted}}, m.batch) AS r "
            + $"FROM {CdcMemory.Rows} AS m SEMI JOIN {Won} AS w ON {sql.SameKey("m", "w")} GROUP BY ALL) AS l WHERE NOT (r.deleted AND r.noted < {batch.Memory.Oldest}){after}");
    }

    /// <summary>The events that win over what is known, and those that came too late to be judged.</summary>
    private static void Decide(CdcBatch batch)
    {
        var sql = batch.Sql;
        var late = batch.Memory.HasHorizon ? $"w.op = {(int)CdcOperation.Upsert} AND k.seq IS NULL AND w.seq <= {batch.Memory.Horizon}" : "false";
        batch.Run($"CREATE TABLE {Decided} AS SELECT w.*, k.seq IS NOT DISTINCT FROM w.seq AS tied, {late} AS late FROM {Won} AS w LEFT JOIN {Known} AS k ON {sql.SameKey("w", "k")} "
            + $"WHERE k.seq IS NULL OR w.seq > k.seq OR (w.seq = k.seq AND NOT k.deleted)");
        batch.Run($"CREATE TABLE {CdcBatch.Late} AS SELECT {sql.Keys()}, seq FROM {Decided} WHERE late; DELETE FROM {Decided} WHERE late; DROP TABLE {Won}; DROP TABLE {Known}");
    }

    private static async Task ChangeAsync(CdcBatch batch, CancellationToken cancel)
    {
        var (sql, layout) = (batch.Sql, batch.Layout);
        var tied = batch.Any($"{Decided} WHERE tied");
        var compares = tied || batch.TellsChanges || !layout.Remembers;
        await CdcTarget.FindAsync(batch, batch.Restates ? RestatedKeys.Chosen : Decided, compares, cancel);
        // Equal in sequence: the greater by content stays, and one that is there already changes nothing.
        if (tied)
            batch.Run($"DELETE FROM {Decided} AS d USING {CdcTarget.Rows} AS r WHERE {sql.SameKey("d", "r")} AND d.tied AND d.op = {(int)CdcOperation.Upsert} AND NOT {sql.Greater("d", "r", layout.Values)}");
        var same = batch.TellsChanges || !layout.Remembers ? $"WHEN {CdcSql.Same("d", "r", layout.Values)} THEN {(int)RowChange.None} " : "";
        var change = $"CASE WHEN d.op = {(int)CdcOperation.Delete} THEN CASE WHEN r.{RowPlace.Column} IS NULL THEN {(int)RowChange.None} ELSE {(int)RowChange.Delete} END "
            + $"WHEN r.{RowPlace.Column} IS NULL THEN {(int)RowChange.Insert} {same}ELSE {(int)RowChange.Update} END";
        batch.Run($"CREATE TABLE {CdcBatch.Changes} AS SELECT * FROM (SELECT {CdcTarget.Places(batch, "r")}, CAST({change} AS TINYINT) AS {ChangedRows.Change}, {sql.All("d")} "
            + $"FROM {Decided} AS d LEFT JOIN {CdcTarget.Rows} AS r ON {sql.SameKey("d", "r")}) AS c WHERE {ChangedRows.Change} <> {(int)RowChange.None}");
        // A key none of whose events holds any more.
        if (batch.Restates)
            batch.Run($"INSERT INTO {CdcBatch.Changes} SELECT {CdcTarget.Places(batch, "r")}, {(int)RowChange.Delete}, {sql.All("r")} FROM {CdcTarget.Rows} AS r ANTI JOIN {Decided} AS d ON {sql.SameKey("r", "d")}");
    }

    /// <summary>All rows go whose keys have no event after the truncation: remembered ones have, and the batch's own.</summary>
    private static async Task TruncateAsync(CdcBatch batch, CancellationToken cancel)
    {
        var sql = batch.Sql;
        var survivors = $"(SELECT {sql.Keys()} FROM {CdcMemory.Rows} WHERE NOT deleted AND seq > {CdcMemory.Truncation} UNION ALL SELECT {sql.Keys()} FROM {Decided})";
        var nothing = string.Join(", ", batch.Layout.All.Select(i => batch.Layout.Keys.Contains(i) ? $"t.c{i}" : $"CAST(NULL AS {batch.Layout.Columns[i].Sql})"));
        batch.Run($"INSERT INTO {CdcBatch.Changes} SELECT {CdcTarget.Places(batch, "t")}, {(int)RowChange.Delete}, {nothing} FROM ({await CdcTarget.AllAsync(batch, cancel)}) AS t ANTI JOIN {survivors} AS s ON {sql.SameKey("t", "s")}");
    }

    private static void Remember(CdcBatch batch)
    {
        if (batch.Layout.Remembers)
            batch.Run($"CREATE TABLE {CdcBatch.Remembered} AS SELECT {batch.Sql.Keys()}, seq, op = {(int)CdcOperation.Delete} AS deleted, {batch.AtMicros} AS noted, {batch.Number} AS batch FROM {Decided}");
        CdcMarks.Add(batch);
        batch.Run($"DROP TABLE {Decided}");
    }
}

/// <summary>The marks that a batch leaves beside its rows.</summary>
internal static class CdcMarks
{
    public static void Add(CdcBatch batch)
    {
        if (!batch.Layout.Remembers) return;
        batch.Run($"INSERT INTO {CdcMemory.NewMarks} SELECT {CdcMemory.DeleteMark}, max(seq), {batch.AtMicros} FROM {CdcBatch.Remembered} WHERE deleted HAVING count(*) > 0");
        batch.Run($"INSERT INTO {CdcMemory.NewMarks} SELECT {CdcMemory.TruncateMark}, max(seq), {batch.AtMicros} FROM {CdcBatch.Events} WHERE op = {(int)CdcOperation.Truncate} HAVING count(*) > 0");
    }
}
