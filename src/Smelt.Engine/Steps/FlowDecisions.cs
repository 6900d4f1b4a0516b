using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The decisions of a dataset's flows as one.</summary>
internal static class FlowDecisions
{
    /// <summary>One that stops stops the step's word, as it will fail; else it runs where one runs, and waits where all do.</summary>
    public static StepDecision Together(IReadOnlyList<(Flow Flow, StepDecision Decision)> flows)
    {
        if (flows is [var only]) return only.Decision;
        var action = new[] { StepAction.Stop, StepAction.Run, StepAction.Skip, StepAction.Wait }.First(a => flows.Any(f => f.Decision.Action == a));
        var deciding = flows.Where(f => f.Decision.Action == action).ToList();
        var reason = action == StepAction.Skip ? "nothing new" : string.Join("; ", deciding.Select(static f => $"{f.Flow.Name}: {f.Decision.Reason}"));
        return new StepDecision(action, reason, deciding[0].Decision.Code) { Notes = [.. flows.SelectMany(static f => f.Decision.Notes).Distinct()] };
    }
}
