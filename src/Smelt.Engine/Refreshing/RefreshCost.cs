using System.Globalization;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Bytes that a refresh reads and writes, one way and the other.</summary>
internal sealed class RefreshCost(IncrementalQuery query, IReadOnlyDictionary<DatasetName, PinnedTable> tables, Snapshot target, IncrementalRefresh refresh)
{
    /// <summary>Above this share of a full refresh the changes cost as much as all: what is touched is read twice, and rows are looked up (measured).</summary>
    public const double MostOfFull = 0.5;

    /// <summary>Inputs so small that nothing is saved.</summary>
    public const long Small = 1 << 20;

    private long TargetBytes => target.SizeInBytes;

    public long Inputs => query.Leaves.Sum(l => Bytes(l));

    public double Share => (double)Incremental / Math.Max(1, Inputs + TargetBytes);

    public string Percent => (Share * 100).ToString(Share < 0.1 ? "0.0" : "0", CultureInfo.InvariantCulture) + " %";

    private long Bytes(QueryLeaf leaf) => tables[leaf.Dataset].Snapshot.SizeInBytes;

    private bool OnlyAppends => query.Leaves.All(l => !refresh.Changes.TryGetValue(l.Dataset, out var change) || (change.Difference.OnlyAppends && l.Reach == LeafReach.Linear));

    private long Incremental => refresh.Way switch
    {
        RefreshWay.Rows => Deltas + (OnlyAppends ? 0 : TargetBytes),
        RefreshWay.Merged => Deltas + TargetBytes,
        _ => Deltas + Touched + TargetBytes,
    };

    /// <summary>The query over each table's change reads the other tables whole.</summary>
    private long Deltas => query.Leaves.Where(l => refresh.Changes.ContainsKey(l.Dataset))
        .Sum(l => refresh.Changes[l.Dataset].Difference.Bytes + query.Leaves.Where(o => o.Index != l.Index).Sum(Bytes));

    /// <summary>What making the touched groups again reads: where a key is a plain column of a table, its files by that column.</summary>
    private long Touched => query.Leaves.Sum(l => (long)(Bytes(l) * ShareOf(l)));

    private double ShareOf(QueryLeaf leaf)
    {
        if (!leaf.IsTop || !refresh.Changes.TryGetValue(leaf.Dataset, out var change) || refresh.Changes.Count > 1) return 1;
        var least = 1.0;
        foreach (var key in query.Keys)
        {
            if (ColumnOf(key, leaf) is { } column) least = Math.Min(least, FileOverlap.Share(change.Table.Snapshot.Metadata, column, change.Table.Snapshot.Files, change.Difference.Files));
        }
        return least;
    }

    private string? ColumnOf(GroupKey key, QueryLeaf leaf) => key.Column switch
    {
        [var column] when query.Leaves.Count(l => l.IsTop && Has(l, column)) == 1 && Has(leaf, column) => column,
        [var owner, var column] when owner.Equals(leaf.Alias, StringComparison.OrdinalIgnoreCase) => column,
        _ => null,
    };

    private bool Has(QueryLeaf leaf, string column) => tables[leaf.Dataset].Snapshot.Schema.Find(column) is not null;
}
