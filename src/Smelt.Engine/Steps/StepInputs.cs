using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The stored tables behind a query's whole inputs: its references that are not streamed, through views.</summary>
internal static class StepInputs
{
    /// <summary>The tables as this update sees them, by name, and the names of those that do not exist yet.</summary>
    public static async Task<(IReadOnlyList<TableInput> Tables, IReadOnlyList<string> Missing)> TablesAsync(
        UpdateContext context, DatasetQuery query, CancellationToken cancel)
    {
        var tables = new List<TableInput>();
        var missing = new List<string>();
        foreach (var name in Stored(context.Pipeline.Graph, query))
        {
            if (await context.Tables.FindAsync(name, cancel) is { } table) tables.Add(await table.AsInputAsync(name.ToString()));
            else missing.Add(name.ToString());
        }
        foreach (var system in Queries(context.Pipeline.Graph, query).SelectMany(static q => q.SystemTables).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (await context.Tables.FindSystemAsync(system, cancel) is { } table) tables.Add(await table.AsInputAsync(LakeLayout.SystemSchema + "." + system));
            else missing.Add(LakeLayout.SystemSchema + "." + system);
        }
        return (tables, missing);
    }

    /// <summary>The stored datasets that a query reads whole, views followed; each once, in a stable order.</summary>
    public static IReadOnlyList<DatasetName> Stored(PipelineGraph graph, DatasetQuery query) => [.. Follow(graph, query).Stored];

    /// <summary>The query, and those of the views behind its whole inputs: together they decide what it gives. Each once, its own first.</summary>
    public static IReadOnlyList<DatasetQuery> Queries(PipelineGraph graph, DatasetQuery query) =>
        [query, .. Follow(graph, query).Views.Select(v => graph.Find(v)!.Query)];

    private static (SortedSet<DatasetName> Stored, SortedSet<DatasetName> Views) Follow(PipelineGraph graph, DatasetQuery query)
    {
        var (stored, views) = (new SortedSet<DatasetName>(), new SortedSet<DatasetName>());
        var ahead = new Stack<DatasetName>(Whole(query));
        while (ahead.TryPop(out var name))
        {
            if (graph.Find(name) is not { IsView: true } view) stored.Add(name);
            else if (views.Add(name))
            {
                foreach (var input in view.Query.Inputs) ahead.Push(input);
            }
        }
        return (stored, views);
    }

    private static IEnumerable<DatasetName> Whole(DatasetQuery query) =>
        query.References.Where(static r => r.Dataset is not null && !r.IsStream).Select(static r => r.Dataset!).Concat(query.MacroReferences).Concat(query.ChangeReads).Distinct();
}

/// <summary>The stored tables behind a dataset, through views.</summary>
public static class StoredInputs
{
    /// <summary>Those that it reads whole, by any of its flows.</summary>
    public static IReadOnlyList<DatasetName> Of(PipelineGraph graph, Dataset dataset) => [.. dataset.Queries.SelectMany(q => StepInputs.Stored(graph, q)).Distinct().Order()];

    /// <summary>Those and the ones that it streams.</summary>
    public static IReadOnlyList<DatasetName> AndStreams(PipelineGraph graph, Dataset dataset) =>
        [.. Of(graph, dataset).Concat(dataset.Queries.SelectMany(static q => q.StreamedDatasets)).Distinct()];

    /// <summary>Whether the view's rows follow from its stored tables alone: not from the time, chance, files or Smelt's own tables.</summary>
    public static bool DecideAlone(PipelineGraph graph, Dataset view) => StepInputs.Queries(graph, view.Query).All(DecideAlone);

    /// <summary>The same of one query; views that it reads are to be asked for themselves.</summary>
    public static bool DecideAlone(DatasetQuery query) => !query.IsTimeDependent && !query.IsVolatile && query.Sources.Count == 0 && !query.SystemTables.Any();
}
