using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What the flows of a dataset did, one after the other, as one result of its step.</summary>
internal sealed class FlowOutcomes
{
    private readonly List<FlowOutcome> _outcomes = [];

    public void Add(Flow flow, FlowResult result, TimeSpan elapsed) => _outcomes.Add(new FlowOutcome(flow, result, elapsed));

    public FlowResult Together() => (FlowResult?)Failed() ?? (FlowResult?)Made() ?? Skipped();

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
