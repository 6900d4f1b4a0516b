using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Binds a query's tables as they are, as they were, and what came and went between, and gives the queries over them. Where several places changed, each change is looked at
/// with the places before it as they are and those after it as they were: the sum of these is the whole change.
/// </summary>
internal sealed class IncrementalBinding(UpdateContext context, StepCatalog catalog, IncrementalQuery query, IncrementalRefresh refresh)
{
    private readonly Dictionary<(int, Content), string> _bound = [];

    private enum Content
    {
        Now,
        Before,
        Came,
        Went,
        Changed,
    }

    private static string Own(string name) => SqlText.Identifier(StepCatalog.OwnSchema, name);

    /// <summary>SELECTs whose rows together are what the query gives for what came (or went); none where nothing did.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(bool came, CancellationToken cancel) =>
        await EachAsync(came, (names, leaf, matching) => query.Sql(names, leaf, matching), cancel);

    /// <summary>SELECTs of the keys of the groups that changed.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(CancellationToken cancel) =>
        [.. await EachAsync(true, Keys, cancel), .. await EachAsync(false, Keys, cancel)];

    /// <summary>The names of all tables as they are.</summary>
    public async Task<Func<int, string>> NowAsync(CancellationToken cancel)
    {
        var names = new string[query.Leaves.Count];
        foreach (var leaf in query.Leaves) names[leaf.Index] = await NameAsync(leaf, Content.Now, cancel);
        return index => names[index];
    }

    private string Keys(Func<int, string> names, int leaf, string? matching) => query.KeysSql(names, leaf, matching);

    private async Task<IReadOnlyList<string>> EachAsync(bool came, Func<Func<int, string>, int, string?, string> sql, CancellationToken cancel)
    {
        var parts = new List<string>();
        foreach (var leaf in query.Leaves)
        {
            if (!refresh.Changes.TryGetValue(leaf.Dataset, out var change)) continue;
            if (!came && leaf.Reach == LeafReach.Linear && change.Difference.OnlyAppends) continue;
            var names = new string[query.Leaves.Count];
            foreach (var other in query.Leaves)
            {
                var content = other.Index == leaf.Index ? Of(leaf, came) : other.Index > leaf.Index && refresh.Changes.ContainsKey(other.Dataset) ? Content.Before : Content.Now;
                names[other.Index] = await NameAsync(other, content, cancel);
            }
            parts.Add(sql(i => names[i], leaf.Index, leaf.Reach == LeafReach.Outer ? await NameAsync(leaf, Content.Changed, cancel) : null));
        }
        return parts;
    }

    private static Content Of(QueryLeaf leaf, bool came) => leaf.Reach == LeafReach.Outer ? (came ? Content.Now : Content.Before) : came ? Content.Came : Content.Went;

    private async Task<string> NameAsync(QueryLeaf leaf, Content content, CancellationToken cancel)
    {
        if (_bound.TryGetValue((leaf.Index, content), out var bound)) return bound;
        var name = string.Create(CultureInfo.InvariantCulture, $"leaf_{leaf.Index}_{content}").ToLowerInvariant();
        switch (content)
        {
            case Content.Now:
                var now = (await context.Tables.FindAsync(leaf.Dataset, cancel))!;
                await catalog.BindScanAsync(StepCatalog.OwnSchema, name, PrunedScan.Of(now.Table, now.Snapshot, leaf.Condition) ?? now.Table.Scan(now.Snapshot), cancel);
                break;
            case Content.Before:
                var change = refresh.Changes[leaf.Dataset];
                await catalog.BindScanAsync(StepCatalog.OwnSchema, name, change.Table.Table.Scan(change.Before), cancel);
                break;
            default:
                var feed = await FeedAsync(leaf.Dataset, cancel);
                catalog.BindSql(StepCatalog.OwnSchema, name, content switch
                {
                    Content.Came => TableDifference.CameSql(feed),
                    Content.Went => TableDifference.WentSql(feed),
                    _ => TableDifference.AllSql(feed),
                });
                break;
        }
        return _bound[(leaf.Index, content)] = Own(name);
    }

    private async Task<string> FeedAsync(DatasetName dataset, CancellationToken cancel)
    {
        var name = $"changes_{dataset.Schema}_{dataset.Name}";
        if (!catalog.IsBound(StepCatalog.OwnSchema, name)) await catalog.BindScanAsync(StepCatalog.OwnSchema, name, refresh.Changes[dataset].Difference.Scan, cancel);
        return Own(name);
    }
}
