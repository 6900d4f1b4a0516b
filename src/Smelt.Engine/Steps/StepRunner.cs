using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Makes one step into one committed version, or says why not. Retries what another writer's commit undid; all else is the caller's to retry.</summary>
public sealed class StepRunner(UpdateContext context)
{
    private const int MostConflicts = 20;

    /// <param name="dataset">A stored dataset.</param>
    /// <param name="mode">How much to do.</param>
    /// <param name="progress">Filled while the step runs.</param>
    /// <param name="cancel">Ends the step between or inside its queries; nothing half is committed.</param>
    public async Task<FlowResult> RunAsync(Dataset dataset, RefreshMode mode, StepProgress progress, CancellationToken cancel)
    {
        try
        {
            for (var round = 0; round < MostConflicts; round++)
            {
                var step = await new StepPlanner(context).PrepareAsync(dataset, mode, cancel);
                if (step.Decision.Action is StepAction.Skip or StepAction.Wait) return new FlowResult.Skipped(step.Decision.Reason);
                if (step.Decision.Action is StepAction.Stop) return Failed(step.Decision.Code!, step.Decision.Reason);
                if (await RoundAsync(step, progress, cancel) is { } result) return result;
                await RepinAsync(dataset, cancel);
            }
            return Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {MostConflicts} times while its batch was made. Run again when they rest.");
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            return new FlowResult.Failed(fault.Code, fault.Message, fault.IsTransient, null, []);
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Interrupt)
        {
            throw new OperationCanceledException("The query was interrupted.", error, cancel);
        }
    }

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);

    private async Task<FlowResult?> RoundAsync(StepPreparation step, StepProgress progress, CancellationToken cancel)
    {
        var state = step.State!;
        await state.IdentifyAsync(cancel);
        var generation = step.Mode == RefreshMode.Full && step.Dataset.Kind == DatasetKind.StreamingTable ? state.NewGeneration() : state.Generation;
        var batch = generation == state.Generation ? state.NextBatch() : 1;
        var key = new BatchKey(state.FlowId!, generation, batch);
        var commit = new StepCommit(context, step, key);
        if (await state.PreparedAsync(generation, batch, cancel) is { } prepared) return await commit.RollForwardAsync(prepared, cancel);

        IStepBatch made = step.Dataset.Kind == DatasetKind.StreamingTable
            ? await StreamBatch.OpenAsync(context, step, key, cancel)
            : await ViewBatch.OpenAsync(context, step, key, cancel);
        StagedStep staged;
        using (made.Catalog)
        {
            staged = await new StepStaging(context, step, key, made, progress).StageAsync(cancel);
        }
        if (staged.Failure is { } failure) return failure;
        context.Probe(step.Dataset.Name + ":before-prepared");
        var record = await state.PutPreparedAsync(generation, batch, staged.Record!, cancel);
        context.Probe(step.Dataset.Name + ":after-prepared");
        return await commit.CommitAsync(record, staged.Samples, cancel);
    }

    /// <summary>After a conflict the target is looked at afresh; the inputs stay as this update saw them.</summary>
    private async Task RepinAsync(Dataset dataset, CancellationToken cancel)
    {
        var table = context.Layout.Table(dataset.Name);
        if (await table.TrySnapshotAsync(cancel) is { } snapshot) context.Tables.Publish(dataset.Name, table, snapshot);
    }
}
