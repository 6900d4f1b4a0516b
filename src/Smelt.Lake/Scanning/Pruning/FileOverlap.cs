using System.Text.Json;

namespace Smelt.Lake;

/// <summary>How much of a table lies in files that may hold values of a column which some files hold too, as partition values and statistics tell.</summary>
internal static class FileOverlap
{
    /// <returns>From 0 to 1 of the bytes of <paramref name="all"/>; 1 where nothing is known of the column.</returns>
    internal static double Share(TableMetadata metadata, string column, IEnumerable<AddFile> all, IReadOnlyList<AddFile> some)
    {
        if (PrunedColumn.Find(metadata, [column]) is not { } pruned)
            return 1;
        var ranges = some.Select(f => RangeOf(pruned, f)).ToList();
        var (total, touched) = (0L, 0L);
        foreach (var file in all)
        {
            total += file.Size;
            var range = RangeOf(pruned, file);
            if (ranges.Exists(r => Overlap(range, r)))
                touched += file.Size;
        }
        return total == 0 ? 0 : (double)touched / total;
    }

    private static ColumnRange RangeOf(PrunedColumn column, AddFile file)
    {
        if (column.IsPartition)
            return column.RangeIn(file, default);
        if (string.IsNullOrEmpty(file.Stats))
            return ColumnRange.Unknown;
        try
        {
            using var stats = JsonDocument.Parse(file.Stats);
            return column.RangeIn(file, stats.RootElement);
        }
        catch (JsonException)
        {
            // As for pruning: what cannot be read is not there.
            return ColumnRange.Unknown;
        }
    }

    private static bool Overlap(ColumnRange a, ColumnRange b) =>
        a.MayBeNull && b.MayBeNull && !(a.Low is not null && b.Low is not null) || !(IsAbove(a.Low, b.High, a.IsSingle) || IsAbove(b.Low, a.High, b.IsSingle));

    private static bool IsAbove(Bound? low, Bound? high, bool isSingle) => low is not null && high is not null && low is Bound.Text == high is Bound.Text && BoundOrder.Compare(low, high, isLow: true, isSingle) > 0;
}
