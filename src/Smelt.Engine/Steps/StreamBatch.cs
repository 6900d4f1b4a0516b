using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A streaming table's next batch: its intent put, its inputs bound exactly as the intent says.</summary>
internal sealed class StreamBatch : IStepBatch
{
    private readonly BoundSources _sources = new();
    private IReadOnlyList<FileBinding> _filesOfViews = [];
    private readonly IntentRecord _intent;

    private StreamBatch(StepCatalog catalog, IntentRecord intent) => (Catalog, _intent) = (catalog, intent);

    public StepCatalog Catalog { get; }

    public string Sql => Rewritten!.Sql;

    public RewrittenQuery? Rewritten { get; private set; }

    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    public IReadOnlyList<TableInput> Tables => _intent.Tables;

    public IReadOnlyList<SourceInput> Sources => _intent.Sources;

    public IReadOnlyList<string> SourceColumns => _sources.Columns;

    public IReadOnlyList<FileBinding> Bindings => [.. _sources.Bindings, .. _filesOfViews];

    public long TableRows { get; private set; }

    public long TableBytes { get; private set; }

    public long RowsIn => TableRows + _sources.Bindings.Sum(static b => b.RowsRead);

    public string BatchId => _intent.BatchId;

    public IReadOnlyList<string> Notes => _sources.Notes;

    public string? Offset => _intent.Streams.Count == 0 ? null : string.Join("; ", _intent.Streams.Select(static s => s.From is { } from
        ? from + 1 >= s.To ? $"{s.Dataset}, version {s.To}" : $"{s.Dataset}, versions {from + 1} to {s.To}"
        : $"{s.Dataset}, up to version {s.To}"));

    public static async Task<StreamBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel)
    {
        context.Probe(step.Label + ":before-intent");
        var state = step.State!;
        var intent = await state.IntentAsync(key.Generation, key.Batch, cancel);
        if (intent is not null) HoldAgainstDefinition(step, intent);
        intent ??= await state.PutIntentAsync(key.Generation, key.Batch, Choose(context, step, key, cancel), cancel);
        context.Probe(step.Label + ":after-intent");
        var batch = new StreamBatch(new StepCatalog(context.Database()), intent);
        try
        {
            await batch.BindAsync(context, step, cancel);
            return batch;
        }
        catch
        {
            batch.Catalog.Dispose();
            throw;
        }
    }

    /// <summary>Whether an intent of an earlier attempt names what the definition reads today: the same sources in order, the same tables by their ids.</summary>
    private static void HoldAgainstDefinition(StepPreparation step, IntentRecord intent)
    {
        var sources = step.Sources.Select(static s => s.Options.Path);
        var sameSources = sources.SequenceEqual(intent.Sources.Select(static s => s.Path), StringComparer.Ordinal);
        var sameStreams = step.Streams.Select(static s => (s.Dataset, s.TableId)).ToHashSet().SetEquals(intent.Streams.Select(static s => (s.Dataset, s.TableId)));
        var sameTables = step.Tables.Select(static t => (t.Name, t.TableId)).ToHashSet().SetEquals(intent.Tables.Select(static t => (t.Name, t.TableId)));
        if (!sameSources || !sameStreams || !sameTables) throw new OutdatedIntentException("the interrupted batch read other inputs than the definition does today");
    }

    private static IntentRecord Choose(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel) => new()
    {
        Update = context.UpdateId,
        AtMicros = context.NowMicros,
        BatchId = step.BatchIdOf(context.UpdateId, key),
        Sources = [.. step.Sources.Select(source =>
        {
            var batch = source.New is null ? new FileBatch(source.Options.Format ?? FileFormat.Csv, []) : FileSource.ChooseBatch(source.New, null, cancel);
            return new SourceInput(source.Options.Path, batch.ToJson(), batch.Fingerprint);
        })],
        Streams = step.Streams,
        Tables = step.Tables,
    };

    private async Task BindAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var dataset = step.Dataset;
        var whole = await BindWholeAsync(context, step, cancel);
        var names = new Dictionary<TableReference, string>(ReferenceEqualityComparer.Instance);
        var index = 0;
        foreach (var reference in step.Query.References.Where(static r => r.IsStream))
        {
            var range = _intent.Streams.FirstOrDefault(s => s.Dataset == reference.Dataset)
                ?? throw new OutdatedIntentException($"the batch did not read {reference.Dataset}");
            names[reference] = await BindStreamAsync(context, dataset, range, index++, cancel);
        }
        BindSources(context, step, cancel);
        Rewritten = StreamingRewriter.Rewrite(step.Query, new StreamingRewriteOptions
        {
            Bindings = new QueryBindings
            {
                Table = reference => names.GetValueOrDefault(reference) ?? whole.Table(reference),
                Source = whole.Source,
            },
            Carry = [StreamedRow.Column],
        }, Catalog.Connection);
        if (dataset.Name.Layer == Layer.Bronze)
            Stamps = StreamStamps.OfTable(context.Pipeline.Project.MetadataColumns, _intent, _intent.Sources.Count > 0 ? _intent.Sources[0].Path : dataset.Name.ToString(), Rewritten.CarriesRows && step.Query.Sources.Count > 0);
    }

    /// <summary>The whole tables that the batch joins, at the versions of its intent.</summary>
    private async Task<QueryBindings> BindWholeAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var pinned = new UpdateTables(context.Layout);
        foreach (var input in _intent.Tables)
        {
            if (!DatasetName.TryParse(input.Name, out var name)) continue;
            var table = context.Layout.Table(name);
            pinned.Publish(name, table, await table.SnapshotAsync(input.Version, cancel));
        }
        var binder = new InputBinder(context, Catalog, pinned);
        for (var i = 0; i < step.Query.Sources.Count; i++) binder.Give(step.Query.Sources[i], BoundSources.ViewOf(i));
        var bindings = await binder.BindAsync(step.Query, cancel);
        _filesOfViews = binder.Bindings;
        return bindings ?? throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
    }

    private async Task<string> BindStreamAsync(UpdateContext context, Dataset dataset, StreamRange range, int index, CancellationToken cancel)
    {
        var table = context.Layout.Table(range.Dataset);
        var snapshot = await table.SnapshotAsync(range.To, cancel);
        IReadOnlyList<AddFile>? files = null;
        if (range.From is { } from)
        {
            var change = from == range.To ? new ChangeRange.Appends([], false) : await table.AppendsBetweenAsync(range.TableId, from, snapshot, cancel);
            if (change is ChangeRange.Broken broken) throw StreamStop.For(dataset, range.Dataset, broken);
            files = [.. ((ChangeRange.Appends)change).Files];
        }
        var scan = table.Scan(snapshot, files);
        TableRows += scan.Files.Sum(static f => f.LiveRecords ?? 0);
        TableBytes += scan.Files.Sum(static f => f.Size);
        await Catalog.BindScanAsync(StepCatalog.OwnSchema, $"batch_{index}", scan, cancel);
        var columns = scan.Schema.Fields.Select(static f => f.Name);
        Catalog.BindSql(StepCatalog.OwnSchema, $"stream_{index}", $"SELECT *, {BoundSources.Row(columns)} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"batch_{index}")}");
        return SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{index}");
    }

    private void BindSources(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var calls = step.Query.Sources;
        // A new generation starts with no memory of the source's columns, so that a full refresh gives what a fresh lake gives.
        var known = step.Mode == RefreshMode.Full ? [] : step.State!.Done?.SourceColumns ?? [];
        for (var i = 0; i < calls.Count; i++)
        {
            var options = SourceOptions.Of(calls[i], context.Pipeline.Project.MetadataColumns);
            _sources.Bind(context, Catalog, i, calls[i], options, FileBatch.FromJson(_intent.Sources[i].Batch), known, _intent, withRow: true, cancel);
        }
    }
}
