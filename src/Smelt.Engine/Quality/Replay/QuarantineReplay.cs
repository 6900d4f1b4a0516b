using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Lets quarantined rows of a streaming table in again: a batch of the flow that reads nothing of its sources, whose prepared record names both the rows that enter the
/// table and the quarantine without them. So a replay that is cut short anywhere is finished by whoever runs the flow next, or was never begun; no row enters twice.
/// </summary>
/// <param name="where">SQL over the quarantine's columns; null for all rows.</param>
public sealed class QuarantineReplay(UpdateContext context, string? where)
{
    public async Task<FlowResult> RunAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        try
        {
            if (dataset.Flows.FirstOrDefault(static f => f.Kind == FlowKind.AutoCdc) is { } changes)
                return new FlowResult.Failed(EngineCodes.StatementRefused, $"{dataset.Name} is written by AUTO CDC ({changes.Name}), whose events are applied in their order and not let in one by one. Send them again.", false, null, []);
            if (dataset.Flows.FirstOrDefault(static f => f.Kind == FlowKind.Append) is not { } flow) return new FlowResult.Skipped("no flow appends to it");
            FlowResult.Completed? finished = null;
            for (var round = 0; round < StepRunner.MostConflicts; round++)
            {
                var step = await new StepPlanner(context).PrepareAsync(dataset, flow, RefreshMode.Incremental, cancel);
                if (step.Decision is { Action: StepAction.Stop } stop) return new FlowResult.Failed(stop.Code!, stop.Reason, false, null, []);
                if (step.State is not { FlowId: not null } state || step.Target is null) return new FlowResult.Skipped("it has no table yet");
                var key = StepRunner.KeyOf(step);
                if (await IsOpenAsync(state, key, cancel))
                {
                    var result = await new StepRunner(context).RoundAsync(step, key, isOld: true, progress, cancel);
                    if (result is FlowResult.Failed) return result;
                    if (result is FlowResult.Completed old) finished = old.After(finished);
                    await RepinAsync(dataset, cancel);
                    continue;
                }
                if (state.Done is null) return (FlowResult?)finished ?? new FlowResult.Skipped("it has no table yet");
                if (step.Decision.Action == StepAction.Wait) return new FlowResult.Skipped(step.Decision.Reason);
                if (LayoutChange.Of(step) is { } layout)
                {
                    await layout.ApplyAsync(step.Target.Table, cancel);
                    await RepinAsync(dataset, cancel);
                    continue;
                }
                var replayed = await ReplayAsync(step, key, progress, cancel);
                if (replayed is FlowResult.Completed made) return made.After(finished);
                if (replayed is not null) return replayed is FlowResult.Skipped && finished is not null ? finished : replayed;
                await RepinAsync(dataset, cancel);
            }
            return new FlowResult.Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {StepRunner.MostConflicts} times while its rows were replayed. Run again when they rest.", false, null, []);
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

    /// <summary>Whether the flow's next batch was begun by another than a replay, or is prepared: that one comes first.</summary>
    private static async Task<bool> IsOpenAsync(FlowState state, BatchKey key, CancellationToken cancel) =>
        state.Has(key.Generation, key.Batch, "prepared")
        || (state.Has(key.Generation, key.Batch, "intent") && await state.IntentAsync(key.Generation, key.Batch, cancel) is not { IsReplay: true });

    /// <returns>Null where the target changed under it.</returns>
    private async Task<FlowResult?> ReplayAsync(StepPreparation step, BatchKey key, StepProgress progress, CancellationToken cancel)
    {
        var (dataset, state) = (step.Dataset, step.State!);
        var name = context.Pipeline.Project.QuarantineOf(dataset.Name);
        if (await context.Tables.FindAsync(name, cancel) is not { } quarantine || quarantine.Snapshot.Files.Count == 0) return new FlowResult.Skipped("its quarantine is empty");
        var batch = await ReplayBatch.OpenAsync(context, step, quarantine, where, cancel);
        StagedStep staged;
        try
        {
            using (batch.Catalog)
            {
                if (batch.Chosen == 0) return new FlowResult.Skipped("no row of its quarantine can be replayed") { Notes = batch.Notes };
                context.Probe(step.Label + ":before-intent");
                var intent = await state.IntentAsync(key.Generation, key.Batch, cancel) ?? await state.PutIntentAsync(key.Generation, key.Batch, Intent(step, key), cancel);
                context.Probe(step.Label + ":after-intent");
                await batch.BindAsync(intent, cancel);
                staged = await new StepStaging(context, step, key, batch, progress, 0).StageAsync(cancel);
            }
        }
        finally
        {
            foreach (var binding in batch.Bindings) binding.Dispose();
        }
        context.Probe(step.Label + ":before-prepared");
        // The definition stays that of the last batch: what its next one says of a changed one is still to be said.
        var made = staged.Record! with { Definition = state.Done!.Definition, Notes = batch.Notes };
        var record = await state.PutPreparedAsync(key.Generation, key.Batch, made, cancel);
        context.Probe(step.Label + ":after-prepared");
        var commit = new StepCommit(context, step, key);
        return await StepRunner.FinishAsync(step, key, record, (r, c) => commit.CommitAsync(r, staged.Samples, c), cancel);
    }

    /// <summary>The batch reads nothing: every offset stays where the last batch left it.</summary>
    private IntentRecord Intent(StepPreparation step, BatchKey key) => new()
    {
        Update = context.UpdateId,
        AtMicros = context.NowMicros,
        BatchId = step.BatchIdOf(context.UpdateId, key),
        Sources = [.. step.Sources.Select(static source =>
        {
            var none = new FileBatch(source.Options.Format ?? FileFormat.Csv, []);
            return new SourceInput(source.Options.Path, none.ToJson(), none.Fingerprint);
        })],
        Streams = [.. step.State!.Done!.Streams.Select(static s => s with { From = s.To })],
        Tables = step.Tables,
        IsReplay = true,
    };

    private async Task RepinAsync(Dataset dataset, CancellationToken cancel)
    {
        foreach (var name in (DatasetName[])[dataset.Name, context.Pipeline.Project.QuarantineOf(dataset.Name)])
        {
            var table = context.Layout.Table(name);
            if (await table.TrySnapshotAsync(cancel) is { } snapshot) context.Tables.Publish(name, table, snapshot);
        }
    }
}
