using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What full refreshes of an update mean for a sink that streams the tables: nothing in the lake tells it before they are made.</summary>
public sealed class SinkOutlook(UpdateContext context)
{
    /// <param name="sink">The sink, which is not refreshed itself.</param>
    /// <param name="rebuilt">Tables whose rows the update will replace.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>Why it will stop; null where it will not.</returns>
    public async Task<StepDecision?> AfterAsync(Dataset sink, IReadOnlySet<DatasetName> rebuilt, CancellationToken cancel)
    {
        foreach (var flow in sink.Flows)
        {
            var sources = StreamSource.Each(flow.Query).Where(s => s is { IsChanges: false, Options.SkipChangeCommits: false, Dataset: { } table } && rebuilt.Contains(table)).ToList();
            if (sources.Count == 0 || (await FlowState.OpenAsync(context.Layout.State, sink.Name, flow.IsDefault ? null : flow.Name, cancel)).Done is not { } done) continue;
            // What it has not begun to read it will read whole.
            if (sources.Find(s => done.Streams.Any(r => r.Name.Equals(s.Name, StringComparison.OrdinalIgnoreCase))) is not { } source) continue;
            var stop = new StreamStop(context, new StepPreparation(sink, flow, RefreshMode.Incremental, new StepDecision(StepAction.Stop, ""))).Announced(source);
            return new StepDecision(StepAction.Stop, stop.Message, stop.Code);
        }
        return null;
    }
}
