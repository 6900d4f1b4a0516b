namespace Smelt.Lake;

/// <content>Commits (PROTOCOL.md, "Atomic commit": the version's file is put if absent, and that is the commit).</content>
public sealed partial class DeltaTable
{
    public async partial ValueTask<IReadOnlyList<string>> MissingFilesAsync(TablePlan plan, CancellationToken cancel)
    {
        var missing = await MissingFilesAsync(plan.Adds, cancel);
        foreach (var file in plan.ChangeFiles)
        {
            var key = FilePath.Key(Folder, FilePath.Decode(file.Path));
            if (await Lake.Store.StatAsync(key, cancel) is not { } found || found.Size != file.Size)
                missing.Add(key);
        }
        return missing;
    }

    /// <summary>Keys of data files and deletion vectors that are not in the store; of files outside of the table's folder nothing is told.</summary>
    internal async ValueTask<List<string>> MissingFilesAsync(IEnumerable<AddFile> files, CancellationToken cancel)
    {
        var missing = new List<string>();
        foreach (var file in files)
        {
            var path = FilePath.Decode(file.Path);
            // Files of a change feed come without their size; no data file is empty.
            if (!FilePath.IsAbsolute(path) && (await Lake.Store.StatAsync(FilePath.Key(Folder, path), cancel) is not { } found || (file.Size > 0 && found.Size != file.Size)))
                missing.Add(FilePath.Key(Folder, path));
            if (file.DeletionVector is { StorageType: "u" } vector && await Lake.Store.StatAsync(DeletionVectorReader.KeyOf(this, vector), cancel) is null)
                missing.Add(DeletionVectorReader.KeyOf(this, vector));
        }
        return missing;
    }

    public async partial ValueTask<CommitResult> CommitAsync(TablePlan plan, Snapshot? known, CancellationToken cancel)
    {
        if (plan.Folder != Folder)
            throw new ArgumentException($"the plan is for '{plan.Folder}', not for '{Folder}'", nameof(plan));
        if (plan.Kind == PlanKind.Create)
            return await CreateAsync(plan, cancel);
        if (plan.Kind is PlanKind.Overwrite or PlanKind.Change or PlanKind.Rearrange && plan.ReadVersion is null)
            throw new ArgumentException("a plan that replaces files says on which version it was made", nameof(plan));
        var head = await HeadAsync(known, cancel);
        while (head is not null)
        {
            cancel.ThrowIfCancellationRequested();
            if (await AlreadyAsync(plan, head, cancel) is { } already)
                return already;
            var (rebased, conflict) = await ConflictRules.RebaseAsync(this, plan, head, cancel);
            if (conflict is not null)
                return conflict;
            var actions = CommitBuilder.Build(rebased, head, NowMs);
            if (Forbidden(actions, head) is { } forbidden)
                return forbidden;
            if (await PutAsync(actions, head, cancel) is { } committed)
                return committed;
            head = await UpdateAsync(head, cancel);
        }
        return new CommitResult.Conflict(ConflictKind.TableReplaced, null, "the table is not there any more");
    }

    public async partial ValueTask CheckpointAsync(Snapshot snapshot, CancellationToken cancel) => await CheckpointWriter.WriteAsync(this, snapshot, cancel);

    private long NowMs => Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private async ValueTask<CommitResult> CreateAsync(TablePlan plan, CancellationToken cancel)
    {
        if (plan.Protocol is null || plan.Metadata is null)
            throw new ArgumentException("a plan that creates a table has its protocol and metadata", nameof(plan));
        ProtocolSupport.CheckWrite(Folder, plan.Protocol, plan.Metadata);
        if (await Lake.Store.StatAsync(LogFile.CommitKey(Folder, 0), cancel) is null && await LatestVersionAsync(null, cancel) is null)
        {
            var actions = CommitBuilder.Build(plan, null, NowMs);
            if (await PutAsync(actions, null, cancel) is { } committed)
                return committed;
        }
        var there = await SnapshotAsync(null, cancel);
        return await AlreadyAsync(plan, there, cancel)
            ?? (CommitResult)new CommitResult.Conflict(ConflictKind.TableExists, there.Version, "a table is there already");
    }

    /// <summary>The newest snapshot, from the one the caller has where that is still of this table's log.</summary>
    private async ValueTask<Snapshot?> HeadAsync(Snapshot? known, CancellationToken cancel)
    {
        if (known is not null && known.Folder == Folder && await FileTimeAsync(known.Version, cancel) == known.FileTimeMs)
            return await UpdateAsync(known, cancel);
        return await TrySnapshotAsync(cancel);
    }

    private async ValueTask<long?> FileTimeAsync(long version, CancellationToken cancel) =>
        (await Lake.Store.StatAsync(LogFile.CommitKey(Folder, version), cancel))?.ModifiedMs;

    private static CommitResult.Conflict? Forbidden(CommitActions actions, Snapshot head)
    {
        var metadata = actions.Metadata ?? head.Metadata;
        if (metadata.IsOn(AppendOnlyProperty.Name) && actions.Removes.Exists(r => r.DataChange))
            return new CommitResult.Conflict(ConflictKind.AppendOnly, null, $"the table is {AppendOnlyProperty.Words}, and the plan removes rows");
        return null;
    }

    /// <summary>Puts the commit's file; null where another writer was first.</summary>
    private async ValueTask<CommitResult.Committed?> PutAsync(CommitActions actions, Snapshot? head, CancellationToken cancel)
    {
        var state = head is null ? new TableState() : new TableState(head);
        var version = (head?.Version ?? -1) + 1;
        ProtocolSupport.CheckWrite(Folder, actions.Protocol ?? head!.Protocol, actions.Metadata ?? head!.Metadata);
        var text = CommitBuilder.Serialize(actions);
        if (!await Lake.Store.PutIfAbsentAsync(LogFile.CommitKey(Folder, version), text, cancel))
            return null;
        state.Apply(text.Span, version);
        var fileTime = await FileTimeAsync(version, CancellationToken.None) ?? actions.Info!.Timestamp!.Value;
        var snapshot = LogReader.Finish(this, state, fileTime, knownBytes: Checksum.BytesAfter(head, actions));
        return new CommitResult.Committed(version, snapshot, await AfterAsync(snapshot, actions));
    }

    /// <summary>Whether the table has the plan's transaction, and which attempt's plan that was.</summary>
    private async ValueTask<CommitResult.AlreadyCommitted?> AlreadyAsync(TablePlan plan, Snapshot head, CancellationToken cancel)
    {
        if (plan.Transaction is not { } mine || !head.Transactions.TryGetValue(mine.AppId, out var mark) || mark.Version < mine.Version)
            return null;
        for (var version = head.Version; version >= 0; version--)
        {
            var actions = await LogReader.CommitAsync(this, version, cancel);
            if (actions is null)
                break;
            if (actions.Transactions.Exists(t => t.AppId == mine.AppId && t.Version == mine.Version))
                return new CommitResult.AlreadyCommitted(version, actions.Info?.Tags.GetValueOrDefault(CommitBuilder.AttemptTag), head);
            // Marks only grow, so nothing older can be the one looked for.
            if (actions.Transactions.Exists(t => t.AppId == mine.AppId && t.Version < mine.Version))
                break;
        }
        return new CommitResult.AlreadyCommitted(null, null, head);
    }

    /// <summary>Checksum and checkpoint are conveniences: what goes wrong with them is told, and the commit stands.</summary>
    private async ValueTask<Exception?> AfterAsync(Snapshot snapshot, CommitActions actions)
    {
        var interval = int.TryParse(snapshot.Metadata.Property("delta.checkpointInterval"), out var n) && n > 0 ? n : 10;
        try
        {
            await Checksum.WriteAsync(this, snapshot, actions);
            if (snapshot.Version == 0 || snapshot.Version % interval != 0)
                return null;
            await CheckpointAsync(snapshot, CancellationToken.None);
            await LogCleanup.RunAsync(this, snapshot, CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is LakeException or Smelt.DuckDb.DuckDbException or IOException or UnauthorizedAccessException)
        {
            return e;
        }
    }
}
