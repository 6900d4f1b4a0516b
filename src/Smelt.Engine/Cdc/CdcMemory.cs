using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// What a CDC flow remembers, so that events may come in any order: the Delta table <c>_smelt/cdc/&lt;flow&gt;</c>, appended to with every batch, of whose rows for one key (of a
/// history: for one key and sequence) the one of the latest batch holds. Beside the rows it has marks: the greatest sequence of a batch's deletes, and truncations.
/// </summary>
internal sealed class CdcMemory
{
    /// <summary>Rows and marks as views of a batch's catalog: (keys, seq, deleted, at, batch, …) and (kind, seq, at).</summary>
    public const string Rows = StepCatalog.OwnSchema + ".cdc_memory", Marks = StepCatalog.OwnSchema + ".cdc_marks", NewMarks = StepCatalog.OwnSchema + ".cdc_new_marks";

    /// <summary>Kinds of rows.</summary>
    public const int RowKind = 0, DeleteMark = 1, TruncateMark = 2, SnapshotMark = 3;

    /// <summary>So many files are too many to open with every batch: the flow then writes what holds as one.</summary>
    public const int MostFiles = 64;

    private const string Kind = "__smelt_kind", Sequence = "__smelt_sequence", Deleted = "__smelt_deleted", At = "__smelt_at", Batch = "__smelt_batch", Removed = "__smelt_removed";

    private readonly CdcLayout _layout;
    private readonly long _oldestMicros;

    private CdcMemory(CdcLayout layout, PinnedTable? before, long oldestMicros) => (_layout, Before, _oldestMicros) = (layout, before, oldestMicros);

    /// <summary>The table as the batch found it; null where there is none, or the batch starts a new generation.</summary>
    public PinnedTable? Before { get; }

    public bool IsEmpty => Before is null || Before.Snapshot.Files.Count == 0;

    /// <summary>Whether any truncation holds.</summary>
    public bool HasTruncation { get; private set; }

    /// <summary>Whether deletes were forgotten, so that an older event of a key that is not there cannot be judged.</summary>
    public bool HasHorizon { get; private set; }

    /// <summary>SQL of the greatest truncation's sequence, and of the greatest forgotten delete's; scalar subqueries.</summary>
    public static string Truncation => $"(SELECT max(seq) FROM {StepCatalog.OwnSchema}.cdc_truncations)";

    public string Horizon => $"(SELECT max(seq) FROM {Marks} WHERE kind = {DeleteMark} AND noted < {Oldest})";

    /// <summary>A tombstone older than this is as if it were not there.</summary>
    public string Oldest => _oldestMicros.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads what the memory's marks say, and binds its rows.</summary>
    /// <param name="atMicros">When the batch was chosen.</param>
    /// <param name="retentionMicros">How long tombstones hold.</param>
    /// <param name="isWhole">Whether the batch has all events of its keys, so that none can come too late.</param>
    public static async Task<CdcMemory> OpenAsync(DuckDbConnection connection, CdcLayout layout, PinnedTable? before, long atMicros, long retentionMicros, bool isWhole, CancellationToken cancel)
    {
        var memory = new CdcMemory(layout, before, atMicros - retentionMicros);
        await memory.BindAsync(connection, cancel);
        memory.HasHorizon = !isWhole && connection.Scalar($"SELECT {memory.Horizon} IS NOT NULL") is true;
        return memory;
    }

    /// <summary>Takes the batch's own truncations into account.</summary>
    /// <param name="events">Events of the batch.</param>
    /// <returns>Whether one of them reaches further than those before.</returns>
    public bool TakeTruncations(DuckDbConnection connection, string events)
    {
        var truncations = $"{StepCatalog.OwnSchema}.cdc_truncations";
        connection.Execute($"CREATE OR REPLACE TABLE {truncations} AS SELECT seq, true AS old FROM {Marks} WHERE kind = {TruncateMark}");
        connection.Execute($"INSERT INTO {truncations} SELECT max(seq), false FROM {events} WHERE op = {(int)CdcOperation.Truncate} HAVING count(*) > 0");
        HasTruncation = connection.Scalar($"SELECT 1 FROM {truncations} LIMIT 1") is not null;
        return HasTruncation && connection.Scalar($"SELECT max(seq) FILTER (NOT old) > max(seq) FILTER (old) OR (max(seq) FILTER (NOT old) IS NOT NULL AND max(seq) FILTER (old) IS NULL) FROM {truncations}") is true;
    }

    /// <summary>The memory's columns: as stored, and as the batch's queries call them.</summary>
    public IReadOnlyList<(ColumnSpec Spec, string Work)> Columns()
    {
        var columns = _layout.Keys.Select(k => (new ColumnSpec(_layout.Columns[k].Name, _layout.Columns[k].Type), $"c{k}")).ToList();
        columns.Add((new ColumnSpec(Kind, DeltaType.Byte), "kind"));
        columns.Add((new ColumnSpec(Sequence, _layout.Sequence), "seq"));
        columns.Add((new ColumnSpec(Deleted, DeltaType.Boolean), "deleted"));
        columns.Add((new ColumnSpec(At, DeltaType.Long), "noted"));
        columns.Add((new ColumnSpec(Batch, DeltaType.Long), "batch"));
        if (_layout.KeepsHistory) columns.AddRange(_layout.Values.Select(v => (new ColumnSpec(_layout.Columns[v].Name, _layout.Columns[v].Type), $"c{v}")));
        else if (_layout.Ignoring.Count > 0)
        {
            columns.Add((new ColumnSpec(Removed, _layout.Sequence), "removed"));
            columns.AddRange(_layout.Ignoring.Select(i => (new ColumnSpec("__smelt_sequence_of_" + _layout.Columns[i].Name, _layout.Sequence), $"q{i}")));
        }
        return columns;
    }

    /// <summary>The rows to append for a batch: those of <see cref="CdcBatch.Remembered"/> and its marks.</summary>
    public string RowsSql() => Stored($"SELECT *, {RowKind} AS kind FROM {CdcBatch.Remembered}");

    public string MarksSql(CdcBatch batch)
    {
        var missing = Columns().Where(static c => c.Work is not ("kind" or "seq" or "noted" or "batch" or "deleted"))
            .Select(static c => $"CAST(NULL AS {ParquetSql.TypeOf("memory", c.Spec.Type)}) AS {c.Work}");
        return Stored($"SELECT kind, seq, noted, false AS deleted, {batch.Number} AS batch, {string.Join(", ", missing)} FROM {NewMarks}");
    }

    /// <summary>All that still holds, for the table to be written anew: rows of keys that the batch did not touch, and the batch's own.</summary>
    public string CompactedRowsSql(CdcBatch batch)
    {
        var identity = string.Join(", ", _layout.Keys.Select(static k => $"c{k}")) + (_layout.KeepsHistory ? ", seq" : "");
        var same = $"{batch.Sql.SameKey("m", "n")}" + (_layout.KeepsHistory ? " AND m.seq = n.seq" : "");
        var columns = string.Join(", ", Columns().Where(static c => c.Work != "kind").Select(static c => c.Work));
        var old = $"SELECT m.* FROM {Rows} AS m JOIN (SELECT {identity}, max(batch) AS batch FROM {Rows} GROUP BY {identity}) AS n ON {same} AND m.batch = n.batch";
        var holds = $"NOT (deleted AND noted < {Oldest})" + (HasTruncation && _layout.Ignoring.Count == 0 ? $" AND seq > {Truncation}" : "");
        return Stored($"SELECT *, {RowKind} AS kind FROM (SELECT {columns} FROM ({old}) AS m ANTI JOIN {CdcBatch.Remembered} AS n ON {same} WHERE {holds} UNION ALL SELECT {columns} FROM {CdcBatch.Remembered}) AS a");
    }

    /// <summary>
    /// Of forgotten deletes, of truncations and of snapshots the greatest is enough. A delete that is written down no more stays forgotten, however long the retention is made afterwards.
    /// </summary>
    public string CompactedMarksSql(CdcBatch batch)
    {
        var all = $"(SELECT kind, seq, noted FROM {Marks} UNION ALL SELECT kind, seq, noted FROM {NewMarks})";
        batch.Run($"CREATE OR REPLACE TABLE {NewMarks} AS SELECT kind, seq, noted FROM {all} WHERE kind = {DeleteMark} AND noted >= {Oldest} "
            + $"UNION ALL SELECT kind, max(seq), CASE WHEN kind = {DeleteMark} THEN 0 ELSE max(noted) END FROM {all} WHERE NOT (kind = {DeleteMark} AND noted >= {Oldest}) GROUP BY kind");
        return MarksSql(batch);
    }

    private string Stored(string from) =>
        $"SELECT {string.Join(", ", Columns().Select(static c => $"{c.Work} AS {SqlText.Identifier(c.Spec.Name)}"))} FROM ({from}) AS m";

    private async Task BindAsync(DuckDbConnection connection, CancellationToken cancel)
    {
        await BindAsync(connection, Rows, [.. Columns().Where(static c => c.Work != "kind")], RowPredicate.Of(Kind, Comparison.Equal, new PredicateValue.Number(RowKind)), $"{Kind} = {RowKind}", cancel);
        await BindAsync(connection, Marks, [.. Columns().Where(static c => c.Work is "kind" or "seq" or "noted")], RowPredicate.Of(Kind, Comparison.Greater, new PredicateValue.Number(RowKind)), $"{Kind} > {RowKind}", cancel);
        connection.Execute($"CREATE OR REPLACE TABLE {NewMarks} (kind TINYINT, seq {_layout.SequenceSql}, noted BIGINT)");
    }

    private async Task BindAsync(DuckDbConnection connection, string view, IReadOnlyList<(ColumnSpec Spec, string Work)> columns, RowPredicate which, string where, CancellationToken cancel)
    {
        var from = "(SELECT 1 AS nothing WHERE false)";
        StructType? schema = null;
        if (Before is { } before)
        {
            var files = new PruneFilter(before.Snapshot.Metadata, which).Select(before.Snapshot.Files).ToList();
            var scan = before.Table.Scan(before.Snapshot, files);
            if (scan.NeedsSetup) await scan.PrepareAsync(connection, cancel);
            (from, schema) = ($"({scan.Sql}) AS f WHERE {where}", scan.Schema);
        }
        var select = columns.Select(c => schema?.Find(c.Spec.Name) is null ? $"CAST(NULL AS {ParquetSql.TypeOf("memory", c.Spec.Type)}) AS {c.Work}" : $"{SqlText.Identifier(c.Spec.Name)} AS {c.Work}");
        connection.Execute($"CREATE OR REPLACE VIEW {view} AS SELECT {string.Join(", ", select)} FROM {from}");
    }
}
