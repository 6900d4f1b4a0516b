using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A query of a person's, or a dataset's query for a look, bound to today's tables and files. Nothing is written.</summary>
public static class BoundQuery
{
    /// <param name="catalog">Where its inputs are bound.</param>
    /// <param name="query">References, sources and AS OF as compiled.</param>
    /// <returns>SQL that runs in the catalog.</returns>
    /// <exception cref="EngineException">An input has no data yet.</exception>
    public static async Task<string> BindAsync(UpdateContext context, StepCatalog catalog, DatasetQuery query, CancellationToken cancel)
    {
        var missing = new List<DatasetName>();
        foreach (var name in query.Inputs)
        {
            if (context.Pipeline.Graph.Find(name) is { } dataset) await catalog.BindAsync(dataset, context.Pipeline.Graph, context.Tables, missing, cancel);
            else if (await context.Tables.FindAsync(name, cancel) is { } table) await catalog.BindTableAsync(name.Schema, name.Name, table, cancel);
            else missing.Add(name);
        }
        if (missing.Count > 0) throw new EngineException(EngineCodes.InputMissing, $"{string.Join(", ", missing)} has no table yet. `smelt run` makes it.");
        foreach (var system in query.References.Where(static r => r.SystemTable is not null).Select(static r => r.SystemTable!).Distinct())
        {
            var table = await context.Tables.FindSystemAsync(system, cancel)
                ?? throw new EngineException(EngineCodes.InputMissing, $"{LakeLayout.SystemSchema}.{system} has no table yet. The first update makes it.");
            await catalog.BindTableAsync(LakeLayout.SystemSchema, system, table, cancel);
        }
        // DuckDB binds a macro's body when it is made: the tables that it names come first.
        catalog.CreateMacros(query.Macros);
        var asOf = new Dictionary<TableReference, string>(ReferenceEqualityComparer.Instance);
        foreach (var reference in query.References)
        {
            if (reference is { AsOf: { } version, Dataset: { } dataset }) asOf[reference] = await TimeTravel.BindAsync(catalog, context.Layout.Table(dataset), version, asOf.Count, cancel);
        }
        var sources = new Dictionary<SourceCall, string>(ReferenceEqualityComparer.Instance);
        foreach (var call in query.Sources) sources[call] = await SourceAsync(context, catalog, call, sources.Count, cancel);
        return QueryRendering.RenderSql(query, new QueryBindings
        {
            Table = reference => asOf.GetValueOrDefault(reference) ?? StepCatalog.QualifiedName(reference),
            Source = call => sources[call],
        });
    }

    private static async Task<string> SourceAsync(UpdateContext context, StepCatalog catalog, SourceCall call, int index, CancellationToken cancel)
    {
        if (call.Function == "read_delta") return await DeltaAsync(context, catalog, call, index, cancel);
        var options = SourceOptions.Of(call, context.Pipeline.Project.MetadataColumns);
        var batch = FileSource.Snapshot(options, context.Pipeline.Folder, null, cancel);
        var intent = new IntentRecord { Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = context.UpdateId };
        new BoundSources().Bind(context, catalog, index, call, options, batch, [], intent, withRow: false, cancel);
        return BoundSources.ViewOf(index);
    }

    private static async Task<string> DeltaAsync(UpdateContext context, StepCatalog catalog, SourceCall call, int index, CancellationToken cancel)
    {
        var path = Path.GetFullPath(call.Arguments.Count > 0 ? call.Arguments[0].Text : "", context.Pipeline.Folder);
        var table = new DeltaLake(new LocalObjectStore(path), context.Database().Connect).Table("");
        var version = call.Option("version") is { } v && long.TryParse(v.Text, out var number) ? number : (long?)null;
        var timestamp = call.Option("timestamp")?.Text;
        try
        {
            return await DeltaAsync(catalog, table, version, timestamp, index, cancel);
        }
        catch (LakeException error) when (TableFault.Of($"read_delta('{path}')", error) is { } fault)
        {
            throw fault;
        }
    }

    private static async Task<string> DeltaAsync(StepCatalog catalog, DeltaTable table, long? version, string? timestamp, int index, CancellationToken cancel)
    {
        if (version is not null || timestamp is not null)
            return await TimeTravel.BindAsync(catalog, table, new TableVersion(version, timestamp), 1000 + index, cancel);
        var snapshot = await table.SnapshotAsync(null, cancel);
        await catalog.BindScanAsync(StepCatalog.OwnSchema, $"delta_{index}", table.Scan(snapshot), cancel);
        return SqlText.Identifier(StepCatalog.OwnSchema, $"delta_{index}");
    }
}
