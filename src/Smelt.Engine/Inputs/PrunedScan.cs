using System.Text.Json;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Chooses the files of a table that may hold rows for a query's WHERE, before anything is bound.</summary>
internal static class PrunedScan
{
    /// <summary>A scan of fewer files than the snapshot has; null where the condition leaves none out.</summary>
    public static TableScan? Of(DeltaTable table, Snapshot snapshot, ReadCondition? condition)
    {
        if (condition is null) return null;
        using var node = JsonDocument.Parse(condition.Json, new JsonDocumentOptions { MaxDepth = 2000 });
        var predicate = new PredicateAst(snapshot.Schema, condition.Qualifier) { IsAlone = condition.IsAlone, Hidden = condition.Hidden }.Read(node.RootElement);
        var files = new PruneFilter(snapshot.Metadata, predicate).Select(snapshot.Files).ToList();
        return files.Count < snapshot.Files.Count ? table.Scan(snapshot, files) : null;
    }
}
