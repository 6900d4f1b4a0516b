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
            if (file.Kind == LogFileKind.Commit || file.IsCheckpoint)
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
        var listing = (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of).ToList();
        var times = CommitTimes.OfFiles(listing);
        var history = new List<CommitInfo>();
        foreach (var commit in listing.Where(f => f.Kind == LogFileKind.Commit).OrderByDescending(c => c.Version).Take(limit))
        {
            var actions = LogReader.Parse(this, commit.Object.Key, await LogReader.ReadWholeAsync(this, commit.Object.Key, cancel));
            var info = actions.Info ?? new CommitInfo();
            history.Add(info with { Version = commit.Version, Timestamp = info.InCommitTimestamp ?? times[commit.Version] });
        }
        return history;
    }

    public async partial ValueTask<long> VersionAtAsync(long timestampMs, CancellationToken cancel)
    {
        var snapshot = await SnapshotAsync(cancel: cancel);
        var listing = (await Lake.Store.ListAsync(LogFile.Folder(Folder), cancel: cancel)).Select(LogFile.Of).ToList();
        var times = CommitTimes.Of(this, listing, snapshot.Metadata);
        if (times.Versions.Count == 0 || OldestReadable(listing) is not { } oldest)
            throw NotAt($"its log has no commits that would tell what was there at {Words(timestampMs)}");
        var last = await times.OfAsync(times.Versions[^1], cancel);
        if (timestampMs > last)
            throw NotAt($"{Words(timestampMs)} is after its newest version ({times.Versions[^1]}, of {Words(last)})");
        return await times.NewestAtAsync(timestampMs, oldest, cancel)
            ?? throw NotAt($"{Words(timestampMs)} is before its oldest version that can be read ({oldest}, of {Words(await times.OfAsync(oldest, cancel))})");
    }

    /// <summary>The oldest version that is whole and whose commit, which has its time, is there.</summary>
    private static long? OldestReadable(List<LogFile> listing)
    {
        var commits = listing.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).ToHashSet();
        if (commits.Contains(0))
            return 0;
        return listing.Where(f => f.IsCheckpoint && commits.Contains(f.Version)).Select(f => (long?)f.Version).Min();
    }

    private DeltaLogException NotAt(string message) => new(DeltaLogFault.VersionNotFound, Folder, message);

    private static string Words(long timestampMs) =>
        timestampMs is > -62_135_596_800_000 and < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(timestampMs).ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture) : $"{timestampMs} ms";
}
