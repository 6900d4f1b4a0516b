using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A materialized view's inputs: every table whole, at the version this update sees; every source whole.</summary>
internal sealed class ViewBatch : IStepBatch
{
    private readonly BoundSources _sources = new();
    private readonly List<FileBatch> _batches = [];

    private ViewBatch(StepCatalog catalog, string batchId) => (Catalog, BatchId) = (catalog, batchId);

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten => null;

    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    public required IReadOnlyList<TableInput> Tables { get; init; }

    public IReadOnlyList<SourceInput> Sources { get; private set; } = [];

    public IReadOnlyList<string> SourceColumns => _sources.Columns;

    public IReadOnlyList<FileBinding> Bindings => _sources.Bindings;

    public long RowsIn { get; private set; }

    public long BytesIn => _sources.Bindings.Sum(static b => b.BytesTotal);

    public string BatchId { get; }

    public IReadOnlyList<string> Notes => _sources.Notes;

    public static async Task<ViewBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel)
    {
        var batch = new ViewBatch(new StepCatalog(context.Database()), $"{context.UpdateId}-{key.Batch}") { Tables = step.Tables };
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

    private async Task BindAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var query = step.Dataset.Query;
        var missing = new List<DatasetName>();
        foreach (var name in query.Inputs)
        {
            if (context.Pipeline.Graph.Find(name) is { } read) await Catalog.BindAsync(read, context.Pipeline.Graph, context.Tables, missing, cancel);
        }
        foreach (var system in query.References.Where(static r => r.SystemTable is not null).Select(static r => r.SystemTable!).Distinct())
            await Catalog.BindTableAsync(LakeLayout.SystemSchema, system, (await context.Tables.FindSystemAsync(system, cancel))!, cancel);
        if (missing.Count > 0) throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", missing)}, which has no data yet.");
        // DuckDB binds a macro's body when it is made: the tables that it names come first.
        Catalog.CreateMacros(query.Macros);
        foreach (var name in StepInputs.Stored(context.Pipeline.Graph, step.Dataset))
            RowsIn += (await context.Tables.FindAsync(name, cancel))?.Snapshot.NumRecords ?? 0;
        var intent = new IntentRecord { Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = BatchId };
        BindSources(context, step, intent, cancel);
        var calls = query.Sources.ToList();
        var asOf = await BindVersionsAsync(context, query, cancel);
        Sql = QueryRendering.RenderSql(query, new QueryBindings
        {
            Table = reference => asOf.GetValueOrDefault(reference) ?? StepCatalog.QualifiedName(reference),
            Source = call => BoundSources.ViewOf(calls.IndexOf(call)),
        });
        if (step.Dataset.Name.Layer == Layer.Bronze && calls.Count > 0)
            Stamps = [.. StreamStamps.OfBatch(context.Pipeline.Project.MetadataColumns, intent, Sources[0].Path)];
    }

    private void BindSources(UpdateContext context, StepPreparation step, IntentRecord intent, CancellationToken cancel)
    {
        var inputs = new List<SourceInput>();
        for (var i = 0; i < step.Sources.Count; i++)
        {
            var source = step.Sources[i];
            var batch = source.Snapshot!;
            inputs.Add(new SourceInput(source.Options.Path, batch.ToJson(), batch.Fingerprint));
            _batches.Add(batch);
            // A snapshot's schema is today's files': a column that the source dropped is gone.
            _sources.Bind(context, Catalog, i, source.Call, source.Options, batch, [], intent, withRow: false, cancel);
        }
        Sources = inputs;
    }

    private async Task<Dictionary<TableReference, string>> BindVersionsAsync(UpdateContext context, DatasetQuery query, CancellationToken cancel)
    {
        var names = new Dictionary<TableReference, string>(ReferenceEqualityComparer.Instance);
        foreach (var reference in query.References)
        {
            if (reference is { AsOf: { } asOf, Dataset: { } dataset })
                names[reference] = await TimeTravel.BindAsync(Catalog, context.Layout.Table(dataset), asOf, names.Count, cancel);
        }
        return names;
    }
}
