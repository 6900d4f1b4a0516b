using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// The rows of streamed tables that batches of a bronze flow have read, as they read them: the files of the versions that their intents name, also those that were compacted since, each row with the
/// number of its batch along, by which it gets the stamps that it had.
/// </summary>
/// <param name="flow">Number of the flow in the catalog.</param>
/// <param name="batches">The batches, in their order.</param>
internal sealed class IngestedStreams(UpdateContext context, StepPreparation step, StepCatalog catalog, int flow, IReadOnlyList<IntentRecord> batches)
{
    private const string Number = "__smelt_number", Name = "__smelt_source";

    private readonly StreamBinding _binding = new(context, step, catalog);
    private List<string>? _columns;
    private readonly HashSet<StreamRange> _bound = new(ReferenceEqualityComparer.Instance);

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    private string Stamping => SqlText.Identifier(StepCatalog.OwnSchema, $"ingested_batches_{flow}");

    /// <summary>Makes the table that stamps rows.</summary>
    public void Prepare()
    {
        catalog.Connection.Execute($"CREATE TABLE {Stamping} ({Number} INTEGER, {IngestedFiles.At} TIMESTAMPTZ, {IngestedFiles.Id} VARCHAR, {Name} VARCHAR)");
        foreach (var part in batches.Index().Chunk(500))
            catalog.Connection.Execute($"INSERT INTO {Stamping} VALUES {string.Join(", ", part.Select(static b => $"({b.Index}, TIMESTAMPTZ '{IngestedFiles.Time(b.Item)}+00', {SqlText.Literal(b.Item.BatchId)}, {SourceOf(b.Item)})"))}");
    }

    /// <summary>The columns of the batch that read a row; NULL of one that came from a file.</summary>
    public IEnumerable<StampedColumn> Stamps(MetadataColumns names) => IngestedFiles.Stamps(names, "b", "").Select(s =>
    {
        var value = s.Name.Equals(names.Source, StringComparison.OrdinalIgnoreCase) ? $"b.{Name}" : s.Sql;
        return s with { Sql = $"(SELECT {value} FROM {Stamping} AS b WHERE b.{Number} = struct_extract({StreamedRow.Column}, '{StreamedRow.Batch}'))" };
    });

    /// <summary>Binds what the batches read of one table.</summary>
    /// <returns>The view's name.</returns>
    /// <exception cref="EngineException">It is not there any more.</exception>
    public async Task<string> BindAsync(StreamSource source, int index, CancellationToken cancel)
    {
        var table = await source.FindAsync(context, context.Tables, cancel) ?? throw DayFault.Lost(step, $"{source.Name} is gone");
        var id = table.Snapshot.Metadata.Id;
        var ranges = batches.Index().Select(b => (Batch: b.Index, Range: source.RangeOf(b.Item.Streams, id))).Where(static r => r.Range is { IsEmpty: false }).ToList();
        _bound.UnionWith(ranges.Select(static r => r.Range!));
        if (ranges.Exists(r => r.Range!.TableId != id)) throw DayFault.Lost(step, $"{source.Name} was dropped and made again since it was read");
        if (ranges.Count > 0) await HoldErasureAsync(source, table, ranges.Min(static r => r.Range!.To), cancel);
        var parts = new List<string>();
        _columns = null;
        foreach (var (batch, range) in ranges) parts.Add(await PartAsync(source, table, range!, $"{flow}_{index}_{batch}", batch, cancel));
        if (parts.Count == 0) parts.Add(await PartAsync(source, table, new StreamRange(source.Name, id, table.Snapshot.Version, table.Snapshot.Version), $"{flow}_{index}", 0, cancel));
        return View(string.Join("\nUNION ALL BY NAME\n", parts), $"{flow}_{index}");
    }

    /// <exception cref="EngineException">A batch read a table that the query does not name today.</exception>
    public void HoldAllBound()
    {
        if (batches.SelectMany(static b => b.Streams).FirstOrDefault(r => !r.IsEmpty && !_bound.Contains(r)) is { } other)
            throw DayFault.Refused(step, $"its batches read {other.Name}, which its query does not name today");
    }

    private static string SourceOf(IntentRecord batch) => batch.Sources.Count > 0 ? SqlText.Literal(batch.Sources[0].Path) : batch.Streams.Count > 0 ? SqlText.Literal(batch.Streams[0].Name) : "NULL";

    /// <summary>Older versions hold what was erased from the table since, and from the one that reads it.</summary>
    private async Task HoldErasureAsync(StreamSource source, PinnedTable table, long version, CancellationToken cancel)
    {
        TakenRows.HoldErasure(step, source.Name, table.Snapshot, await ToldAsync(source, version, async () => await table.Table.SnapshotAsync(version, cancel)));
        await TakenRows.HoldOwnErasureAsync(context, step, $"{source.Name} at version {version}", $"Erase them from {source.Name} too", cancel);
    }

    private static List<string> ColumnsOf(TableScan changes) => [.. changes.Schema.Fields.Select(static f => f.Name).Where(static n => n is not ("_change_type" or "_commit_version" or "_commit_timestamp"))];

    private async Task<string> PartAsync(StreamSource source, PinnedTable table, StreamRange range, string name, int batch, CancellationToken cancel)
    {
        var (scan, added) = await ToldAsync(source, range.To, () => _binding.ScanAsync(table.Table, source, range, cancel));
        // Today's query names today's columns: in the files of then they are found by what they are called there.
        if (!source.IsChanges) scan = new ScanBuilder(table.Table, table.Snapshot.Metadata).Build(scan.Files);
        else if (!(_columns ??= ColumnsOf(scan)).SequenceEqual(ColumnsOf(scan))) throw DayFault.Refused(step, $"the columns of {source.Name} changed between its batches, and its changes come under the columns of then");
        var missing = await table.Table.MissingFilesAsync(scan.Files, cancel);
        if (missing.Count > 0)
            throw DayFault.Lost(step, $"{missing.Count} of {scan.Files.Count} files of {source.Name} that were read up to version {range.To} are gone: {string.Join(", ", missing.Take(3))}{(missing.Count > 3 ? ", …" : "")}");
        (Rows, Bytes) = (Rows + scan.Files.Sum(static f => f.LiveRecords ?? 0), Bytes + scan.Files.Sum(static f => f.Size));
        await catalog.BindScanAsync(StepCatalog.OwnSchema, $"ingested_scan_{name}", scan, cancel);
        return $"SELECT *{added}, {batch} AS {StreamedRow.Batch} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"ingested_scan_{name}")}";
    }

    private async Task<T> ToldAsync<T>(StreamSource source, long version, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (DeltaLogException gone) when (gone.Fault is DeltaLogFault.VersionNotFound or DeltaLogFault.Gap or DeltaLogFault.ChangesNotRecorded or DeltaLogFault.ChangesIncompatible)
        {
            throw DayFault.Lost(step, $"{source.Name} no longer tells what was read up to version {version} ({gone.Message.TrimEnd('.')})");
        }
        catch (EngineException gone) when (gone.Code is EngineCodes.StreamLogGone or EngineCodes.StreamReplaced)
        {
            throw DayFault.Lost(step, $"the log of {source.Name} no longer tells what was read up to version {version}");
        }
        catch (EngineException changed) when (changed.Code == EngineCodes.StreamChanged)
        {
            throw DayFault.Refused(step, $"its batches passed over commits of {source.Name} that changed rows (skipChangeCommits), which its query does not say today");
        }
    }

    private string View(string rows, string name)
    {
        var batch = SqlText.Identifier(StepCatalog.OwnSchema, $"ingested_rows_{name}");
        catalog.BindSql(StepCatalog.OwnSchema, $"ingested_rows_{name}", rows);
        var columns = catalog.Describe($"SELECT * EXCLUDE ({StreamedRow.Batch}) FROM {batch}").Select(static c => c.Name).ToList();
        var stamps = _binding.Stamps(columns);
        var places = string.Join(" ", batches.Index().Select(static b => $"WHEN {b.Index} THEN {(StreamBatch.OffsetOf(b.Item) is { } offset ? SqlText.Literal(offset) : "NULL")}").DefaultIfEmpty("WHEN 0 THEN NULL"));
        catalog.BindSql(StepCatalog.OwnSchema, $"ingested_stream_{name}", $"SELECT * EXCLUDE ({StreamedRow.Batch}, {SourceLine.Told}){stamps}, {BoundSources.Row([.. columns, StreamedRow.Batch, SourceLine.Told])} "
            + $"FROM (SELECT *, (CASE {StreamedRow.Batch} {places} END)::VARCHAR AS {SourceLine.Told} FROM {batch}) AS s");
        return SqlText.Identifier(StepCatalog.OwnSchema, $"ingested_stream_{name}");
    }
}
