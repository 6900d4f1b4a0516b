using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>What an update is asked to do.</summary>
public sealed record UpdateOptions
{
    /// <summary>The stored datasets to update, in the graph's order.</summary>
    public required IReadOnlyList<Dataset> Selected { get; init; }

    /// <summary>Datasets to run even where nothing is new.</summary>
    public IReadOnlySet<DatasetName> Refresh { get; init; } = new HashSet<DatasetName>();

    /// <summary>Datasets to rebuild from the beginning.</summary>
    public IReadOnlySet<DatasetName> FullRefresh { get; init; } = new HashSet<DatasetName>();

    public bool Wait { get; init; }

    /// <summary>Whether the data tests of the selected datasets run at the end.</summary>
    public bool Tests { get; init; } = true;

    /// <summary>Set where the update makes days again instead of reading what is new.</summary>
    public DayRange? Days { get; init; }

    /// <summary>Whether days whose sources are gone are left as they are, and told: where nobody named the datasets.</summary>
    public bool LeavesLostDays { get; init; }

    /// <summary>Set where the update brings quarantined rows back instead of reading what is new.</summary>
    public ReplayOptions? Replay { get; init; }

    /// <summary>Steps at once; null: chosen by the machine.</summary>
    public int? Parallel { get; init; }

    public RefreshMode ModeOf(Dataset dataset) =>
        FullRefresh.Contains(dataset.Name) ? RefreshMode.Full : Refresh.Contains(dataset.Name) ? RefreshMode.Forced : RefreshMode.Incremental;
}

/// <summary>Which quarantined rows to replay.</summary>
/// <param name="Where">SQL over the quarantine's columns; null for all.</param>
public sealed record ReplayOptions(string? Where);

/// <summary>How a dataset's step ended within an update.</summary>
/// <param name="BlockedBy">The failed dataset that kept it from running.</param>
public sealed record StepOutcome(Dataset Dataset, FlowResult Result, TimeSpan Elapsed, DatasetName? BlockedBy = null)
{
    public bool Failed => Result is FlowResult.Failed;

    /// <summary>The word for it in the event log, in manifests and in JSON.</summary>
    public string Status => Result switch
    {
        FlowResult.Completed => "completed",
        FlowResult.Failed => "failed",
        _ => BlockedBy is null ? "skipped" : "blocked",
    };

    /// <summary>The failed tests that stop what reads the dataset; null where none do.</summary>
    public string? Gate { get; init; }

    /// <summary>A fault of Smelt's own that ended the step, for --debug.</summary>
    public Exception? Fault { get; init; }
}

/// <summary>How an update ended.</summary>
public sealed record UpdateResult(string UpdateId, IReadOnlyList<StepOutcome> Steps, IReadOnlyList<TestOutcome> Tests, TimeSpan Elapsed)
{
    public bool Succeeded => !Steps.Any(static s => s.Failed || s.BlockedBy is not null) && !Tests.Any(static t => t.Status is TestStatus.Failed or TestStatus.Error);
}

/// <summary>Hears of an update while it runs. Calls come from several threads.</summary>
public interface IUpdateObserver
{
    void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected);

    void StepStarted(Dataset dataset, StepProgress progress);

    void StepEnded(StepOutcome outcome);

    void TestEnded(TestOutcome outcome);

    void Note(string note);
}
