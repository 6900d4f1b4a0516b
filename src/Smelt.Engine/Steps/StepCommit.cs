using Smelt.Connectors;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>Commits a prepared batch: the target first, then its side tables, each with the batch's idempotence mark; then the done record.</summary>
internal sealed class StepCommit(UpdateContext context, StepPreparation step, BatchKey key)
{
    /// <summary>Commits what an earlier attempt prepared. The query is never run again.</summary>
    public async Task<FlowResult?> RollForwardAsync(PreparedRecord record, CancellationToken cancel)
    {
        foreach (var plan in record.Plans)
        {
            var table = TableOf(plan);
            if (await IsCommittedAsync(table, cancel)) continue;
            var missing = await table.MissingFilesAsync(plan, cancel);
            if (missing.Count > 0)
            {
                throw new EngineException(EngineCodes.PreparedFilesGone,
                    $"{step.Dataset.Name} has a prepared batch ({key}) whose files were removed: {string.Join(", ", missing.Take(3))}. Put them back, or rebuild with --full-refresh {step.Dataset.Name}.");
            }
        }
        return await CommitAsync(record, [], cancel);
    }

    /// <returns>Null where the target changed under the batch: it is void, and the step starts over.</returns>
    public async Task<FlowResult?> CommitAsync(PreparedRecord record, IReadOnlyList<RuleSample> samples, CancellationToken cancel)
    {
        var notes = new List<string>(record.Notes);
        long version = 0;
        for (var i = 0; i < record.Plans.Count; i++)
        {
            context.Probe($"{step.Dataset.Name}:before-commit-{i}");
            var table = TableOf(record.Plans[i]);
            if (i > 0 && await IsSupersededAsync(cancel)) break;
            var result = i == 0 ? await table.CommitAsync(record.Plans[i], step.Target?.Snapshot, cancel) : await FollowAsync(table, record.Plans[i], cancel);
            if (result is CommitResult.Conflict conflict)
            {
                if (i > 0 && await IsSupersededAsync(cancel)) break;
                if (i > 0) throw new EngineException(EngineCodes.TooManyConflicts, $"The side table {table.Folder} of {step.Dataset.Name} cannot follow: {conflict.Reason}");
                await step.State!.PutVoidAsync(key.Generation, key.Batch, conflict.Reason, cancel);
                return null;
            }
            if (result is CommitResult.Committed { CheckpointFault: { } fault }) notes.Add($"{table.Folder}: no checkpoint was written: {fault.Message}");
            if (i == 0) version = Version(result);
            if (i == 0 || record.Plans[i].Folder == record.Plans[0].Folder) context.Tables.Publish(step.Dataset.Name, table, SnapshotOf(result));
            else context.Tables.Publish(context.Pipeline.Project.QuarantineOf(step.Dataset.Name), table, SnapshotOf(result));
            context.Probe($"{step.Dataset.Name}:after-commit-{i}");
        }
        await PutDoneAsync(record, version, cancel);
        return new FlowResult.Completed(version, record.Counts, notes, samples);
    }

    /// <summary>A side table's plan can always follow: where the table came to be meanwhile, its rows are appended to it.</summary>
    private async Task<CommitResult> FollowAsync(DeltaTable table, TablePlan plan, CancellationToken cancel)
    {
        var result = await table.CommitAsync(plan, cancel: cancel);
        if (result is not CommitResult.Conflict || await IsSupersededAsync(cancel) || plan.Kind == PlanKind.Metadata || await table.TrySnapshotAsync(cancel) is not { } now) return result;
        return await table.CommitAsync(plan with { Kind = plan.Kind == PlanKind.Create ? PlanKind.Append : plan.Kind, TableId = now.Metadata.Id, ReadVersion = now.Version, Metadata = null, Protocol = null }, cancel: cancel);
    }

    private async Task PutDoneAsync(PreparedRecord record, long version, CancellationToken cancel)
    {
        var intent = await step.State!.IntentAsync(key.Generation, key.Batch, cancel);
        context.Probe(step.Dataset.Name + ":before-done");
        await step.State.PutDoneAsync(key.Generation, key.Batch, new DoneRecord
        {
            Update = record.Update,
            TableId = record.Plans[0].Metadata?.Id ?? record.Plans[0].TableId,
            Version = version,
            Definition = record.Definition,
            AtMicros = context.NowMicros,
            Streams = intent?.Streams ?? [],
            Tables = record.Tables,
            Sources = record.Sources,
            SourceColumns = record.SourceColumns,
            RowsOut = record.Counts.RowsOut,
        }, cancel);
        context.Probe(step.Dataset.Name + ":after-done");
    }

    /// <summary>
    /// Whether a full refresh replaced the target after this batch was committed to it. It replaces the side tables too, so that what this batch still had to bring to
    /// them is there already, or is not to be there.
    /// </summary>
    private async Task<bool> IsSupersededAsync(CancellationToken cancel)
    {
        if (step.Dataset.Kind != Smelt.Pipelines.DatasetKind.StreamingTable) return false;
        var state = await FlowState.OpenAsync(context.Layout.State, step.Dataset.Name, cancel);
        if (state.Generation <= key.Generation || await context.Layout.Table(step.Dataset.Name).TrySnapshotAsync(cancel) is not { } now) return false;
        return Enumerable.Range(key.Generation + 1, state.Generation - key.Generation).Any(g => now.Transactions.ContainsKey((key with { Generation = g }).AppId));
    }

    private DeltaTable TableOf(TablePlan plan)
    {
        var target = context.Layout.Table(step.Dataset.Name);
        return plan.Folder == target.Folder ? target : context.Layout.Table(context.Pipeline.Project.QuarantineOf(step.Dataset.Name));
    }

    private async Task<bool> IsCommittedAsync(DeltaTable table, CancellationToken cancel) =>
        await table.TrySnapshotAsync(cancel) is { } now && now.Transactions.GetValueOrDefault(key.AppId) is { } mark && mark.Version >= key.Batch;

    private static long Version(CommitResult result) => result switch
    {
        CommitResult.Committed committed => committed.Version,
        CommitResult.AlreadyCommitted already => already.Version ?? already.Snapshot.Version,
        _ => throw new InvalidOperationException("A conflict has no version."),
    };

    private static Snapshot SnapshotOf(CommitResult result) => result switch
    {
        CommitResult.Committed committed => committed.Snapshot,
        CommitResult.AlreadyCommitted already => already.Snapshot,
        _ => throw new InvalidOperationException("A conflict has no snapshot."),
    };
}
