using Smelt.Connectors;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>Commits a prepared batch: the target first, then its side tables, each with the batch's idempotence mark; then the done record.</summary>
internal sealed class StepCommit(UpdateContext context, StepPreparation step, BatchKey key)
{
    private readonly PreparedBatch _batch = new(context, step, key);

    /// <summary>Puts what was staged as the batch's prepared record, and commits what is prepared then.</summary>
    /// <returns>Null where the batch is void: the step starts over.</returns>
    public Task<FlowResult?> PrepareAsync(PreparedRecord made, IReadOnlyList<RuleSample> samples, CancellationToken cancel) => _batch.PutAsync(made, r => CommitAsync(r, samples, cancel), cancel);

    /// <summary>Commits what an earlier attempt prepared. The query is never run again.</summary>
    /// <returns>Null where the batch is void: the step starts over.</returns>
    public Task<FlowResult?> FinishAsync(PreparedRecord record, CancellationToken cancel) => _batch.FinishAsync(record, r => RollForwardAsync(r, cancel), cancel);

    private async Task<FlowResult?> RollForwardAsync(PreparedRecord record, CancellationToken cancel)
    {
        for (var i = 0; i < record.Plans.Count; i++)
        {
            var (table, plan) = Placed(record, i);
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
    private async Task<FlowResult?> CommitAsync(PreparedRecord record, IReadOnlyList<RuleSample> samples, CancellationToken cancel)
    {
        var notes = new List<string>(record.Notes);
        long version = 0;
        for (var i = 0; i < record.Plans.Count; i++)
        {
            context.Probe($"{step.Label}:before-commit-{i}");
            var (table, plan) = Placed(record, i);
            if (await IsSupersededAsync(cancel))
            {
                if (i > 0) break;
                await step.State!.PutVoidAsync(key.Generation, key.Batch, "a full refresh came between", cancel);
                return null;
            }
            var result = i == 0 ? await table.CommitAsync(plan, step.Target?.Snapshot, cancel) : await FollowAsync(table, plan, cancel);
            if (i == 0 && result is CommitResult.AlreadyCommitted { Attempt: { } winner } && winner != record.Attempt)
            {
                throw new EngineException(EngineCodes.StateBehind,
                    $"The table of {step.Dataset.Name} holds batch {key} of another attempt than its state knows: the state is older than its table. Put the newer {LakeLayout.SystemSchema} back, or rebuild the table with --full-refresh {step.Dataset.Name}.");
            }
            if (i == 0 && result is CommitResult.Conflict { Kind: ConflictKind.AppendOnly } forbidden)
                throw new EngineException(EngineCodes.SchemaRefused, $"{step.Dataset.Name} cannot be replaced: {forbidden.Reason}. Take delta.appendOnly out of its properties.");
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
            else if (!IsMemory(record.Plans[i])) context.Tables.Publish(context.Pipeline.Project.QuarantineOf(step.Dataset.Name), table, SnapshotOf(result));
            context.Probe($"{step.Label}:after-commit-{i}");
        }
        var batches = new List<BatchFiles>();
        foreach (var joined in record.Joined) batches.AddRange(await PutDoneAsync(joined, record, version, cancel));
        var intent = await PutDoneAsync(record, version, cancel);
        var counts = record.Joined.Aggregate(record.Counts, static (all, j) => all.Plus(j.Counts));
        return new FlowResult.Completed(version, counts, notes, samples) { Batches = [.. FilesOf(step.State!, key, record.Sources, intent), .. batches] };
    }

    private static IReadOnlyList<BatchFiles> FilesOf(FlowState state, BatchKey key, IReadOnlyList<SourceInput> sources, IntentRecord? intent)
    {
        var listed = state.Key(key.Generation, key.Batch, intent is null ? "done" : "intent");
        return [.. sources.Select(source => new BatchFiles(key, listed, intent?.BatchId, source.Path, FileBatch.FromJson(source.Batch).Files)).Where(static b => b.Files.Count > 0)];
    }

    /// <summary>A side table's plan can always follow: where the table came to be meanwhile, its rows are appended to it; which rows change is derived again.</summary>
    private async Task<CommitResult> FollowAsync(DeltaTable table, TablePlan plan, CancellationToken cancel)
    {
        var result = await table.CommitAsync(plan, cancel: cancel);
        for (var conflicts = 0; result is CommitResult.Conflict && conflicts < StepRunner.MostConflicts; conflicts++)
        {
            if (await IsSupersededAsync(cancel) || plan.Kind == PlanKind.Metadata || IsMemory(plan) && plan.Kind == PlanKind.Change || await table.TrySnapshotAsync(cancel) is not { } now) return result;
            result = await table.CommitAsync(plan.Kind == PlanKind.Change ? await new QuarantineChange(context, table, plan).OverAsync(now, cancel) : Rebased(plan, now), cancel: cancel);
        }
        return result;
    }

    /// <summary>A side table's plan on the table as it is now: its own columns are kept, by growing or replacing what is there.</summary>
    private TablePlan Rebased(TablePlan plan, Snapshot now)
    {
        var kind = plan.Kind == PlanKind.Create ? PlanKind.Append : plan.Kind;
        var rebased = plan with { Kind = kind, TableId = now.Metadata.Id, ReadVersion = now.Version, Metadata = null, Protocol = null };
        if (plan.Metadata is null) return rebased;
        var columns = plan.Metadata.Schema.Fields.Select(static f => new ColumnSpec(f.Name, f.Type, f.Nullable, f.Comment)).ToList();
        var definition = TableDefinition.Of(now);
        return (kind == PlanKind.Overwrite ? definition.Replace(columns, new TableOptions()) : definition.Grow(columns, new TableOptions())) switch
        {
            DefinitionResult.Defined { Changed: false } => rebased,
            DefinitionResult.Defined defined => rebased with { Metadata = defined.Definition.Metadata, Protocol = defined.Definition.Protocol },
            DefinitionResult.Refused refused => throw new EngineException(EngineCodes.SchemaRefused,
                $"The side table {plan.Folder} of {step.Dataset.Name} cannot follow: {string.Join(" ", refused.Problems.Select(static p => p.Message))}"),
            _ => rebased,
        };
    }

    /// <summary>The done record of a flow that this batch is the batch of too. It comes before the batch's own, whose absence makes the next run put what is lacking.</summary>
    private async Task<IReadOnlyList<BatchFiles>> PutDoneAsync(JoinedFlow joined, PreparedRecord record, long version, CancellationToken cancel)
    {
        var state = await FlowState.OpenAsync(context.Layout.State, step.Dataset.Name, joined.Flow, cancel);
        var own = new BatchKey(await state.IdentifyAsync(cancel), key.Generation, key.Batch);
        var intent = await state.IntentAsync(own.Generation, own.Batch, cancel);
        context.Probe($"{step.Label}:before-done-of-{joined.Flow ?? step.Dataset.Name.ToString()}");
        await state.PutDoneAsync(own.Generation, own.Batch, new DoneRecord
        {
            Update = record.Update, TableId = record.Plans[0].Metadata?.Id ?? record.Plans[0].TableId, Version = version, Definition = joined.Definition, AtMicros = context.NowMicros,
            Streams = intent?.Streams ?? [], Tables = joined.Tables, Sources = joined.Sources, SourceColumns = joined.SourceColumns, RowsOut = joined.Counts.RowsOut,
        }, cancel);
        return FilesOf(state, own, joined.Sources, intent);
    }

    private async Task<IntentRecord?> PutDoneAsync(PreparedRecord record, long version, CancellationToken cancel)
    {
        var intent = await step.State!.IntentAsync(key.Generation, key.Batch, cancel);
        context.Probe(step.Label + ":before-done");
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
            CdcIdentity = record.Definition == step.Flow.DefinitionHash ? step.Flow.Cdc?.Identity : step.State.Done?.CdcIdentity,
        }, cancel);
        context.Probe(step.Label + ":after-done");
        return intent;
    }

    /// <summary>
    /// Whether a full refresh replaced the target after this batch was committed to it. It replaces the side tables too, so that what this batch still had to bring to
    /// them is there already, or is not to be there.
    /// </summary>
    private async Task<bool> IsSupersededAsync(CancellationToken cancel)
    {
        if (step.Dataset.Kind != Smelt.Pipelines.DatasetKind.StreamingTable) return false;
        var state = await FlowState.OpenAsync(context.Layout.State, step.Dataset.Name, step.FlowName, cancel);
        if (state.Generation <= key.Generation || await context.Layout.Table(step.Dataset.Name).TrySnapshotAsync(cancel) is not { } now) return false;
        var ids = await state.Table.IdsAsync(cancel);
        return Enumerable.Range(key.Generation + 1, state.Generation - key.Generation).Any(g => ids.Any(id => now.Transactions.ContainsKey(new BatchKey(id, g, 0).AppId)));
    }

    /// <summary>A plan with the table it is for: the first is the target's, and its folder tells those of the target from the quarantine's. After a rename both lie elsewhere.</summary>
    private (DeltaTable Table, TablePlan Plan) Placed(PreparedRecord record, int index)
    {
        var plan = record.Plans[index];
        var table = plan.Folder == record.Plans[0].Folder ? context.Layout.Table(step.Dataset.Name) : IsMemory(plan) ? context.Layout.CdcMemory(key.FlowId) : context.Layout.Table(context.Pipeline.Project.QuarantineOf(step.Dataset.Name));
        return (table, plan with { Folder = table.Folder });
    }

    private static bool IsMemory(TablePlan plan) => plan.Folder.StartsWith(LakeLayout.CdcFolder, StringComparison.Ordinal);

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
