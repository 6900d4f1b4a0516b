namespace Smelt.Runs;

/// <summary>A column that both tables have, or one of them.</summary>
/// <param name="TypeA">Its type in the first table; null where it lacks it.</param>
/// <param name="Changed">Rows of the same key in which it differs; null without a key.</param>
public sealed record ComparedColumn(string Name, string? TypeA, string? TypeB, long? Changed);

/// <summary>A figure of both tables.</summary>
/// <param name="Kind"><c>rows</c>, <c>column</c>, <c>expectation</c> or <c>run</c>.</param>
/// <param name="Of">The column or the expectation; empty for the table.</param>
/// <param name="Name"><c>nulls</c>, <c>mean</c>, <c>violated</c>, <c>duration_ms</c> …</param>
public sealed record ComparedFigure(string Kind, string Of, string Name, string? A, string? B);

/// <summary>How two tables differ.</summary>
public sealed record TableComparison
{
    public required string A { get; init; }

    public required string B { get; init; }

    /// <summary>Columns that tell which rows are the same; empty: rows are compared whole, equal ones counted.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    public required long RowsA { get; init; }

    public required long RowsB { get; init; }

    /// <summary>Rows that only the first has (by key, else whole).</summary>
    public required long OnlyA { get; init; }

    public required long OnlyB { get; init; }

    /// <summary>Rows of the same key with other values; 0 without a key.</summary>
    public long Changed { get; init; }

    public IReadOnlyList<ComparedColumn> Columns { get; init; } = [];

    public IReadOnlyList<ComparedFigure> Figures { get; set; } = [];

    /// <summary>Some of the rows that differ: side (<c>a</c>, <c>b</c>) and the row as JSON.</summary>
    public IReadOnlyList<(string Side, string Row)> Samples { get; init; } = [];

    /// <summary>Things to know of the comparison.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool AreEqual => OnlyA == 0 && OnlyB == 0 && Changed == 0 && Columns.All(static c => c.TypeA == c.TypeB);
}
