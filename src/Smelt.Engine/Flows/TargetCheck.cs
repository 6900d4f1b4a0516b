using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Holds a streaming flow's state against its target's log.</summary>
internal sealed class TargetCheck(UpdateContext context)
{
    /// <summary>State and target must tell the same story; where they do not, going on could lose or double rows.</summary>
    public async Task HoldAsync(StepPreparation step, CancellationToken cancel)
    {
        var (dataset, state) = (step.Dataset, step.State!);
        var path = context.Layout.PathOf(dataset.Name);
        if (step.Target is null)
        {
            if (state.Done is null && (state.Table.Generation == 0 || state.IsPrepared)) return;
            throw new EngineException(EngineCodes.StateAhead,
                $"The state of {dataset.Name} knows {Math.Max(1, state.LastDone)} batches and its table {path} is gone. Put the table back, or rebuild it with --full-refresh {dataset.Name}.");
        }
        var snapshot = step.Target.Snapshot;
        TargetMarks.RefuseNewer(context, step);
        if (state.Done is null)
        {
            if (state.FlowId is not null && state.IsPrepared) return;
            TargetMarks.RefuseForeign(context, step);
            if (await IsFirstOfItsFlowAsync(step, cancel)) return;
            throw new EngineException(EngineCodes.StateGone,
                $"The table {path} has batches of {dataset.Name} and the flow's state is gone, so Smelt cannot know what was read. Put {LakeLayout.SystemSchema} back, or rebuild the table with --full-refresh {dataset.Name}.");
        }
        var key = new BatchKey(state.FlowId!, state.Generation, state.LastDone);
        var mark = snapshot.Transactions.GetValueOrDefault(key.AppId);
        if (snapshot.Metadata.Id != state.Done.TableId || mark is null || mark.Version < state.LastDone) throw Ahead(dataset, path, "replaced or restored");
        if (snapshot.Version <= state.Done.Version) return;
        var since = await step.Target.Table.AppendsBetweenAsync(snapshot.Metadata.Id, state.Done.Version, snapshot, cancel);
        if (since is ChangeRange.Broken { Kind: ChangeBreak.Restored or ChangeBreak.Overwritten or ChangeBreak.Replaced } broken)
            throw Ahead(dataset, path, $"{(broken.Kind == ChangeBreak.Restored ? "restored" : "replaced")} by another writer (version {broken.Version}, {broken.Operation})");
    }

    /// <summary>Whether other flows of the table made all of it that is there: their states are here, and this flow has not written in the table's generation.</summary>
    private static async Task<bool> IsFirstOfItsFlowAsync(StepPreparation step, CancellationToken cancel)
    {
        var (state, target) = (step.State!, step.Target!);
        var ids = await state.Table.IdsAsync(cancel);
        if (state.FlowId is not null && TargetMarks.HighestBatch(target, state.FlowId, state.Generation) > 0) return false;
        return TargetMarks.AreOf(target, ids, state.Generation) && ids.Any(id => TargetMarks.HighestBatch(target, id, state.Generation) > 0);
    }

    private static EngineException Ahead(Dataset dataset, string path, string what) => new(EngineCodes.StateAhead,
        $"The table {path} was {what}: the state of {dataset.Name} is ahead of it. Nothing was read or written. Bring the table back, or move away what is not its own and rebuild it with --full-refresh {dataset.Name}.");
}
