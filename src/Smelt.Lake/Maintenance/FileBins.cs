namespace Smelt.Lake;

/// <summary>Which files OPTIMIZE makes into which: bins of files of one partition.</summary>
internal static class FileBins
{
    /// <summary>A file with more of its rows deleted than this is written again though it is large enough.</summary>
    private const double DeletedShare = 0.05;

    /// <summary>Small files of one partition packed into bins of about the target size; a bin of one file is there only where it sheds deleted rows.</summary>
    internal static List<List<AddFile>> Compact(IEnumerable<AddFile> files, long target)
    {
        var bins = new List<List<AddFile>>();
        foreach (var partition in ByPartition(files.Where(f => f.Size < target || ShedsRows(f))))
        {
            var bin = new List<AddFile>();
            var size = 0L;
            // Files of one age lie together: sorted by size, bins fill best, and equal sizes go by name so that a run repeats itself.
            foreach (var file in partition.OrderBy(f => f.Size).ThenBy(f => f.Path, StringComparer.Ordinal))
            {
                if (bin.Count > 0 && size + file.Size > target)
                {
                    bins.Add(bin);
                    (bin, size) = ([], 0);
                }
                bin.Add(file);
                size += file.Size;
            }
            bins.Add(bin);
        }
        return bins.FindAll(b => b.Count > 1 || b.Exists(ShedsRows));
    }

    /// <summary>All files of each partition.</summary>
    internal static IEnumerable<List<AddFile>> ByPartition(IEnumerable<AddFile> files) =>
        files.GroupBy(f => string.Join('\u0001', f.PartitionValues.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}\u0002{p.Value ?? "\u0003"}")))
            .Select(g => g.ToList());

    internal static bool ShedsRows(AddFile file) =>
        file.DeletionVector is { } vector && (file.NumRecords is not { } rows || vector.Cardinality > rows * DeletedShare);
}
