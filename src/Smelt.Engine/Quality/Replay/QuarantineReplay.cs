using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Lets quarantined rows of a streaming table in again: for each flow a batch that reads nothing of its sources, whose prepared record names both the rows that enter the
/// table and the quarantine without them. So a replay that is cut short anywhere is finished by whoever runs the flow next, or was never begun; no row enters twice.
/// </summary>
/// <param name="where">SQL over the quarantine's columns; null for all rows.</param>
public sealed class QuarantineReplay(UpdateContext context, string? where)
{
    private const string NoTable = "it has no table yet";

    public Task<FlowResult> RunAsync(Dataset dataset, StepProgress progress, CancellationToken cancel) => StepFault.CaughtAsync(() => FlowsAsync(dataset, progress, cancel), cancel);

    private async Task<FlowResult> FlowsAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        if (dataset.Flows.All(static f => f.Kind == FlowKind.Complete)) return new FlowResult.Skipped("no flow appends to it");
        return dataset.Flows is [var only] ? await RunAsync(dataset, only, progress, cancel) : await RunAllAsync(dataset, progress, cancel);
    }

    private async Task<FlowResult> RunAsync(Dataset dataset, Flow flow, StepProgress progress, CancellationToken cancel)
    {
        var finished = await FinishAsync(dataset, flow, progress, cancel);
        if (finished is FlowResult.Failed) return finished;
        var result = finished;
        foreach (var part in await PartsAsync(dataset, flow, cancel))
        {
            var replayed = await ReplayAsync(dataset, part, progress, cancel);
            if (replayed is FlowResult.Failed) return replayed;
            result = replayed is FlowResult.Completed made ? made.After(result as FlowResult.Completed) : result ?? replayed;
        }
        return result ?? new FlowResult.Skipped(NoTable);
    }

    private async Task<FlowResult> RunAllAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        var outcomes = new FlowOutcomes();
        Flow? any = null;
        foreach (var flow in await FlowSequence.OrderedAsync(context, dataset, cancel))
        {
            var started = context.Clock.GetTimestamp();
            var finished = await FinishAsync(dataset, flow, progress, cancel);
            if (finished is not null) outcomes.Add(flow, finished, context.Clock.GetElapsedTime(started));
            // What it has prepared may hold rows of this quarantine.
            if (finished is FlowResult.Failed) return outcomes.Together();
            if (any is null && (await FlowState.OpenAsync(context.Layout.State, dataset.Name, flow.IsDefault ? null : flow.Name, cancel)).Done is not null) any = flow;
        }
        if (any is null) return new FlowResult.Skipped(NoTable);
        foreach (var part in await PartsAsync(dataset, any, cancel))
        {
            var started = context.Clock.GetTimestamp();
            outcomes.Add(part.Flow, await ReplayAsync(dataset, part, progress, cancel), context.Clock.GetElapsedTime(started));
        }
        return outcomes.Together();
    }

    private async Task<IReadOnlyList<ReplayPart>> PartsAsync(Dataset dataset, Flow any, CancellationToken cancel) =>
        await context.Tables.FindAsync(context.Pipeline.Project.QuarantineOf(dataset.Name), cancel) is { } quarantine ? ReplayPart.Of(dataset, quarantine.Snapshot.Schema, (await context.Tables.FindAsync(dataset.Name, cancel))?.Snapshot.Schema, any) : [new ReplayPart(any, "true", true)];

    /// <summary>Commits or makes what of the flow was begun by another than a replay, or is prepared: that comes first.</summary>
    /// <returns>Null where there was nothing.</returns>
    private async Task<FlowResult?> FinishAsync(Dataset dataset, Flow flow, StepProgress progress, CancellationToken cancel)
    {
        FlowResult.Completed? finished = null;
        for (var round = 0; round < StepRunner.MostConflicts; round++)
        {
            var step = await new StepPlanner(context).PrepareAsync(dataset, flow, RefreshMode.Incremental, cancel);
            if (step.Decision is { Action: StepAction.Stop } stop) return Failed(stop.Code!, stop.Reason);
            if (step.State is not { FlowId: not null } state || !await state.IsBegunAsync(cancel)) return finished;
            var result = await new StepRunner(context).RoundAsync(step, StepRunner.KeyOf(step), isOld: true, progress, cancel);
            if (result is FlowResult.Failed) return result;
            if (result is FlowResult.Completed made) finished = made.After(finished);
            await context.RepinAsync(dataset, cancel);
        }
        return Conflicts(dataset);
    }

    private async Task<FlowResult> ReplayAsync(Dataset dataset, ReplayPart part, StepProgress progress, CancellationToken cancel)
    {
        for (var round = 0; round < StepRunner.MostConflicts; round++)
        {
            var step = await new StepPlanner(context).PrepareAsync(dataset, part.Flow, RefreshMode.Incremental, cancel);
            if (step.Decision is { Action: StepAction.Stop } stop) return Failed(stop.Code!, stop.Reason);
            if (step.State is not { FlowId: not null, Done: not null } state || step.Target is null) return new FlowResult.Skipped(NoTable);
            if (step.Decision.Action == StepAction.Wait) return new FlowResult.Skipped(step.Decision.Reason);
            if (KeptOtherwise.Of(step) is { } kept) return Failed(kept.Code, kept.Message);
            if (QuarantineColumns.Kept.FirstOrDefault(name => step.Target.Snapshot.Schema.Find(name) is not null) is { } taken)
                return Failed(EngineCodes.ReplayRefused, $"{dataset.Name} has a column {taken} of its own, so that what its quarantine knows of a refused row cannot be told from the row. Nothing was changed. Give the column another name.");
            var key = StepRunner.KeyOf(step);
            if (await state.IsBegunAsync(cancel))
            {
                if (await FinishAsync(dataset, part.Flow, progress, cancel) is FlowResult.Failed failed) return failed;
                continue;
            }
            if (state.Table.HasOpenBesides(step.FlowName))
                return Failed(EngineCodes.ReplayRefused, $"Another flow of {dataset.Name} has a batch that is prepared and not finished: it may let rows of the same quarantine in. Nothing was changed. Run smelt run --select {dataset.Name} first, with the flow defined that began it.");
            if (LayoutChange.Of(step) is { } layout) await layout.ApplyAsync(step.Target.Table, cancel);
            else if (await ReplayAsync(step, part, key, progress, cancel) is { } replayed) return replayed;
            await context.RepinAsync(dataset, cancel);
        }
        return Conflicts(dataset);
    }

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);

    private static FlowResult.Failed Conflicts(Dataset dataset) =>
        Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {StepRunner.MostConflicts} times while its rows were replayed. Run again when they rest.");

    /// <returns>Null where the target changed under it.</returns>
    private async Task<FlowResult?> ReplayAsync(StepPreparation step, ReplayPart part, BatchKey key, StepProgress progress, CancellationToken cancel)
    {
        var name = context.Pipeline.Project.QuarantineOf(step.Dataset.Name);
        if (await context.Tables.FindAsync(name, cancel) is not { } quarantine || quarantine.Snapshot.Files.Count == 0) return new FlowResult.Skipped("its quarantine is empty");
        var batch = await ReplayBatch.OpenAsync(context, step, part, quarantine, where, cancel);
        StagedStep staged;
        using (batch)
        {
            if (batch.Chosen == 0) return new FlowResult.Skipped("no row of its quarantine can be replayed") { Notes = batch.Notes };
            if (await ReplayIntent.PutAsync(context, step, key, cancel) is not { } intent) return null;
            await batch.BindAsync(intent, cancel);
            staged = await new StepStaging(context, step, key, batch, progress, 0).StageAsync(cancel);
        }
        // The definition stays that of the last batch: what its next one says of a changed one is still to be said.
        return await new StepCommit(context, step, key).PrepareAsync(staged.Record! with { Definition = step.State!.Done!.Definition, Notes = [.. batch.Notes, .. staged.Record.Notes.Except(batch.Notes)] }, staged.Samples, cancel);
    }
}
