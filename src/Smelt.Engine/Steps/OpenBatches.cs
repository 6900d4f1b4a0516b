using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Finishes what is prepared of a table's flows before a full refresh of it is planned: the newest generation's done records tell what the table has read, and so what a
/// refresh would lose. Those of a refresh that was cut short before them tell nothing.
/// </summary>
internal sealed class OpenBatches(UpdateContext context, StepRunner runner)
{
    /// <returns>Null where there was nothing, or nothing that a full refresh is not the remedy of.</returns>
    public async Task<FlowResult?> FinishAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        FlowResult.Completed? finished = null;
        for (var round = 0; round < StepRunner.MostConflicts; round++)
        {
            var table = (await FlowState.OpenAsync(context.Layout.State, dataset.Name, null, cancel)).Table;
            if (dataset.Flows.FirstOrDefault(f => table.HasOpen(f.IsDefault ? null : f.Name)) is not { } flow) return finished;
            var step = await new StepPlanner(context).PrepareAsync(dataset, flow, RefreshMode.Incremental, cancel);
            var isBegun = step.State is { Done: null, Generation: > 1 };
            if (step.Decision is { Action: StepAction.Stop } stop) return isBegun || step.State is null ? new FlowResult.Failed(stop.Code!, stop.Reason, false, null, []) : finished;
            if (step.State is not { FlowId: not null } state || !state.IsPrepared) return finished;
            try
            {
                var result = await runner.RoundAsync(step, StepRunner.KeyOf(step), isOld: true, progress, cancel);
                if (result is FlowResult.Failed) return result;
                if (result is FlowResult.Completed made) finished = made.After(finished);
            }
            catch (EngineException lost) when (lost.Code is EngineCodes.PreparedFilesGone or EngineCodes.StateBehind)
            {
                // A refresh whose files went before any of it was committed has changed nothing: the table is still that of the generation before.
                if (!isBegun) return finished;
                if (lost.Code != EngineCodes.PreparedFilesGone || await IsCommittedAsync(step, cancel)) throw;
                await state.PutVoidAsync(state.Generation, state.NextBatch(), lost.Message, cancel);
            }
            await context.RepinAsync(dataset, cancel);
        }
        return finished;
    }

    private async Task<bool> IsCommittedAsync(StepPreparation step, CancellationToken cancel) =>
        await context.Layout.Table(step.Dataset.Name).TrySnapshotAsync(cancel) is { } now && now.Transactions.ContainsKey(StepRunner.KeyOf(step).AppId);
}
