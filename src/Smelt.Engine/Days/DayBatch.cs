using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// All that a dataset has read so far, for some days of which it is made again: a materialized view's inputs as they are, a stream's up to where it was read. It reads nothing new:
/// offsets stay where they are.
/// </summary>
internal sealed class DayBatch : IStepBatch
{
    private readonly BoundSources _sources = new();
    private readonly UpdateContext _context;
    private readonly StepPreparation _step;
    private IReadOnlyList<FileBinding> _filesOfViews = [];

    private readonly string _column;

    private DayBatch(UpdateContext context, StepPreparation step, BatchKey key, DayRange days, string column)
    {
        _column = column;
        (_context, _step, Catalog, BatchId) = (context, step, new StepCatalog(context.Database()), step.BatchIdOf(context.UpdateId, key));
        Only = days.Holds(SqlText.Identifier(column));
        Where = days.Holds($"{RowDifference.Target}.{SqlText.Identifier(column)}");
    }

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten { get; private set; }

    public string? Only { get; }

    /// <summary>The rows of the table that are replaced.</summary>
    public string Where { get; }

    public IReadOnlyList<StampedColumn> Stamps => [];

    private DoneRecord Done => _step.State!.Done!;

    public IReadOnlyList<TableInput> Tables => Done.Tables;

    public IReadOnlyList<SourceInput> Sources => IsView ? Done.Sources : [];

    public IReadOnlyList<string> SourceColumns => Done.SourceColumns;

    public IReadOnlyList<FileBinding> Bindings => [.. _sources.Bindings, .. _filesOfViews];

    public long TableRows { get; private set; }

    public long TableBytes { get; private set; }

    public long RowsIn => TableRows;

    public string BatchId { get; }

    public IReadOnlyList<string> Notes => [];

    private bool IsView => _step.Flow.Kind == FlowKind.Complete;

    public static async Task<DayBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, DayRange days, string column, CancellationToken cancel)
    {
        var batch = new DayBatch(context, step, key, days, column);
        try
        {
            await batch.BindAsync(cancel);
            return batch;
        }
        catch
        {
            batch.Catalog.Dispose();
            throw;
        }
    }

    /// <summary>Rows of these days that the rules refused then may pass now, and the other way round.</summary>
    public Task<StagedQuarantine?> QuarantineAsync(UpdateContext context, StepPreparation step, OutputShape shape, Judge? judge, bool replaces, QuarantineTable.Copy copy, CancellationToken cancel) =>
        QuarantineTable.StageDaysAsync(context, step, this, shape, judge, Only!, _column, copy, cancel);

    /// <summary>The rows were counted for their rules when they came.</summary>
    public BatchCounts Counting(BatchCounts counts) => counts with { RowsDropped = 0, RowsQuarantined = 0, Rules = [] };

    private async Task BindAsync(CancellationToken cancel)
    {
        var names = new Dictionary<object, string>(ReferenceEqualityComparer.Instance);
        foreach (var (reference, call, source) in StreamSource.Of(_step.Query)) names[(object?)reference ?? call!] = await StreamAsync(source, names.Count, cancel);
        var binder = new InputBinder(_context, Catalog);
        foreach (var (_, call, _) in StreamSource.Of(_step.Query).Where(static s => s.Call is not null)) binder.Give(call!, "");
        await FilesAsync(binder, cancel);
        var whole = await binder.BindAsync(_step.Query, cancel)
            ?? throw new EngineException(EngineCodes.InputMissing, $"{_step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
        _filesOfViews = binder.Bindings;
        var bindings = new QueryBindings { Table = r => names.GetValueOrDefault(r) ?? whole.Table(r), Source = c => names.GetValueOrDefault(c) ?? whole.Source(c) };
        if (!IsView) Rewritten = StreamingRewriter.Rewrite(_step.Query, new StreamingRewriteOptions { Bindings = bindings, Carry = [StreamedRow.Column] }, Catalog.Connection);
        Sql = Rewritten?.Sql ?? QueryRendering.RenderSql(_step.Query, bindings);
    }

    /// <summary>The rows of a streamed table that were read: all but those of versions after the offset.</summary>
    private async Task<string> StreamAsync(StreamSource source, int index, CancellationToken cancel)
    {
        var range = Done.Streams.FirstOrDefault(s => s.Name.Equals(source.Name, StringComparison.OrdinalIgnoreCase)) ?? throw Refused($"it has not read {source.Name} yet");
        if (source.IsChanges || source.Options.StartingVersion is not null || source.Options.StartingTimestamp is not null)
            throw Refused($"it does not read {source.Name} from its beginning, so that a day of it cannot be told");
        if (range.Passed > 0) throw Refused($"{source.Name} no longer holds rows that were read: they would be lost");
        if (range.ToFile is not null) throw Refused($"a batch of {source.Name} is not finished: run the update first");
        var table = await source.FindAsync(_context, _context.Tables, cancel) ?? throw Refused($"{source.Name} is gone");
        var unread = await table.Table.AppendsBetweenAsync(range.TableId, range.To, table.Snapshot, source.Options.SkipChangeCommits, cancel);
        if (unread is ChangeRange.Broken broken) throw new StreamStop(_step).For(source, broken);
        var ahead = ((ChangeRange.Appends)unread).Files.Select(static f => f.Path).ToHashSet(StringComparer.Ordinal);
        var read = table.Snapshot.Files.Where(f => !ahead.Contains(f.Path)).ToList();
        if (table.Snapshot.Files.Count - read.Count != ahead.Count) throw Refused($"rows of {source.Name} that are not read yet were written anew with others: run the update first");
        var scan = table.Table.Scan(table.Snapshot, read);
        (TableRows, TableBytes) = (TableRows + read.Sum(static f => f.LiveRecords ?? 0), TableBytes + read.Sum(static f => f.Size));
        await Catalog.BindScanAsync(StepCatalog.OwnSchema, $"batch_{index}", scan, cancel);
        Catalog.BindSql(StepCatalog.OwnSchema, $"stream_{index}", $"SELECT *, {BoundSources.Row(scan.Schema.Fields.Select(static f => f.Name))} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"batch_{index}")}");
        return SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{index}");
    }

    /// <summary>Files that were read; a view's sources as they are.</summary>
    private async Task FilesAsync(InputBinder binder, CancellationToken cancel)
    {
        if (IsView) return;
        var index = 0;
        var seen = await _step.State!.SeenFilesAsync(cancel);
        foreach (var call in _step.Query.FileSources)
        {
            if (index > 0) throw Refused("it reads several sources of files, and which file came from which is not remembered");
            var options = SourceOptions.Of(call, _context.Pipeline.Project.MetadataColumns);
            var files = new FileBatch(options.Format ?? FileFormat.Csv, [.. seen.Files.OrderBy(static f => f.ModifiedTicks).ThenBy(static f => f.Path, StringComparer.Ordinal)]);
            var intent = new IntentRecord { Update = _context.UpdateId, AtMicros = _context.NowMicros, BatchId = BatchId };
            _sources.Bind(_context, Catalog, index, call, options, files, Done.SourceColumns, intent, withRow: true, cancel);
            binder.Give(call, BoundSources.ViewOf(index++));
        }
    }

    private EngineException Refused(string why) => new(EngineCodes.DayRefused, $"{_step.Dataset.Name} cannot be made again by days: {why}.");
}
