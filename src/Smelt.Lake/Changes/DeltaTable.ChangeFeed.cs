namespace Smelt.Lake;

/// <content>The change data feed.</content>
public sealed partial class DeltaTable
{
    public async partial ValueTask<TableScan> ChangesAsync(long fromVersion, long? toVersion, CancellationToken cancel)
    {
        var newest = await LatestVersionAsync(null, cancel) ?? throw new DeltaLogException(DeltaLogFault.NotATable, Folder, "there is no Delta table in this folder");
        if (fromVersion < 0 || fromVersion > newest)
            throw new DeltaLogException(DeltaLogFault.VersionNotFound, Folder, $"version {fromVersion} is not there; the newest is {newest}");
        if (toVersion < fromVersion)
            throw new DeltaLogException(DeltaLogFault.VersionNotFound, Folder, $"the changes end at version {toVersion}, before they begin at {fromVersion}");
        var last = await SnapshotAsync(Math.Min(toVersion ?? newest, newest), cancel);
        var times = CommitTimes.Of(this, (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of), last.Metadata);
        CheckRecorded(await FirstAsync(fromVersion, cancel), fromVersion, last);
        var feed = new ChangeFeed(this, last);
        for (var version = fromVersion; version <= last.Version; version++)
        {
            var commit = await LogReader.CommitAsync(this, version, cancel)
                ?? throw new DeltaLogException(DeltaLogFault.VersionNotFound, Folder, $"the changes of version {version} are not there any more: its commit was cleaned up", LogFile.CommitKey(Folder, version));
            if (commit.Metadata is not null)
                CheckRecorded(commit.Metadata, version, last);
            await CheckFilesAsync(commit, version, cancel);
            feed.Take(version, await times.OfAsync(version, cancel), commit);
        }
        return feed.Scan();
    }

    public async partial ValueTask<(long From, long To)> VersionsBetweenAsync(long fromMs, long? toMs, CancellationToken cancel)
    {
        var snapshot = await SnapshotAsync(cancel: cancel);
        var times = CommitTimes.Of(this, (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of), snapshot.Metadata);
        if (times.Versions.Count == 0)
            throw NotAt("its log has no commits that would tell when they were made");
        var to = toMs is { } end ? await times.NewestAtAsync(end, times.Versions[0], cancel) ?? -1 : snapshot.Version;
        // The first version that is not older than the beginning.
        var before = await times.NewestAtAsync(fromMs - 1, times.Versions[0], cancel);
        var from = before is null ? times.Versions[0] : before.Value + 1;
        return from <= to ? (from, to) : throw NotAt($"no version was committed from {Words(fromMs)} to {(toMs is { } t ? Words(t) : "now")}");
    }

    private async ValueTask<TableMetadata> FirstAsync(long version, CancellationToken cancel)
    {
        try
        {
            return (await SnapshotAsync(version, cancel)).Metadata;
        }
        catch (DeltaLogException e) when (e.Fault is DeltaLogFault.VersionNotFound or DeltaLogFault.Gap)
        {
            throw new DeltaLogException(DeltaLogFault.VersionNotFound, Folder, $"the changes of version {version} are not there any more: the log before it was cleaned up", inner: e);
        }
    }

    private void CheckRecorded(TableMetadata metadata, long version, Snapshot last)
    {
        if (!metadata.IsOn("delta.enableChangeDataFeed"))
            throw new DeltaLogException(DeltaLogFault.ChangesNotRecorded, Folder, $"version {version} did not record its changes: delta.enableChangeDataFeed was not true");
        if (ChangeSchemas.Difference(metadata, last.Metadata) is { } difference)
            throw new DeltaLogException(DeltaLogFault.ChangesIncompatible, Folder,
                $"the schema of version {version} does not go into that of version {last.Version}: {difference}. Ask for the versions before and after one by one");
    }

    /// <summary>VACUUM takes away the files that changes are read from before it takes the log.</summary>
    private async ValueTask CheckFilesAsync(CommitActions commit, long version, CancellationToken cancel)
    {
        var needed = commit.ChangeFiles.Count > 0 ? commit.ChangeFiles.Select(f => f.Path) : commit.Removes.Where(r => r.DataChange).Select(r => r.Path);
        foreach (var path in needed.Select(FilePath.Decode))
            if (!FilePath.IsAbsolute(path) && await Lake.Store.StatAsync(FilePath.Key(Folder, path), cancel) is null)
                throw new DeltaLogException(DeltaLogFault.VersionNotFound, Folder, $"the changes of version {version} are not there any more: VACUUM took '{path}'");
    }
}
