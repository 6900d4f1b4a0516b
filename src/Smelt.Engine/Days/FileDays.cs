using System.Text.Json;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>Which days files hold, as partition values and statistics tell: for nothing where a file holds one day, within bounds where it holds several.</summary>
internal sealed class FileDays
{
    private FileDays(IReadOnlyList<(int First, int Last)> certain, IReadOnlyList<(int First, int Last)> possible, IReadOnlyList<AddFile> wide, bool isBounded) =>
        (Certain, Possible, Wide, IsBounded) = (certain, possible, wide, isBounded);

    /// <summary>Days, counted from 1970-01-01, of which there are rows.</summary>
    public IReadOnlyList<(int First, int Last)> Certain { get; }

    /// <summary>Days between which the rows of the other files lie, where these tell.</summary>
    public IReadOnlyList<(int First, int Last)> Possible { get; }

    /// <summary>Files of several days.</summary>
    public IReadOnlyList<AddFile> Wide { get; }

    /// <summary>Whether each of them tells its bounds.</summary>
    public bool IsBounded { get; }

    public static FileDays Of(Snapshot table, string column)
    {
        var (certain, possible, wide, isBounded) = (new List<(int, int)>(), new List<(int, int)>(), new List<AddFile>(), true);
        var found = PrunedColumn.Find(table.Metadata, [column]);
        foreach (var file in table.Files)
        {
            if (file.LiveRecords == 0 || found is null) continue;
            var range = Range(found, file);
            if (!range.MayBeValue) continue;
            (int, int)? days = range is { Low: Bound.Exact { Scale: 0 } low, High: Bound.Exact { Scale: 0 } high } ? (Day(low), Day(high)) : null;
            if (days is var (first, last) && first == last && file.LiveRecords is not null && (file.DeletionVector is null || !range.MayBeNull)) certain.Add((first, last));
            else
            {
                wide.Add(file);
                if (days is { } bounds) possible.Add(bounds);
                isBounded &= days is not null;
            }
        }
        return new FileDays(certain, possible, wide, isBounded);
    }

    private static ColumnRange Range(PrunedColumn column, AddFile file)
    {
        if (column.IsPartition || string.IsNullOrEmpty(file.Stats)) return column.RangeIn(file, default);
        try
        {
            using var stats = JsonDocument.Parse(file.Stats);
            return column.RangeIn(file, stats.RootElement);
        }
        catch (JsonException)
        {
            // Statistics are optional: text that cannot be read is text that is not there.
            return column.RangeIn(file, default);
        }
    }

    private static int Day(Bound.Exact micros) => (int)((micros.Value - (micros.Value < 0 ? TimeText.MicrosPerDay - 1 : 0)) / TimeText.MicrosPerDay);
}
