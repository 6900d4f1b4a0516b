using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A table that changed since a materialized view last read it.</summary>
internal sealed record InputChange(PinnedTable Table, Snapshot Before, TableDifference Difference);

/// <summary>How a view's new result is found from the changes of its tables.</summary>
internal enum RefreshWay
{
    /// <summary>The query over the rows that came gives rows to add, over those that went rows to take away.</summary>
    Rows,

    /// <summary>The groups that changed rows belong to are made again.</summary>
    Groups,

    /// <summary>The groups' old values and those of the rows that came are put together.</summary>
    Merged,
}

/// <summary>A refresh that reads the changes and what they touch. What it says was chosen; the query is taken apart again where it runs.</summary>
internal sealed record IncrementalRefresh(RefreshWay Way, IReadOnlyDictionary<DatasetName, InputChange> Changes);

/// <summary>The choice, with its reason in words.</summary>
/// <param name="Refresh">Null: the whole query is run.</param>
/// <param name="Words"><c>incremental: …</c> or <c>full: …</c>.</param>
internal sealed record RefreshChoice(IncrementalRefresh? Refresh, string Words)
{
    public static RefreshChoice Full(string why) => new(null, $"full: {why}");
}
