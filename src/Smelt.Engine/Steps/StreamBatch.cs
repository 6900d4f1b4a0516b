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
    private string? _extract;

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

    public string? Offset => OffsetOf(_intent) ?? _extract;

    /// <summary>The versions that a batch read, in words; null where it streams no table.</summary>
    public static string? OffsetOf(IntentRecord intent) => intent.Streams.Count == 0 ? null : string.Join("; ", intent.Streams.Select(static s => s.From is { } from
        ? from + 1 >= s.To ? $"{s.Name}, version {s.To}" : $"{s.Name}, versions {from + 1} to {s.To}"
        : $"{s.Name}, up to version {s.To}"));

    public static async Task<StreamBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel)
    {
        context.Probe(step.Label + ":before-intent");
        var state = step.State!;
        var isBegun = state.Has(key.Generation, key.Batch, "intent");
        IntentRecord? own = null;
        var intent = await state.IntentAsync(key.Generation, key.Batch, cancel)
            ?? await state.PutIntentAsync(key.Generation, key.Batch, own = Choose(context, step, key, cancel), cancel);
        // Another attempt's batch without input, begun after this one looked, is not this one's: it would seem to have read what it was prepared for.
        if (!isBegun && intent.IsReplay) throw new OutdatedIntentException("a batch that reads nothing new was begun meanwhile");
        // A whole table has no range of nothing: run as a batch, it would be one more extract.
        if (intent.IsReplay && step.Flow.Cdc is { IsSnapshot: true }) throw new OutdatedIntentException("a replay that was cut short reads no extract");
        if (own is null) HoldAgainstDefinition(step, intent);
        context.Probe(step.Label + ":after-intent");
        var batch = new StreamBatch(new StepCatalog(context.Database()), intent);
        return await IStepBatch.BoundAsync(batch, () => batch.BindAsync(context, step, cancel));
    }

    /// <summary>Whether an intent of an earlier attempt names what the definition reads today: the same sources in order, the same tables by their ids.</summary>
    private static void HoldAgainstDefinition(StepPreparation step, IntentRecord intent)
    {
        var sources = step.Sources.Select(static s => s.Options.Path);
        var sameSources = sources.SequenceEqual(intent.Sources.Select(static s => s.Path), StringComparer.Ordinal);
        var sameStreams = step.Streams.Select(static s => (s.Name.ToLowerInvariant(), s.TableId)).ToHashSet().SetEquals(intent.Streams.Select(static s => (s.Name.ToLowerInvariant(), s.TableId)));
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
            var batch = source.New is null ? new FileBatch(source.Options.Format ?? FileFormat.Csv, []) : FileSource.ChooseBatch(source.New, step.Mode == RefreshMode.Full ? null : source.Options.Limits, cancel);
            return new SourceInput(source.Options.Path, batch.ToJson(), batch.Fingerprint);
        })],
        Streams = step.Streams,
        Tables = step.Tables,
    };

    private async Task BindAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var dataset = step.Dataset;
        if (step.Flow.Cdc is { IsSnapshot: true }) _extract = Extracts.VersionOf(_intent);
        var whole = await BindWholeAsync(context, step, cancel);
        var names = new Dictionary<object, string>(ReferenceEqualityComparer.Instance);
        foreach (var (reference, call, source) in StreamSource.Of(step.Query))
        {
            var range = _intent.Streams.FirstOrDefault(s => s.Name.Equals(source.Name, StringComparison.OrdinalIgnoreCase))
                ?? throw new OutdatedIntentException($"the batch did not read {source.Name}");
            var bound = await new StreamBinding(context, step, Catalog).BindAsync(source, range, names.Count, cancel);
            TableRows += bound.Rows;
            TableBytes += bound.Bytes;
            names[(object?)reference ?? call!] = bound.View;
        }
        BindSources(context, step, cancel);
        Rewritten = StreamingRewriter.Rewrite(step.Query, new StreamingRewriteOptions
        {
            Bindings = new QueryBindings
            {
                Table = reference => names.GetValueOrDefault(reference) ?? whole.Table(reference),
                Source = call => names.GetValueOrDefault(call) ?? whole.Source(call),
            },
            Carry = [StreamedRow.Column],
            // No rule of a sink would take a row whose expression raised: the flow fails.
            WrapErrors = dataset.Kind != DatasetKind.Sink,
        }, Catalog.Connection);
        if (dataset.Name.Layer == Layer.Bronze)
            Stamps = StreamStamps.OfTable(context.Pipeline.Project.MetadataColumns, _intent, _intent.Sources.Count > 0 ? _intent.Sources[0].Path : _intent.Streams.Count > 0 ? _intent.Streams[0].Name : dataset.Name.ToString(), Rewritten.CarriesRows && step.Query.FileSources.Any());
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
        foreach (var (call, i) in step.Query.FileSources.Select(static (c, i) => (c, i))) binder.Give(call, BoundSources.ViewOf(i));
        foreach (var (_, call, _) in StreamSource.Of(step.Query).Where(static s => s.Call is not null)) binder.Give(call!, "");
        var bindings = await binder.BindAsync(step.Query, cancel);
        _filesOfViews = binder.Bindings;
        return bindings ?? throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
    }

    private void BindSources(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var calls = step.Query.FileSources.ToList();
        // A new generation starts with no memory of the source's columns, so that a full refresh gives what a fresh lake gives.
        var known = step.Mode == RefreshMode.Full ? [] : step.State!.Done?.SourceColumns ?? [];
        for (var i = 0; i < calls.Count; i++)
        {
            var options = SourceOptions.Of(calls[i], context.Pipeline.Project.MetadataColumns);
            _sources.Bind(context, Catalog, i, calls[i], options, FileBatch.FromJson(_intent.Sources[i].Batch), known, _intent, withRow: true, cancel);
        }
    }
}
