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
    private readonly FlowOutcomes _outcomes = new();

    public async Task<FlowResult> RunAsync(Dataset dataset, RefreshMode mode, CancellationToken cancel)
    {
        // What one flow would lose is known before another replaces the table.
        if (mode == RefreshMode.Full && await new StepPlanner(context).DecideAsync(dataset, mode, cancel) is { Action: StepAction.Stop } stop)
            return new FlowResult.Failed(stop.Code!, stop.Reason, false, null, []);
        var isReplaced = mode != RefreshMode.Full;
        foreach (var flow in await OrderedAsync(context, dataset, cancel))
        {
            var started = context.Clock.GetTimestamp();
            var result = await run(flow, isReplaced && mode == RefreshMode.Full ? RefreshMode.Incremental : mode);
            _outcomes.Add(flow, result, context.Clock.GetElapsedTime(started));
            if (result is FlowResult.Failed && !isReplaced) break;
            isReplaced |= result is FlowResult.Completed;
        }
        return _outcomes.Together();
    }

    /// <summary>
    /// A batch that is prepared comes first: where it replaces the table, what a sibling appended before it would be gone.
    /// </summary>
    public static async Task<IReadOnlyList<Flow>> OrderedAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        var table = (await FlowState.OpenAsync(context.Layout.State, dataset.Name, null, cancel)).Table;
        return [.. dataset.Flows.OrderByDescending(f => table.HasOpen(f.IsDefault ? null : f.Name))];
    }
}
