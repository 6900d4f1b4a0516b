using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>What an update would do with one dataset.</summary>
public enum PlannedAction
{
    Run,

    /// <summary>Nothing new.</summary>
    Skip,

    /// <summary>It runs if a dataset that it reads changes in this update.</summary>
    IfChanged,

    /// <summary>It waits for data.</summary>
    Wait,

    /// <summary>It cannot run until somebody mends something.</summary>
    Stop,
}

public sealed record PlannedStep(Dataset Dataset, PlannedAction Action, string Reason, string? Code, IReadOnlyList<string> Notes);

/// <summary>A table in the lake that no file of the pipeline defines.</summary>
public sealed record Orphan(DatasetName Name, string Path);

/// <summary>The steps that run would take, and what lies in the lake without a definition.</summary>
public sealed record UpdatePlan(IReadOnlyList<PlannedStep> Steps, IReadOnlyList<Orphan> Orphans, IReadOnlyList<string> Moves);

/// <summary>Makes the plan: asks the same planner that run asks, dataset by dataset, and changes nothing.</summary>
public sealed class PlanBuilder(UpdateContext context)
{
    /// <summary>Whether rows of large tables are read to tell missing days.</summary>
    public bool LooksIntoDays { get; init; }

    public async Task<UpdatePlan> BuildAsync(UpdateOptions options, CancellationToken cancel)
    {
        var planner = new StepPlanner(context);
        var steps = new List<PlannedStep>();
        var willChange = new HashSet<DatasetName>();
        var rebuilt = new HashSet<DatasetName>();
        var moves = DatasetMove.Pending(context);
        foreach (var dataset in options.Selected)
        {
            var step = moves.Any(m => m.To == dataset.Name)
                ? new PlannedStep(dataset, PlannedAction.Run, $"moved from {dataset.MovedFrom}", null, [])
                : await PlanAsync(planner, dataset, options.ModeOf(dataset), willChange, rebuilt, cancel);
            if (step.Action is PlannedAction.Run or PlannedAction.IfChanged) willChange.Add(dataset.Name);
            if (step.Action == PlannedAction.Run && dataset.Kind == DatasetKind.StreamingTable && options.ModeOf(dataset) == RefreshMode.Full) rebuilt.Add(dataset.Name);
            steps.Add(step);
        }
        return new UpdatePlan(steps, Orphans.Find(context), [.. moves.Select(static m => $"{m.From} is renamed to {m.To}, with its state and quarantine")]);
    }

    private async Task<PlannedStep> PlanAsync(StepPlanner planner, Dataset dataset, RefreshMode mode, HashSet<DatasetName> willChange, HashSet<DatasetName> rebuilt, CancellationToken cancel)
    {
        var decision = await planner.DecideAsync(dataset, mode, cancel);
        if (dataset.Kind == DatasetKind.Sink && decision.Action != StepAction.Stop && await new SinkOutlook(context).AfterAsync(dataset, rebuilt, cancel) is { } stop) decision = stop;
        var changing = Changing(dataset, willChange);
        var action = decision.Action switch
        {
            StepAction.Run => PlannedAction.Run,
            StepAction.Stop => PlannedAction.Stop,
            StepAction.Wait when changing.Count > 0 => PlannedAction.Run,
            StepAction.Skip when changing.Count > 0 => PlannedAction.IfChanged,
            StepAction.Wait => PlannedAction.Wait,
            _ => PlannedAction.Skip,
        };
        var reason = action switch
        {
            PlannedAction.IfChanged => $"if {string.Join(", ", changing)} changes",
            PlannedAction.Run when decision.Action == StepAction.Wait => $"after {string.Join(", ", changing)}",
            _ => decision.Reason,
        };
        var missing = decision.Action == StepAction.Stop ? null : (await MissingDays.OfAsync(context, dataset, LooksIntoDays, cancel)).Note(dataset);
        return new PlannedStep(dataset, action, reason, decision.Code, missing is null ? decision.Notes : [.. decision.Notes, missing]);
    }

    private List<DatasetName> Changing(Dataset dataset, HashSet<DatasetName> willChange) =>
        [.. StoredInputs.AndStreams(context.Pipeline.Graph, dataset).Where(willChange.Contains)];
}

/// <summary>Tables in the layers' folders that nothing defines: listed, never deleted by themselves.</summary>
public static class Orphans
{
    public static IReadOnlyList<Orphan> Find(UpdateContext context)
    {
        var known = new HashSet<DatasetName>();
        foreach (var dataset in context.Pipeline.Graph.Datasets)
        {
            if (!dataset.IsStored) continue;
            known.Add(dataset.Name);
            known.Add(context.Pipeline.Project.QuarantineOf(dataset.Name));
            if (dataset.MovedFrom is { } from)
            {
                known.Add(from);
                known.Add(context.Pipeline.Project.QuarantineOf(from));
            }
        }
        return [.. Enum.GetValues<Layer>().SelectMany(context.Layout.TablesOf).Where(name => !known.Contains(name)).Select(name => new Orphan(name, context.Layout.PathOf(name)))];
    }
}
