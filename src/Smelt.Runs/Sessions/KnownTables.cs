using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// The columns of tables whose datasets are open: what a source gives is known from the table it filled, so that the second compilation checks names that the
/// first could not.
/// </summary>
internal static class KnownTables
{
    /// <returns>Null where nothing is open, or no open dataset has a table.</returns>
    public static KnownSchemas? Of(Pipeline pipeline, Func<DuckDbDatabase> database, TimeProvider clock)
    {
        var open = pipeline.Graph.Datasets.Where(static d => d.IsStored && d.Queries.Any(static q => q.IsOpen)).ToList();
        if (open.Count == 0 || pipeline.Target.Storage.Contains("://", StringComparison.Ordinal)) return null;
        var layout = new LakeLayout(pipeline.Folder, pipeline.Target, root => new DeltaLake(new LocalObjectStore(root), () => database().Connect(), clock));
        var schemas = new KnownSchemas();
        var found = false;
        foreach (var dataset in open)
        {
            try
            {
                if (layout.Table(dataset.Name).TrySnapshotAsync().AsTask().GetAwaiter().GetResult() is not { } snapshot) continue;
                schemas.Add(dataset.Name, [.. snapshot.Schema.Fields.Select(static f => new KnownColumn(f.Name))]);
                found = true;
            }
            catch (LakeException)
            {
                // A table that cannot be read is the run's to report, with its name; its dataset stays open here.
            }
        }
        return found ? schemas : null;
    }
}
