using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>What earlier updates left: the definition each table was last made by.</summary>
public static class PreviousUpdates
{
    public static async Task<IReadOnlyDictionary<DatasetName, string>> HashesAsync(PipelineSession session, CancellationToken cancel)
    {
        var hashes = new Dictionary<DatasetName, string>();
        foreach (var dataset in session.Pipeline.Graph.Datasets)
        {
            if (dataset.IsStored && await LastDefinition.OfAsync(session.Layout, dataset, cancel) is { } hash) hashes[dataset.Name] = hash;
        }
        return hashes;
    }
}
