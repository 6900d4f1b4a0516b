using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The stored tables behind a dataset's whole inputs: its references that are not streamed, through views.</summary>
internal static class StepInputs
{
    /// <summary>The tables as this update sees them, by name, and the names of those that do not exist yet.</summary>
    public static async Task<(IReadOnlyList<TableInput> Tables, IReadOnlyList<DatasetName> Missing)> TablesAsync(
        UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        var tables = new List<TableInput>();
        var missing = new List<DatasetName>();
        foreach (var name in Stored(context.Pipeline.Graph, dataset))
        {
            if (await context.Tables.FindAsync(name, cancel) is { } table) tables.Add(await table.AsInputAsync(name.ToString()));
            else missing.Add(name);
        }
        foreach (var system in dataset.Query.References.Where(static r => r.SystemTable is not null).Select(static r => r.SystemTable!).Distinct())
        {
            if (await context.Tables.FindSystemAsync(system, cancel) is { } table) tables.Add(await table.AsInputAsync(LakeLayout.SystemSchema + "." + system));
            else throw new EngineException(EngineCodes.InputMissing, $"{LakeLayout.SystemSchema}.{system} does not exist yet: it is made by the first update.");
        }
        return (tables, missing);
    }

    /// <summary>The stored datasets that a dataset reads whole, views followed; each once, in a stable order.</summary>
    public static IReadOnlyList<DatasetName> Stored(PipelineGraph graph, Dataset dataset)
    {
        var found = new SortedSet<DatasetName>();
        Collect(graph, Whole(dataset), found);
        return [.. found];
    }

    private static void Collect(PipelineGraph graph, IEnumerable<DatasetName> names, SortedSet<DatasetName> found)
    {
        foreach (var name in names)
        {
            if (graph.Find(name) is { IsView: true } view) Collect(graph, view.Query.Inputs, found);
            else found.Add(name);
        }
    }

    private static IEnumerable<DatasetName> Whole(Dataset dataset) =>
        dataset.Query.References.Where(static r => r.Dataset is not null && !r.IsStream).Select(static r => r.Dataset!.Value).Concat(dataset.Query.MacroReferences).Distinct();
}

/// <summary>The stored tables behind a view, through other views.</summary>
public static class StoredInputs
{
    public static IReadOnlyList<DatasetName> Of(PipelineGraph graph, Dataset view) => StepInputs.Stored(graph, view);
}
