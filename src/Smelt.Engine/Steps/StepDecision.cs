using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What a step would do.</summary>
public enum StepAction
{
    Run,

    /// <summary>Nothing new.</summary>
    Skip,

    /// <summary>An input has nothing to read yet.</summary>
    Wait,

    /// <summary>It cannot run until somebody mends something.</summary>
    Stop,
}

/// <summary>What a step would do and why.</summary>
public sealed record StepDecision(StepAction Action, string Reason, string? Code = null)
{
    /// <summary>Things worth telling: files that changed, orphans.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A decision with what was looked up for it, so that running does not look again.</summary>
internal sealed record StepPreparation(Dataset Dataset, Flow Flow, RefreshMode Mode, StepDecision Decision)
{
    /// <summary>The flow's query.</summary>
    public DatasetQuery Query => Flow.Query;

    /// <summary>The flow as people and named points of a step know it: the dataset, and a flow of its own name after a slash.</summary>
    public string Label => Flow.IsDefault ? Dataset.Name.ToString() : $"{Dataset.Name}/{Flow.Name}";

    /// <summary>The flow's name where its state has one of its own; null for the dataset's own query.</summary>
    public string? FlowName => Flow.IsDefault ? null : Flow.Name;

    /// <summary><c>_batch_id</c> of a batch's rows: no two flows of a table have one of the same name.</summary>
    public string BatchIdOf(string updateId, BatchKey key) => Flow.IsDefault ? $"{updateId}-{key.Batch}" : $"{updateId}-{Flow.Name}-{key.Batch}";

    public FlowState? State { get; init; }

    public PinnedTable? Target { get; init; }

    /// <summary>Whether the target's log ends before the last batch that the state knows: it was put back from a copy, or made anew.</summary>
    public bool IsTargetBehind => State?.Done is { } done && Target is { } target && target.Snapshot.Version < done.Version;

    /// <summary>How a view's new content follows from what changed; null: its query is run whole.</summary>
    public IncrementalRefresh? Refresh { get; init; }

    /// <summary>What the flows before it in the same commit have staged; null where it commits alone, or is the first.</summary>
    public JoinedBatch? Joined { get; init; }

    public IReadOnlyList<StreamRange> Streams { get; init; } = [];

    public IReadOnlyList<SourceFound> Sources { get; init; } = [];

    public IReadOnlyList<TableInput> Tables { get; init; } = [];
}

/// <summary>Flows of a table that are staged for one commit: the tables as they will be, and the target's files.</summary>
/// <param name="Quarantine">Null as long as no row was refused.</param>
internal sealed record JoinedBatch(TargetTable Target, TargetTable? Quarantine, IReadOnlyList<Smelt.Lake.AddFile> Files);

/// <summary>New files of one source call, or all of them for a snapshot; null batch: nothing new.</summary>
internal sealed record SourceFound(SourceCall Call, FileSourceOptions Options, NewFiles? New, FileBatch? Snapshot);
