using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Decides what a step does by holding its definition, its inputs, its state and its target against each other. The same decision is shown by plan and taken by run.
/// </summary>
public sealed class StepPlanner(UpdateContext context)
{
    /// <summary>What the step of a stored dataset would do now.</summary>
    public async Task<StepDecision> DecideAsync(Dataset dataset, RefreshMode mode, CancellationToken cancel)
    {
        var decisions = new List<(Flow Flow, StepDecision Decision)>();
        foreach (var flow in dataset.Flows) decisions.Add((flow, await DecideAsync(dataset, flow, mode, cancel)));
        return FlowDecisions.Together(decisions);
    }

    private async Task<StepDecision> DecideAsync(Dataset dataset, Flow flow, RefreshMode mode, CancellationToken cancel)
    {
        var step = await PrepareAsync(dataset, flow, mode, cancel);
        if (step.Decision.Action is not (StepAction.Run or StepAction.Skip) || LayoutChange.Of(step) is not { } layout) return step.Decision;
        var decision = step.Decision.Action == StepAction.Skip ? new StepDecision(StepAction.Run, "its layout changed") : step.Decision;
        return decision with { Notes = [.. step.Decision.Notes, layout.Note] };
    }

    internal async Task<StepPreparation> PrepareAsync(Dataset dataset, Flow flow, RefreshMode mode, CancellationToken cancel)
    {
        try
        {
            var state = await FlowState.OpenAsync(context.Layout.State, dataset.Name, flow.IsDefault ? null : flow.Name, cancel);
            var target = await context.Tables.FindAsync(dataset.Name, cancel);
            var preparation = new StepPreparation(dataset, flow, mode, new StepDecision(StepAction.Run, "")) { State = state, Target = target };
            return SchemaPolicy.Held(context, flow.Kind == FlowKind.Complete ? await DecideViewAsync(preparation, cancel)
                : Announced(await new StreamPlanner(context).DecideAsync(preparation, cancel)));
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            return new StepPreparation(dataset, flow, mode, new StepDecision(StepAction.Stop, fault.Message, fault.Code));
        }
    }

    private static StepPreparation Announced(StepPreparation step) => step.Flow != step.Dataset.Flows[0] || RemovedFlows.Note(step) is not { } note ? step
        : step with { Decision = step.Decision with { Notes = [.. step.Decision.Notes, note] } };

    private async Task<StepPreparation> DecideViewAsync(StepPreparation step, CancellationToken cancel)
    {
        var (dataset, state) = (step.Dataset, step.State!);
        if (step.Target is not null && state.Done is null && !state.IsPrepared && !step.Target.Snapshot.Transactions.Keys.Any(static k => k.StartsWith("smelt:", StringComparison.Ordinal)))
        {
            throw new EngineException(EngineCodes.ForeignTable,
                $"{context.Layout.PathOf(dataset.Name)} holds a table that {dataset.Name} did not make. Move it away, or give the dataset another name.");
        }
        var (tables, missing) = await StepInputs.TablesAsync(context, step.Query, cancel);
        if (missing.Count > 0) return step with { Decision = new StepDecision(StepAction.Wait, $"{string.Join(", ", missing)} has no data yet") };
        step = step with { Tables = tables };
        if (state.IsPrepared) return step with { Decision = new StepDecision(StepAction.Run, "a prepared batch to commit") };
        var sources = WholeSources.Find(context, step, cancel);
        step = step with { Sources = sources };
        var decision = await ReasonAsync(step, cancel);
        if (decision.Action == StepAction.Run) decision = decision with { Notes = [.. decision.Notes, .. await RemovedRows.NotesAsync(context, step, cancel)] };
        if (!ReferenceEquals(decision.Reason, InputsChanged)) return step with { Decision = decision };
        var choice = await new RefreshPlanner(context, step).ChooseAsync(cancel);
        return step with { Refresh = choice.Refresh, Decision = decision with { Reason = $"{string.Join(", ", ChangedInputs(step))} changed; {choice.Words}" } };
    }

    private const string InputsChanged = "its inputs changed";

    private static IEnumerable<string> ChangedInputs(StepPreparation step) =>
        step.Tables.Where(t => !step.State!.Done!.Tables.Any(d => d.Name == t.Name && d.TableId == t.TableId && d.DataVersion == t.DataVersion)).Select(static t => t.Name);

    /// <summary>What another writer did to the view's own table; null: nothing.</summary>
    private static async Task<string?> TamperedAsync(StepPreparation step, DoneRecord done)
    {
        var snapshot = step.Target!.Snapshot;
        if (snapshot.Metadata.Id != done.TableId) return "its table was replaced by another writer";
        if (step.IsTargetBehind) return $"its table was put back to version {snapshot.Version}";
        return snapshot.Version > done.Version && await step.Target.DataVersionAsync() > done.Version ? $"its table was changed by another writer (version {await step.Target.DataVersionAsync()})" : null;
    }

    private async Task<StepDecision> ReasonAsync(StepPreparation step, CancellationToken cancel)
    {
        var done = step.State!.Done;
        if (step.Mode != RefreshMode.Incremental) return new StepDecision(StepAction.Run, "refresh asked for");
        if (step.Target is null) return new StepDecision(StepAction.Run, done is null ? "first run" : "the table is gone");
        if (done is null) return new StepDecision(StepAction.Run, "its state is gone");
        if (done.Definition != step.Flow.DefinitionHash) return new StepDecision(StepAction.Run, "definition changed");
        if (await TamperedAsync(step, done) is { } tampered) return new StepDecision(StepAction.Run, tampered);
        for (var i = 0; i < step.Sources.Count; i++)
        {
            if (i >= done.Sources.Count || done.Sources[i].Fingerprint != step.Sources[i].Snapshot!.Fingerprint) return new StepDecision(StepAction.Run, "its source changed");
        }
        if (ChangedInputs(step).Any()) return new StepDecision(StepAction.Run, InputsChanged);
        cancel.ThrowIfCancellationRequested();
        var queries = StepInputs.Queries(context.Pipeline.Graph, step.Query);
        if (queries.Any(static q => q.IsTimeDependent)) return new StepDecision(StepAction.Run, "its result depends on the time");
        return queries.Any(static q => q.ReadsUntracked) ? new StepDecision(StepAction.Run, "it reads what Smelt does not track") : new StepDecision(StepAction.Skip, "nothing new");
    }
}
