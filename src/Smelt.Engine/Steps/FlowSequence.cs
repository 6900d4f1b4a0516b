using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Runs the flows of a dataset one after the other. One that fails does not stop its siblings, but where the table is being rebuilt: there the first to commit replaces it,
/// and until it has, nothing may be appended.
/// </summary>
/// <param name="context">Of the update.</param>
/// <param name="run">Runs one flow.</param>
internal sealed class FlowSequence(UpdateContext context, Func<Flow, RefreshMode, Task<FlowResult>> run)
{
    private readonly List<FlowOutcome> _outcomes = [];

    public async Task<FlowResult> RunAsync(Dataset dataset, RefreshMode mode, CancellationToken cancel)
    {
        // What one flow would lose is known before another replaces the table.
        if (mode == RefreshMode.Full && await new StepPlanner(context).DecideAsync(dataset, mode, cancel) is { Action: StepAction.Stop } stop)
            return new FlowResult.Failed(stop.Code!, stop.Reason, false, null, []);
        var isReplaced = mode != RefreshMode.Full;
        foreach (var flow in await OrderedAsync(dataset, cancel))
        {
            var started = context.Clock.GetTimestamp();
            var result = await run(flow, isReplaced && mode == RefreshMode.Full ? RefreshMode.Incremental : mode);
            _outcomes.Add(new FlowOutcome(flow, result, context.Clock.GetElapsedTime(started)));
            if (result is FlowResult.Failed && !isReplaced) break;
            isReplaced |= result is FlowResult.Completed;
        }
        return Together();
    }

    /// <summary>
    /// A batch that is prepared comes first: where it replaces the table, what a sibling appended before it would be gone.
    /// </summary>
    private async Task<IReadOnlyList<Flow>> OrderedAsync(Dataset dataset, CancellationToken cancel)
    {
        var table = (await FlowState.OpenAsync(context.Layout.State, dataset.Name, null, cancel)).Table;
        return [.. dataset.Flows.OrderByDescending(f => table.HasOpen(f.IsDefault ? null : f.Name))];
    }

    private FlowResult Together() => (FlowResult?)Failed() ?? (FlowResult?)Made() ?? Skipped();

    private FlowResult.Failed? Failed()
    {
        if (_outcomes.Find(static o => o.Result is FlowResult.Failed) is not { Result: FlowResult.Failed failed } broken) return null;
        var made = Completed();
        var counts = failed.Counts is { } own && made is not null ? own.Plus(made.Counts) : failed.Counts ?? made?.Counts;
        return failed with { Message = $"The flow {broken.Flow.Name}: {failed.Message}", Counts = counts, Flows = _outcomes };
    }

    private FlowResult.Completed? Made() => Completed() is { } made ? made with { Notes = [.. made.Notes.Concat(Notes()).Distinct()], Flows = _outcomes } : null;

    private FlowResult.Skipped Skipped()
    {
        var reasons = _outcomes.Select(static o => ((FlowResult.Skipped)o.Result).Reason).Distinct().ToList();
        return new FlowResult.Skipped(reasons.Contains("nothing new") ? "nothing new" : string.Join("; ", reasons)) { Notes = [.. Notes()], Flows = _outcomes };
    }

    private IEnumerable<string> Notes() => _outcomes.SelectMany(static o => o.Result is FlowResult.Skipped skipped ? skipped.Notes : []).Distinct();

    private FlowResult.Completed? Completed()
    {
        FlowResult.Completed? made = null;
        foreach (var outcome in _outcomes)
        {
            if (outcome.Result is FlowResult.Completed completed) made = completed.After(made);
        }
        return made;
    }
}
