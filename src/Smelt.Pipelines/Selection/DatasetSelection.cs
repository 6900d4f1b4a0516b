namespace Smelt.Pipelines;

/// <summary>What a selection needs to know beyond the graph.</summary>
public sealed record SelectionState
{
    /// <summary>Definition hashes at the last successful update, for <c>state:modified</c> and <c>state:new</c>.</summary>
    public IReadOnlyDictionary<DatasetName, string> PreviousHashes { get; init; } = new Dictionary<DatasetName, string>();
}

/// <summary>What a selection chose, in the graph's order, and what is wrong with it.</summary>
public sealed record SelectionResult(IReadOnlyList<Dataset> Datasets, IReadOnlyList<Diagnostic> Diagnostics);
