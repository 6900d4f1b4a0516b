namespace Smelt.Lake;

/// <content>Versions and snapshots.</content>
public sealed partial class DeltaTable
{
    /// <summary>How many single probes are cheaper than a listing.</summary>
    private const int Probes = 8;

    public async partial ValueTask<long?> LatestVersionAsync(long? known, CancellationToken cancel)
    {
        for (var probe = 0; known is not null && probe < Probes; probe++)
        {
            if (await Lake.Store.StatAsync(LogFile.CommitKey(Folder, known.Value + 1), cancel) is null)
                return known;
            known++;
        }
        var newest = -1L;
        foreach (var file in (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of))
            if (file.Kind != LogFileKind.Other)
                newest = Math.Max(newest, file.Version);
        return newest < 0 ? null : newest;
    }

    public async partial ValueTask<Snapshot?> TrySnapshotAsync(CancellationToken cancel)
    {
        try
        {
            return await LogReader.LoadAsync(this, null, cancel);
        }
        catch (DeltaLogException e) when (e.Fault == DeltaLogFault.NotATable)
        {
            return null;
        }
    }

    public async partial ValueTask<Snapshot> SnapshotAsync(long? version, CancellationToken cancel) => await LogReader.LoadAsync(this, version, cancel);

    public async partial ValueTask<Snapshot> UpdateAsync(Snapshot known, CancellationToken cancel) => await LogReader.ForwardAsync(this, known, cancel);

    public async partial ValueTask<IReadOnlyList<CommitInfo>> HistoryAsync(int limit, CancellationToken cancel)
    {
        var commits = (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of).Where(f => f.Kind == LogFileKind.Commit);
        var history = new List<CommitInfo>();
        foreach (var commit in commits.OrderByDescending(c => c.Version).Take(limit))
        {
            var actions = LogReader.Parse(this, commit.Object.Key, await LogReader.ReadWholeAsync(this, commit.Object.Key, cancel));
            var info = actions.Info ?? new CommitInfo();
            history.Add(info with { Version = commit.Version, Timestamp = info.InCommitTimestamp ?? info.Timestamp ?? commit.Object.ModifiedMs });
        }
        return history;
    }
}
