namespace Smelt.Pipelines.Syntax;

/// <summary>CREATE FLOW: a further query into a streaming table.</summary>
internal sealed class FlowStatement
{
    public required int Start { get; init; }
    public required PlacedName Name { get; init; }
    public string? Comment { get; set; }
    public FlowKind Kind { get; set; }

    /// <summary>The table it writes: its name, or its layer and name.</summary>
    public IReadOnlyList<PlacedName> Target { get; set; } = [];

    /// <summary>Range of tokens of the query; of AUTO CDC from its FROM to before its first clause, which DuckDB reads as a query.</summary>
    public Range Body { get; set; }

    /// <summary>The clauses of AUTO CDC; null for other flows.</summary>
    public AutoCdcStatement? Cdc { get; set; }
}
