namespace Smelt.Lake;

/// <content>What changed between versions.</content>
public sealed partial class DeltaTable
{
    public partial ValueTask<ChangeRange> AppendsBetweenAsync(string tableId, long fromExclusive, Snapshot upTo, CancellationToken cancel) =>
        AppendsBetweenAsync(tableId, fromExclusive, upTo, false, cancel);

    public async partial ValueTask<ChangeRange> AppendsBetweenAsync(string tableId, long fromExclusive, Snapshot upTo, bool skipChangeCommits, CancellationToken cancel)
    {
        if (upTo.Metadata.Id != tableId || upTo.Version < fromExclusive)
            return new ChangeRange.Broken(ChangeBreak.Replaced, upTo.Version, null);
        var versions = new List<VersionAppends>();
        var passed = new List<PassedVersion>();
        var schemaChanged = false;
        for (var version = fromExclusive + 1; version <= upTo.Version; version++)
        {
            var actions = await LogReader.CommitAsync(this, version, cancel);
            if (actions is null)
                return new ChangeRange.Broken(ChangeBreak.LogGone, version, null);
            var change = BreakOf(actions, tableId);
            var mark = CommitMarks.Of(actions.Info);
            // Days made again may only add rows: these are of what was read before, and come by their readers' own days.
            var isRemade = change is null && mark == CommitMarks.Remade && actions.ChangesData;
            if (isRemade || change is not (null or ChangeBreak.Replaced) && (mark is not null || skipChangeCommits))
            {
                passed.Add(new PassedVersion(version, actions.Info?.Operation, mark)
                {
                    What = actions.Info?.Tags.GetValueOrDefault(CommitMarks.What),
                    TakesAppended = actions.Removes.Exists(r => r.DataChange && versions.Exists(v => v.Files.Any(f => f.Path == r.Path))),
                });
                continue;
            }
            if (change is { } kind)
                return new ChangeRange.Broken(kind, version, actions.Info?.Operation);
            schemaChanged |= actions.Metadata is not null && version > 0;
            var files = actions.Adds.Where(a => a.DataChange).ToList();
            if (files.Count > 0)
                versions.Add(new VersionAppends(version, files));
        }
        return new ChangeRange.Appends(versions, schemaChanged) { Passed = passed };
    }

    public async partial ValueTask<long> LastDataChangeVersionAsync(Snapshot snapshot, CancellationToken cancel)
    {
        if (snapshot.State.LastDataChange is { } known)
            return known;
        for (var version = snapshot.Version; version > 0; version--)
        {
            var actions = await LogReader.CommitAsync(this, version, cancel);
            if (actions is null)
                return version + 1 > snapshot.Version ? snapshot.Version : version + 1;
            if (actions.ChangesData || actions.Metadata is not null && await SchemaChangedAsync(actions.Metadata, version, cancel))
                return version;
        }
        return 0;
    }

    /// <summary>What a commit does that a reader of appended rows cannot follow; null where it does nothing of the kind.</summary>
    internal static ChangeBreak? BreakOf(CommitActions actions, string tableId)
    {
        if (actions.Metadata is { } metadata && metadata.Id != tableId)
            return ChangeBreak.Replaced;
        if (!actions.ChangesData)
            return null;
        var operation = actions.Info?.Operation?.ToUpperInvariant() ?? "";
        if (operation == "RESTORE")
            return ChangeBreak.Restored;
        if (!actions.Removes.Exists(r => r.DataChange))
            return null;
        var mode = actions.Info?.OperationParameters.GetValueOrDefault("mode")?.Trim('"');
        var replaces = operation.Contains("REPLACE", StringComparison.Ordinal) || string.Equals(mode, "Overwrite", StringComparison.OrdinalIgnoreCase);
        return replaces ? ChangeBreak.Overwritten : ChangeBreak.RowsChanged;
    }

    private async ValueTask<bool> SchemaChangedAsync(TableMetadata after, long version, CancellationToken cancel)
    {
        try
        {
            var before = await SnapshotAsync(version - 1, cancel);
            return before.Metadata.SchemaString != after.SchemaString;
        }
        catch (LakeException)
        {
            // The version before cannot be read any more: then it counts as a change, which costs a recomputation and loses nothing.
            return true;
        }
    }
}
