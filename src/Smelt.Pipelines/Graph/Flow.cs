namespace Smelt.Pipelines;

/// <summary>How a flow writes its dataset; the words are Lakeflow's.</summary>
public enum FlowKind
{
    /// <summary>Appends what is new in the stream that it reads.</summary>
    Append,
    /// <summary>Appends its query's rows once; again only after a full refresh.</summary>
    Once,
    /// <summary>Applies changes by key: AUTO CDC INTO.</summary>
    AutoCdc,
    /// <summary>Makes a materialized view equal to its query.</summary>
    Complete,
}

/// <summary>One query that writes one stored dataset: the dataset's own <c>AS</c>, or a <c>CREATE FLOW</c>.</summary>
public sealed class Flow
{
    /// <summary>The dataset's own name for its <c>AS</c>; names of one dataset's flows differ without case.</summary>
    public required string Name { get; init; }

    public required FlowKind Kind { get; init; }

    /// <summary>Whether it is the dataset's own <c>AS</c> query.</summary>
    public required bool IsDefault { get; init; }

    public required DatasetQuery Query { get; init; }

    /// <summary>The clauses of AUTO CDC; null for other kinds.</summary>
    public AutoCdc? Cdc { get; init; }

    /// <summary>File that defines it, relative to the pipeline, forward slashes.</summary>
    public required string File { get; init; }

    /// <summary>Where the statement (or the bare query) begins.</summary>
    public required FilePosition Position { get; init; }

    public string? Comment { get; init; }

    /// <summary>Over all that decides what the flow writes, the dataset's rules and layout included: see <see cref="Dataset.DefinitionHash"/>.</summary>
    public required string DefinitionHash { get; init; }

    public override string ToString() => Name;
}
