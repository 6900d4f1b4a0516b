namespace Smelt.Lake;

/// <summary>commitInfo's metrics by the names that delta-spark gives them, operation by operation.</summary>
internal static class DmlMetricNames
{
    internal static DmlMetrics Counted(DmlMetrics metrics, RewrittenFiles files)
    {
        var masked = files.Adds.Count(static a => a.DeletionVector is not null);
        var fresh = files.Adds.Where(static a => a.DeletionVector is null).ToList();
        var paths = files.Adds.Where(static a => a.DeletionVector is not null).Select(static a => a.Path).ToHashSet(StringComparer.Ordinal);
        var updated = files.Removes.Count(r => paths.Contains(r.Path) && r.DeletionVector is not null);
        var gone = files.Removes.Where(r => !paths.Contains(r.Path)).ToList();
        return metrics with
        {
            RowsInserted = files.Inserted,
            RowsUpdated = files.Updated,
            RowsDeleted = files.Deleted,
            RowsCopied = files.Copied,
            FilesAdded = fresh.Count,
            FilesRemoved = gone.Count,
            BytesAdded = fresh.Sum(static a => a.Size),
            BytesRemoved = gone.Sum(static r => r.Size),
            ChangeFilesAdded = files.ChangeFiles.Count,
            VectorsAdded = masked,
            VectorsUpdated = updated,
            VectorsRemoved = updated + gone.Count(static r => r.DeletionVector is not null),
        };
    }

    internal static Dictionary<string, string> Texts(IEnumerable<(string Name, long Value)> metrics) =>
        metrics.ToDictionary(static m => m.Name, static m => m.Value.ToString(), StringComparer.Ordinal);

    internal static IEnumerable<(string, long)> OfDelete(DmlMetrics m) => [("numDeletedRows", m.RowsDeleted), ("numCopiedRows", m.RowsCopied), .. OfFiles(m)];

    /// <summary>delta-spark counts files that only got a vector among the removed ones here, and nowhere else.</summary>
    internal static IEnumerable<(string, long)> OfUpdate(DmlMetrics m) =>
        [("numUpdatedRows", m.RowsUpdated), ("numCopiedRows", m.RowsCopied), .. OfFiles(m with { FilesRemoved = m.FilesRemoved + m.VectorsAdded })];

    internal static IEnumerable<(string, long)> OfReplace(DmlMetrics m) =>
    [
        ("numFiles", m.FilesAdded), ("numOutputRows", m.RowsInserted + m.RowsCopied), ("numOutputBytes", m.BytesAdded), ("numDeletedRows", m.RowsDeleted),
        ("numCopiedRows", m.RowsCopied), .. OfFiles(m),
    ];

    internal static IEnumerable<(string, long)> OfMerge(DmlMetrics m) =>
    [
        ("numSourceRows", m.SourceRows), ("numTargetRowsInserted", m.RowsInserted), ("numTargetRowsUpdated", m.RowsUpdated), ("numTargetRowsDeleted", m.RowsDeleted),
        ("numTargetRowsMatchedUpdated", m.RowsUpdated - m.RowsUpdatedBySource), ("numTargetRowsMatchedDeleted", m.RowsDeleted - m.RowsDeletedBySource),
        ("numTargetRowsNotMatchedBySourceUpdated", m.RowsUpdatedBySource), ("numTargetRowsNotMatchedBySourceDeleted", m.RowsDeletedBySource),
        ("numTargetRowsCopied", m.RowsCopied), ("numOutputRows", m.RowsInserted + m.RowsUpdated + m.RowsCopied),
        ("numTargetFilesAdded", m.FilesAdded), ("numTargetFilesRemoved", m.FilesRemoved), ("numTargetBytesAdded", m.BytesAdded), ("numTargetBytesRemoved", m.BytesRemoved),
        ("numTargetChangeFilesAdded", m.ChangeFilesAdded), ("numTargetDeletionVectorsAdded", m.VectorsAdded), ("numTargetDeletionVectorsRemoved", m.VectorsRemoved),
        ("numTargetDeletionVectorsUpdated", m.VectorsUpdated), .. Times(m),
    ];

    private static IEnumerable<(string, long)> OfFiles(DmlMetrics m) =>
    [
        ("numAddedFiles", m.FilesAdded), ("numRemovedFiles", m.FilesRemoved), ("numAddedBytes", m.BytesAdded), ("numRemovedBytes", m.BytesRemoved),
        ("numAddedChangeFiles", m.ChangeFilesAdded), ("numDeletionVectorsAdded", m.VectorsAdded), ("numDeletionVectorsRemoved", m.VectorsRemoved),
        ("numDeletionVectorsUpdated", m.VectorsUpdated), .. Times(m),
    ];

    private static IEnumerable<(string, long)> Times(DmlMetrics m) =>
        [("executionTimeMs", m.ExecutionTimeMs), ("scanTimeMs", m.ScanTimeMs), ("rewriteTimeMs", m.RewriteTimeMs)];
}
