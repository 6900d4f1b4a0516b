using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Makes some days of a dataset again from what it has read: a batch that reads nothing new and whose prepared record replaces the rows of those days by the rows that differ.
/// Cut short anywhere it is finished by whoever runs the flow next, or was never begun; made twice it changes nothing the second time.
/// </summary>
public sealed class DayRemake(UpdateContext context, DayRange days)
{
    public async Task<FlowResult> RunAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        try
        {
            if (Refusal(dataset) is { } refusal) return Failed(EngineCodes.DayRefused, $"{dataset.Name} cannot be made again by days: {refusal}");
            FlowResult.Completed? finished = null;
            for (var round = 0; round < StepRunner.MostConflicts; round++)
            {
                var step = await new StepPlanner(context).PrepareAsync(dataset, dataset.Flows[0], RefreshMode.Incremental, cancel);
                if (step.Decision is { Action: StepAction.Stop } stop) return Failed(stop.Code!, stop.Reason);
                if (step.State is not { FlowId: not null } state || step.Target is null) return new FlowResult.Skipped("it has no table yet");
                var key = StepRunner.KeyOf(step);
                if (await IsOpenAsync(state, key, cancel))
                {
                    var result = await new StepRunner(context).RoundAsync(step, key, isOld: true, progress, cancel);
                    if (result is FlowResult.Failed) return result;
                    if (result is FlowResult.Completed old) finished = old.After(finished);
                }
                else if (state.Done is null) return (FlowResult?)finished ?? new FlowResult.Skipped("it has no table yet");
                else if (await RemakeAsync(step, key, progress, cancel) is { } made)
                {
                    return made is FlowResult.Completed completed ? completed.After(finished) : made;
                }
                var table = context.Layout.Table(dataset.Name);
                if (await table.TrySnapshotAsync(cancel) is { } snapshot) context.Tables.Publish(dataset.Name, table, snapshot);
            }
            return Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {StepRunner.MostConflicts} times while {days} was made again. Run again when they rest.");
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            return new FlowResult.Failed(fault.Code, fault.Message, fault.IsTransient, null, []) { Row = fault.Row };
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Interrupt)
        {
            throw new OperationCanceledException("The query was interrupted.", error, cancel);
        }
    }

    /// <summary>Why a dataset cannot be made again by days, as the end of a sentence; null where it can.</summary>
    public string? Refusal(Dataset dataset)
    {
        if (!dataset.IsStored) return "it has no table.";
        if (dataset is { Kind: DatasetKind.StreamingTable, Name.Layer: Layer.Bronze }) return "a bronze streaming table is append-only; --full-refresh reads its source again.";
        if (DayColumn.Of(dataset, context.Pipeline.Project) is null) return $"it declares no day column. Write TBLPROPERTIES ('{DayColumn.Property}' = 'column').";
        if (dataset.Flows.Count != 1) return "several flows write it.";
        if (dataset.Flows[0].Kind is FlowKind.AutoCdc or FlowKind.Once) return "its rows do not follow from its inputs day by day (AUTO CDC, ONCE).";
        return dataset.Flows[0].Query.Unique is null ? null : "which of repeated rows is kept depends on the order in which they came (DISTINCT ON).";
    }

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);

    /// <summary>Whether the flow's next batch was begun by an ordinary update, or is prepared: that one comes first.</summary>
    private static async Task<bool> IsOpenAsync(FlowState state, BatchKey key, CancellationToken cancel) =>
        state.Has(key.Generation, key.Batch, "prepared")
        || (state.Has(key.Generation, key.Batch, "intent") && await state.IntentAsync(key.Generation, key.Batch, cancel) is not { IsReplay: true });

    /// <returns>Null where the target changed under it.</returns>
    private async Task<FlowResult?> RemakeAsync(StepPreparation step, BatchKey key, StepProgress progress, CancellationToken cancel)
    {
        var state = step.State!;
        if (step.Flow.Kind != FlowKind.Complete)
        {
            context.Probe(step.Label + ":before-intent");
            _ = await state.PutIntentAsync(key.Generation, key.Batch, Intent(step, key), cancel);
            context.Probe(step.Label + ":after-intent");
        }
        var batch = await DayBatch.OpenAsync(context, step, key, days, DayColumn.Of(step.Dataset, context.Pipeline.Project)!, cancel);
        StagedStep staged;
        try
        {
            using (batch.Catalog) staged = await new StepStaging(context, step, key, batch, progress, 0).StageAsync(cancel);
        }
        finally
        {
            foreach (var binding in batch.Bindings) binding.Dispose();
        }
        if (staged.Failure is { } failure) return failure;
        context.Probe(step.Label + ":before-prepared");
        var record = await state.PutPreparedAsync(key.Generation, key.Batch, Marked(step, staged.Record!), cancel);
        context.Probe(step.Label + ":after-prepared");
        var commit = new StepCommit(context, step, key);
        return await StepRunner.FinishAsync(step, key, record, (r, c) => commit.CommitAsync(r, staged.Samples, c), cancel);
    }

    private PreparedRecord Marked(StepPreparation step, PreparedRecord made)
    {
        var done = step.State!.Done!;
        // A view whose inputs went on holds these days of today and the others of then: the next update makes it whole.
        var isBehind = step.Flow.Kind == FlowKind.Complete && (done.Definition != step.Flow.DefinitionHash || step.Decision.Action == StepAction.Run);
        var plan = made.Plans[0] with { Tags = new Dictionary<string, string>(made.Plans[0].Tags) { [CommitMarks.Removes] = CommitMarks.Remade } };
        return made with { Definition = isBehind ? "made again by days" : done.Definition, Plans = [plan, .. made.Plans.Skip(1)], Notes = [.. made.Notes, $"{days} made again"] };
    }

    /// <summary>The batch reads nothing new: every offset stays where the last batch left it.</summary>
    private IntentRecord Intent(StepPreparation step, BatchKey key) => new()
    {
        Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = step.BatchIdOf(context.UpdateId, key), Streams = [.. step.State!.Done!.Streams.Select(static s => s.Nothing)], Tables = step.State.Done.Tables, IsReplay = true,
    };
}
