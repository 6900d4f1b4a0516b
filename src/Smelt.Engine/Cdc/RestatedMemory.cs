namespace Smelt.Engine;

/// <summary>
/// The memory of a batch that makes some keys again: hidden while their rows are made, as if nothing were known of them; then what it has to learn. It is only appended to, so what it is to
/// forget is appended as a delete that was forgotten long ago.
/// </summary>
internal static class RestatedMemory
{
    private const string Real = StepCatalog.OwnSchema + ".cdc_memory_held", Held = StepCatalog.OwnSchema + ".cdc_held", Gone = StepCatalog.OwnSchema + ".cdc_gone";

    private const long LongAgo = -1;

    private static string Name(string qualified) => qualified[(qualified.LastIndexOf('.') + 1)..];

    public static void Hide(CdcBatch batch)
    {
        batch.Run($"ALTER VIEW {CdcMemory.Rows} RENAME TO {Name(Real)}");
        batch.Run($"CREATE VIEW {CdcMemory.Rows} AS SELECT * FROM {Real} WHERE false");
    }

    /// <summary>Leaves of <see cref="CdcBatch.Remembered"/> what the memory does not say already, and adds what it is to forget.</summary>
    public static void Show(CdcBatch batch)
    {
        batch.Run($"DROP VIEW {CdcMemory.Rows}");
        batch.Run($"ALTER VIEW {Real} RENAME TO {Name(CdcMemory.Rows)}");
        var layout = batch.Layout;
        var identity = string.Join(", ", layout.Keys.Select(static k => $"c{k}")) + (layout.KeepsHistory ? ", seq" : "");
        string Same(string a, string b) => batch.Sql.SameKey(a, b) + (layout.KeepsHistory ? $" AND {a}.seq = {b}.seq" : "");
        var content = batch.Memory.Columns().Select(static c => c.Work).Where(static w => w is not ("kind" or "noted" or "batch")).ToList();
        batch.Run($"CREATE TABLE {Held} AS SELECT m.* FROM {CdcMemory.Rows} AS m JOIN (SELECT {identity}, max(batch) AS batch FROM {CdcMemory.Rows} GROUP BY {identity}) AS n ON {Same("m", "n")} AND m.batch = n.batch "
            + $"SEMI JOIN {RestatedKeys.Chosen} AS k ON {batch.Sql.SameKey("m", "k")} WHERE NOT (m.deleted AND m.noted < {batch.Memory.Oldest})");
        batch.Run($"CREATE TABLE {Gone} AS SELECT h.* FROM {Held} AS h ANTI JOIN {CdcBatch.Remembered} AS r ON {Same("h", "r")}");
        batch.Run($"DELETE FROM {CdcBatch.Remembered} AS r USING {Held} AS h WHERE {Same("r", "h")} AND {string.Join(" AND ", content.Select(static c => $"r.{c} IS NOT DISTINCT FROM h.{c}"))}");
        batch.Run($"DELETE FROM {CdcMemory.NewMarks}");
        batch.Run($"INSERT INTO {CdcMemory.NewMarks} SELECT {CdcMemory.DeleteMark}, max(seq), {batch.AtMicros} FROM {CdcBatch.Remembered} WHERE deleted HAVING count(*) > 0");
        batch.Run($"INSERT INTO {CdcBatch.Remembered} BY NAME SELECT {identity}, true AS deleted, {LongAgo} AS noted, {batch.Number} AS batch FROM {Gone}");
    }
}
