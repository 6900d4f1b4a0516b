namespace Smelt.Lake;

/// <summary>
/// Takes from the log what no version of the retention time needs (PROTOCOL.md, "Metadata Cleanup"): all before the newest checkpoint that is older than that, that
/// checkpoint and its commit staying. Days are whole, so that a busy table is not cleaned at every checkpoint.
/// </summary>
internal static class LogCleanup
{
    private const long Day = 24 * 3600 * 1000L;

    /// <returns>How many files went.</returns>
    internal static async ValueTask<int> RunAsync(DeltaTable table, Snapshot snapshot, CancellationToken cancel)
    {
        if (string.Equals(snapshot.Metadata.Property("delta.enableExpiredLogCleanup"), "false", StringComparison.OrdinalIgnoreCase))
            return 0;
        var now = table.Lake.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var cutoff = (now - Retention.LogMs(snapshot.Metadata)) / Day * Day;
        // A table that was made after that has nothing so old, and its log need not be listed at every checkpoint.
        if (snapshot.Metadata.CreatedTime > cutoff)
            return 0;
        var folder = LogFile.Folder(table.Folder);
        var files = (await table.Lake.Store.ListAsync(folder, cancel: cancel)).Select(LogFile.Of).ToList();
        if (KeptFrom(files, cutoff) is not { } first)
            return 0;
        // Oldest first: whoever looks in between finds a log that begins later, never one with a gap.
        var expired = files.Where(f => f.Version >= 0 && f.Version < first && f.Object.ModifiedMs <= cutoff).OrderBy(f => f.Version).ToList();
        foreach (var file in expired)
            await table.Lake.Store.DeleteAsync(file.Object.Key, cancel);
        return expired.Count + await SidecarsAsync(table, snapshot, files.Where(f => f.Version >= first), now, cancel);
    }

    /// <summary>The version of the newest whole checkpoint whose commit is old enough; null where there is none.</summary>
    private static long? KeptFrom(List<LogFile> files, long cutoff)
    {
        var old = files.Where(f => f.Kind == LogFileKind.Commit && f.Object.ModifiedMs <= cutoff).Select(f => (long?)f.Version).Max();
        return old is null ? null : files.Where(f => f.Version <= old && IsWhole(f, files)).Select(f => (long?)f.Version).Max();
    }

    private static bool IsWhole(LogFile file, List<LogFile> files) => file.Kind switch
    {
        LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint => true,
        LogFileKind.CheckpointPart => files.Count(f => f.Kind == LogFileKind.CheckpointPart && f.Version == file.Version && f.Parts == file.Parts) == file.Parts,
        _ => false,
    };

    /// <summary>Sidecars that no checkpoint names which stays. A young one may be of a checkpoint that is being written.</summary>
    private static async ValueTask<int> SidecarsAsync(DeltaTable table, Snapshot snapshot, IEnumerable<LogFile> kept, long now, CancellationToken cancel)
    {
        var sidecars = (await table.Lake.Store.ListAsync(LogFile.SidecarFolder(table.Folder), cancel: cancel)).Where(s => s.ModifiedMs < now - Day).ToList();
        if (sidecars.Count == 0)
            return 0;
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var checkpoint in kept.Where(f => f.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint))
            named.UnionWith(await CheckpointReader.SidecarsAsync(table, checkpoint.Object.Key, cancel));
        var gone = sidecars.Where(s => !named.Contains(s.Key[(s.Key.LastIndexOf('/') + 1)..])).ToList();
        foreach (var sidecar in gone)
            await table.Lake.Store.DeleteAsync(sidecar.Key, cancel);
        return gone.Count;
    }
}
