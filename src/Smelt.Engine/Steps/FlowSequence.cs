using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Runs the flows of a dataset one after the other. One that fails does not stop its siblings.</summary>
/// <param name="context">Of the update.</param>
/// <param name="run">Runs one flow.</param>
internal sealed class FlowSequence(UpdateContext context, Func<Flow, Task<FlowResult>> run)
{
    public async Task<FlowResult> RunAsync(Dataset dataset, CancellationToken cancel)
    {
        var outcomes = new FlowOutcomes();
        foreach (var flow in await OrderedAsync(context, dataset, cancel))
        {
            var started = context.Clock.GetTimestamp();
            var result = await run(flow);
            outcomes.Add(flow, result, context.Clock.GetElapsedTime(started));
        }
        return outcomes.Together();
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
