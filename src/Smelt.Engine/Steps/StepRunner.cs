using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Makes one step into one committed version, or says why not. Retries what another writer's commit undid; all else is the caller's to retry.</summary>
/// <param name="context">Of the update.</param>
/// <param name="frugality">How often the step ran out of memory before: it then takes time to save memory.</param>
public sealed class StepRunner(UpdateContext context, int frugality = 0)
{
    internal const int MostConflicts = 20;

    /// <param name="dataset">A stored dataset.</param>
    /// <param name="mode">How much to do.</param>
    /// <param name="progress">Filled while the step runs.</param>
    /// <param name="cancel">Ends the step between or inside its queries; nothing half is committed.</param>
    public Task<FlowResult> RunAsync(Dataset dataset, RefreshMode mode, StepProgress progress, CancellationToken cancel) => dataset.Flows is [var only]
        ? RunAsync(dataset, only, mode, progress, cancel)
        : mode == RefreshMode.Full && dataset.Kind == DatasetKind.StreamingTable ? new JointRefresh(context, this).RunAsync(dataset, progress, cancel)
        : new FlowSequence(context, flow => RunAsync(dataset, flow, mode, progress, cancel)).RunAsync(dataset, cancel);

    private Task<FlowResult> RunAsync(Dataset dataset, Flow flow, RefreshMode mode, StepProgress progress, CancellationToken cancel) =>
        StepFault.CaughtAsync(() => RoundsAsync(dataset, flow, mode, progress, cancel), cancel);

    private async Task<FlowResult> RoundsAsync(Dataset dataset, Flow flow, RefreshMode mode, StepProgress progress, CancellationToken cancel)
    {
        FlowResult.Completed? finished = null;
        var notes = new List<string>();
        if (mode == RefreshMode.Full && dataset.Kind == DatasetKind.StreamingTable)
        {
            var open = await new OpenBatches(context, this).FinishAsync(dataset, progress, cancel);
            if (open is FlowResult.Failed) return open;
            finished = open as FlowResult.Completed;
        }
        for (var conflicts = 0; conflicts < MostConflicts;)
        {
            var step = await new StepPlanner(context).PrepareAsync(dataset, flow, mode, cancel);
            if (step.Decision.Action is StepAction.Stop) return Failed(step.Decision.Code!, step.Decision.Reason);
            // Files of a prepared batch are laid as the table was: they are committed before it is laid otherwise.
            if (LayoutChange.Of(step) is { } layout && step.Decision.Action is StepAction.Run or StepAction.Skip && !step.State!.IsPrepared)
            {
                await layout.ApplyAsync(step.Target!.Table, cancel);
                notes.Add(layout.Note);
                await context.RepinAsync(dataset, cancel);
                conflicts++;
                continue;
            }
            if (step.Decision.Action is StepAction.Skip or StepAction.Wait)
                return (FlowResult?)(finished is null ? null : finished with { Notes = [.. notes, .. finished.Notes] }) ?? new FlowResult.Skipped(step.Decision.Reason) { Notes = [.. notes, .. step.Decision.Notes] };
            await step.State!.IdentifyAsync(cancel);
            var key = KeyOf(step);
            // What an earlier update left unfinished was chosen then: this update's own input comes in a batch after it.
            var isOld = step.State.Has(key.Generation, key.Batch, "prepared") || step.State.Has(key.Generation, key.Batch, "intent");
            var result = await RoundAsync(step, key, isOld, progress, cancel);
            if (result is FlowResult.Failed) return result;
            if (result is FlowResult.Completed made)
            {
                finished = dataset.Kind == DatasetKind.MaterializedView ? made : made.After(finished);
                notes.AddRange(step.Decision.Notes.Where(n => !notes.Contains(n)));
                // Where batches have limits there may be more.
                if (!isOld && (mode == RefreshMode.Full || !HasLimits(flow))) return finished with { Notes = [.. notes, .. finished.Notes] };
            }
            else
            {
                conflicts++;
                await context.RepinAsync(dataset, cancel);
            }
        }
        return Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {MostConflicts} times while its batch was made. Run again when they rest.");
    }

    private static bool HasLimits(Flow flow) => flow.Kind is FlowKind.Append or FlowKind.AutoCdc
        && (StreamSource.Of(flow.Query).Any(static s => s.Source.Options.Limits) || flow.Query.FileSources.Any(static c => c.Options.Any(static o => o.Name.StartsWith("max", StringComparison.OrdinalIgnoreCase) && o.Name.EndsWith("PerTrigger", StringComparison.OrdinalIgnoreCase))));

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);

    internal static BatchKey KeyOf(StepPreparation step)
    {
        var state = step.State!;
        var generation = step.Mode == RefreshMode.Full && step.Dataset.Kind == DatasetKind.StreamingTable ? NewGeneration(step) : state.Generation;
        var batch = generation == state.Generation ? state.NextBatch() : 1;
        // A view's state may be an older copy: what it makes anew must not bear the number of a batch that the table has, or its commit would count as made.
        if (step.Dataset.Kind == DatasetKind.MaterializedView && step.Target is not null && !state.Has(generation, batch, "prepared"))
            batch = Math.Max(batch, (int)TargetMarks.HighestBatch(step.Target, state.FlowId!, generation) + 1);
        return new BatchKey(state.FlowId!, generation, batch);
    }

    /// <summary>Higher than any that a mark in the target is of: marks of a flow whose state was lost are told from those of the table's own flows by it.</summary>
    internal static int NewGeneration(StepPreparation step) => Math.Max(step.State!.NewGeneration(), step.Target is null ? 0 : TargetMarks.HighestGeneration(step.Target) + 1);

    internal async Task<FlowResult?> RoundAsync(StepPreparation step, BatchKey key, bool isOld, StepProgress progress, CancellationToken cancel)
    {
        if (step.Dataset.Kind == DatasetKind.Sink) return await new SinkStep(context, step, key, progress).RoundAsync(isOld, cancel);
        var state = step.State!;
        var (generation, batch) = (key.Generation, key.Batch);
        var commit = new StepCommit(context, step, key);
        if (await state.PreparedAsync(generation, batch, cancel) is { } prepared) return await commit.FinishAsync(prepared, cancel);

        StagedStep staged;
        try
        {
            staged = await StageAsync(step, key, progress, cancel);
        }
        catch (DriftedTargetException) when (step.Refresh is not null)
        {
            return await RoundAsync(step with { Refresh = null }, key, isOld, progress, cancel);
        }
        catch (Exception outdated) when (isOld && step.Dataset.Kind == DatasetKind.StreamingTable && IsOutdated(outdated))
        {
            await state.AbandonAsync(generation, batch, context.UpdateId, outdated.Message, cancel);
            return null;
        }
        catch (OutdatedIntentException) when (!isOld)
        {
            // Begun by another attempt after this one looked: the next round meets it as an old one.
            return null;
        }
        if (staged.Failure is { } failure) return failure;
        return await commit.PrepareAsync(staged.Record!, staged.Samples, cancel);
    }

    /// <summary>Runs the query of a batch and makes its files durable.</summary>
    internal async Task<StagedStep> StageAsync(StepPreparation step, BatchKey key, StepProgress progress, CancellationToken cancel)
    {
        using IStepBatch made = step.Flow.Kind is FlowKind.Complete or FlowKind.Once
            ? await ViewBatch.OpenAsync(context, step, key, cancel)
            : await StreamBatch.OpenAsync(context, step, key, cancel);
        return await new StepStaging(context, step, key, made, progress, frugality).StageAsync(cancel);
    }

    /// <summary>
    /// An interrupted batch whose files changed or went, or whose inputs today's definition does not read: nothing of it was committed, so the next batch may choose anew.
    /// </summary>
    internal static bool IsOutdated(Exception error) => error is OutdatedIntentException or FileSourceException { Fault: FileFault.ChangedWhileRead or FileFault.NotFound };
}
