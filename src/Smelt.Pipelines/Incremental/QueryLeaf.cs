namespace Smelt.Pipelines;

/// <summary>How a table's changes show in a query's rows.</summary>
public enum LeafReach
{
    /// <summary>The rows of the query over a table's new rows are the query's new rows: filters, projections, inner joins, the side of an outer join that keeps all its rows.</summary>
    Linear,

    /// <summary>The side of an outer join that gives NULL where it has no partner: rows of the other side that the change matches are made again.</summary>
    Outer,

    /// <summary>Inside an aggregate, a subquery of an expression, an anti-join: nothing can be said.</summary>
    Opaque,
}

/// <summary>A place in a query, views and CTEs followed, where a stored table is read.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Dataset">The table.</param>
/// <param name="Alias">Its name in FROM.</param>
/// <param name="Reach">How its changes show.</param>
/// <param name="Condition">What every row read here has to pass, or null.</param>
public sealed record QueryLeaf(int Index, DatasetName Dataset, string Alias, LeafReach Reach, ReadCondition? Condition)
{
    /// <summary>Whether it stands in the topmost FROM, so that its columns are named there.</summary>
    public bool IsTop { get; init; }
}

/// <summary>A key of a query's groups (or of its windows' partitions).</summary>
/// <param name="Output">Index of the output column that has it.</param>
/// <param name="Column">The parts of the column's name where it is a plain column, else null.</param>
public sealed record GroupKey(int Output, IReadOnlyList<string>? Column);

/// <summary>What an output column of a grouping query is, as far as its old value and that of new rows give the value of both.</summary>
public enum MergeKind
{
    Key,
    Sum,
    Count,
    Min,
    Max,
    And,
    Or,
}

/// <summary>How a query's result follows the changes of its tables.</summary>
public enum RefreshShape
{
    /// <summary>Row by row.</summary>
    Rows,

    /// <summary>Group by group: the groups that changed rows belong to are made again.</summary>
    Groups,
}
