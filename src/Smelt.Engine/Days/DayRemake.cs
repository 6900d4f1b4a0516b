using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Makes some days of a dataset again from what it has read: a batch that reads nothing new and whose prepared record replaces the rows of those days by the rows that differ.
/// Cut short anywhere it is finished by whoever runs the flow next, or was never begun; made twice it changes nothing the second time.
/// </summary>
/// <param name="context">Of the update.</param>
/// <param name="days">To make again.</param>
/// <param name="leavesLost">Whether days that cannot be read again are left as they are, and told: where nobody named the dataset.</param>
public sealed class DayRemake(UpdateContext context, DayRange days, bool leavesLost = false)
{
    public Task<FlowResult> RunAsync(Dataset dataset, StepProgress progress, CancellationToken cancel) => StepFault.CaughtAsync(() => LeavingLostAsync(dataset, progress, cancel), cancel);

    private async Task<FlowResult> LeavingLostAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        try
        {
            return await RoundsAsync(dataset, progress, cancel);
        }
        catch (EngineException lost) when (leavesLost && (lost.Code is EngineCodes.DayLoses or EngineCodes.DayErased || (lost.Code == EngineCodes.DayRefused && (dataset.Name.Layer == Layer.Bronze || dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc)))))
        {
            return new FlowResult.Skipped("it is left as it is") { Notes = [lost.Message] };
        }
    }

    private async Task<FlowResult> RoundsAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        if (Refusal(dataset) is { } refusal) return Failed(EngineCodes.DayRefused, $"{dataset.Name} cannot be made again by days: {refusal}");
        FlowResult.Completed? finished = null;
        for (var round = 0; round < StepRunner.MostConflicts; round++)
        {
            var flows = await PrepareAsync(dataset, cancel);
            if (flows.Find(static f => f.Decision.Action == StepAction.Stop) is { } stop) return Failed(stop.Decision.Code!, stop.Decision.Reason);
            var read = flows.FindAll(static f => f.State is { FlowId: not null } && f.Target is not null);
            if (await FirstOpenAsync(read, cancel) is { } open)
            {
                var result = await new StepRunner(context).RoundAsync(open, StepRunner.KeyOf(open), isOld: true, progress, cancel);
                if (result is FlowResult.Failed) return result;
                if (result is FlowResult.Completed old) finished = old.After(finished);
            }
            else if (read.Select(LayoutChange.Of).FirstOrDefault(static l => l is not null) is { } layout) await layout.ApplyAsync(read[0].Target!.Table, cancel);
            else if (read.FindAll(static f => f.State!.Done is not null) is not { Count: > 0 } done) return (FlowResult?)finished ?? new FlowResult.Skipped("it has no table yet");
            else if (await RemakeAsync(done, progress, cancel) is { } made) return made is FlowResult.Completed completed ? completed.After(finished) : made;
            await context.RepinAsync(dataset, cancel);
        }
        return Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {StepRunner.MostConflicts} times while {days} was made again. Run again when they rest.");
    }

    /// <summary>Why a dataset cannot be made again by days, as the end of a sentence; null where it can.</summary>
    public string? Refusal(Dataset dataset)
    {
        if (!dataset.IsStored) return "it has no table.";
        if (dataset.Flows.FirstOrDefault(static f => f.Kind == FlowKind.AutoCdc)?.Cdc is { } changes)
            return changes.IsSnapshot ? "its extracts are applied one after the other, each to the whole table, so that no part of them stands for itself (FROM SNAPSHOT). --full-refresh applies all of them again." : null;
        if (DayColumn.Of(dataset, context.Pipeline.Project) is not { } column) return $"it declares no day column. Write TBLPROPERTIES ('{DayColumn.Property}' = 'column').";
        if (dataset.Flows.All(static f => f.Kind == FlowKind.Once)) return "only flows that run once write it: --full-refresh runs them again.";
        if (dataset.Flows.Count > 1 && dataset.Flows.FirstOrDefault(static f => f.Query.Unique is not null) is { } unique)
            return $"several flows write it, of which {unique.Name} leaves repeated rows out (DISTINCT ON), and its rows do not tell which flow brought them. --full-refresh makes it anew.";
        return TakenRows.Refusal(context, dataset, days, column);
    }

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);

    private async Task<List<StepPreparation>> PrepareAsync(Dataset dataset, CancellationToken cancel)
    {
        var flows = new List<StepPreparation>();
        foreach (var flow in dataset.Flows) flows.Add(await new StepPlanner(context).PrepareAsync(dataset, flow, RefreshMode.Incremental, cancel));
        return flows;
    }

    /// <summary>The flow whose next batch was begun by an ordinary update, or is prepared: that one comes first.</summary>
    private static async Task<StepPreparation?> FirstOpenAsync(List<StepPreparation> flows, CancellationToken cancel)
    {
        if (flows.Find(static f => StepRunner.KeyOf(f) is var key && f.State!.Has(key.Generation, key.Batch, "prepared")) is { } prepared) return prepared;
        foreach (var flow in flows)
        {
            if (await flow.State!.IsBegunAsync(cancel)) return flow;
        }
        return null;
    }

    /// <summary>One batch for all flows of the table, of the first of them: their rows are told apart by nothing, and are replaced in one commit.</summary>
    /// <returns>Null where the target changed under it.</returns>
    private async Task<FlowResult?> RemakeAsync(List<StepPreparation> flows, StepProgress progress, CancellationToken cancel)
    {
        var isBronze = flows[0].Dataset is { Kind: DatasetKind.StreamingTable, Name.Layer: Layer.Bronze };
        if (!isBronze) RefuseRemoved(flows[0]);
        // Rows of bronze tell their batch: those of flows that run once stay as they are.
        if (isBronze) flows = flows.FindAll(static f => f.Flow.Kind != FlowKind.Once);
        if (flows.Find(static f => f.Flow.Kind != FlowKind.Once) is not { } step) return new FlowResult.Skipped("only flows that run once have written it");
        var key = StepRunner.KeyOf(step);
        IStepBatch batch = step.Flow.Kind == FlowKind.AutoCdc ? await RestatedBatch.OpenAsync(context, step, key, days, cancel)
            : await DayBatch.OpenAsync(context, step, flows, key, days, DayColumn.Of(step.Dataset, context.Pipeline.Project)!, cancel);
        StagedStep staged;
        using (batch)
        {
            if (batch is DayBatch { IsEmpty: true }) return new FlowResult.Skipped($"nothing was ingested on {days}");
            if (!isBronze && step.Dataset.Kind == DatasetKind.StreamingTable) await TakenRows.HoldErasureAboveAsync(context, flows, cancel);
            if (step.Flow.Kind != FlowKind.Complete && await ReplayIntent.PutAsync(context, step, key, cancel) is null) return null;
            staged = await new StepStaging(context, step, key, batch, progress, 0).StageAsync(cancel);
        }
        if (staged.Failure is { } failure) return failure;
        return await new StepCommit(context, step, key).PrepareAsync(Marked(step, staged.Record!), staged.Samples, cancel);
    }

    private static void RefuseRemoved(StepPreparation step)
    {
        if (RemovedFlows.Of(step) is not { Count: > 0 } removed) return;
        throw new EngineException(EngineCodes.DayLoses, $"Making {step.Dataset.Name} again would lose the rows of {RemovedFlows.Named(step.Dataset, removed)}, which no file defines any more. Nothing was changed. Bring the statement back, or leave these days as they are.");
    }

    private PreparedRecord Marked(StepPreparation step, PreparedRecord made)
    {
        var done = step.State!.Done!;
        // A view whose inputs went on holds these days of today and the others of then: the next update makes it whole.
        var isBehind = step.Flow.Kind == FlowKind.Complete && (done.Definition != step.Flow.DefinitionHash || step.Decision.Action == StepAction.Run);
        var plan = made.Plans[0] with { Tags = new Dictionary<string, string>(made.Plans[0].Tags) { [CommitMarks.Removes] = CommitMarks.Remade } };
        return made with { Definition = isBehind ? "made again by days" : done.Definition, Plans = [plan, .. made.Plans.Skip(1)], Notes = [.. made.Notes, $"{days} made again"] };
    }
}
