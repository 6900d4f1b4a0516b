using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A materialized view's inputs: every table whole, at the version this update sees; every source whole.</summary>
internal sealed class ViewBatch : IStepBatch
{
    private readonly BoundSources _sources = new();

    private ViewBatch(StepCatalog catalog, string batchId) => (Catalog, BatchId) = (catalog, batchId);

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten => null;

    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    public required IReadOnlyList<TableInput> Tables { get; init; }

    public IReadOnlyList<SourceInput> Sources { get; private set; } = [];

    public IReadOnlyList<string> SourceColumns => _sources.Columns;

    public IReadOnlyList<FileBinding> Bindings => _sources.Bindings;

    public long TableRows { get; private set; }

    public long TableBytes { get; private set; }

    public long RowsIn => TableRows;

    public string BatchId { get; }

    /// <summary>How what the query reads is named in the catalog.</summary>
    public QueryBindings Bound { get; private set; } = null!;

    public IReadOnlyList<string> Notes => _sources.Notes;

    public static async Task<ViewBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel)
    {
        var batch = new ViewBatch(new StepCatalog(context.Database()), step.BatchIdOf(context.UpdateId, key)) { Tables = step.Tables };
        return await IStepBatch.BoundAsync(batch, () => batch.BindAsync(context, step, cancel));
    }

    private async Task BindAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var query = step.Query;
        foreach (var name in StepInputs.Stored(context.Pipeline.Graph, step.Query))
        {
            if (await context.Tables.FindAsync(name, cancel) is not { Snapshot: var snapshot }) continue;
            TableRows += snapshot.NumRecords ?? 0;
            TableBytes += snapshot.Files.Sum(static f => f.Size);
        }
        var intent = new IntentRecord { Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = BatchId };
        var binder = new InputBinder(context, Catalog);
        BindSources(context, step, intent, binder, cancel);
        if (await binder.BindAsync(query, cancel) is not { } bindings)
            throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
        Bound = bindings;
        Sql = QueryRendering.RenderSql(query, bindings);
        if (step.Dataset.Name.Layer == Layer.Bronze && Sources.Count > 0)
            Stamps = [.. StreamStamps.OfBatch(context.Pipeline.Project.MetadataColumns, intent, Sources[0].Path)];
    }

    private void BindSources(UpdateContext context, StepPreparation step, IntentRecord intent, InputBinder binder, CancellationToken cancel)
    {
        var inputs = new List<SourceInput>();
        for (var i = 0; i < step.Sources.Count; i++)
        {
            var source = step.Sources[i];
            var batch = source.Snapshot!;
            inputs.Add(new SourceInput(source.Options.Path, batch.ToJson(), batch.Fingerprint));
            // A snapshot's schema is today's files': a column that the source dropped is gone.
            _sources.Bind(context, Catalog, i, source.Call, source.Options, batch, [], intent, withRow: false, cancel);
            binder.Give(source.Call, BoundSources.ViewOf(i));
        }
        Sources = inputs;
    }
}
