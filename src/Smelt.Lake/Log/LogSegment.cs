namespace Smelt.Lake;

/// <summary>The files of a log that give one version: a checkpoint, or none, then commits, and compactions in the place of commits.</summary>
/// <param name="Version">The version that they give.</param>
/// <param name="Checkpoint">Where to begin; null for nothing.</param>
/// <param name="Commits">Commits and compactions in order, without a gap.</param>
/// <param name="Checksum">The version's checksum file, where there is one.</param>
internal sealed record LogSegment(long Version, LogCheckpoint? Checkpoint, IReadOnlyList<LogFile> Commits, ObjectInfo? Checksum)
{
    /// <summary>Chooses among the files of a log's folder. Each checkpoint and compaction in <paramref name="rejected"/> (by key) turned out unreadable.</summary>
    /// <exception cref="DeltaLogException">There is no log, the version is not there, or versions between are missing.</exception>
    internal static LogSegment Choose(string table, IReadOnlyList<ObjectInfo> listing, long? wanted, IReadOnlySet<string> rejected)
    {
        var commits = new SortedList<long, LogFile>();
        var others = new List<LogFile>();
        foreach (var file in listing.Select(LogFile.Of))
        {
            if (file.Kind == LogFileKind.Commit)
                commits[file.Version] = file;
            else if (file.Kind != LogFileKind.Other && !rejected.Contains(file.Object.Key))
                others.Add(file);
        }
        var checkpoints = others.Where(f => f.IsCheckpoint).ToList();
        if (commits.Count == 0 && checkpoints.Count == 0 && rejected.Count == 0)
            throw new DeltaLogException(DeltaLogFault.NotATable, table, "there is no Delta table in this folder");
        var newest = Math.Max(commits.Count == 0 ? -1 : commits.Keys[^1], checkpoints.Count == 0 ? -1 : checkpoints.Max(c => c.Version));
        if (wanted > newest)
            throw new DeltaLogException(DeltaLogFault.VersionNotFound, table, $"version {wanted} is not there; the newest is {newest}");
        var checkpoint = Newest(checkpoints, wanted ?? newest);
        var version = wanted ?? Math.Max(commits.Count == 0 ? -1 : commits.Keys[^1], checkpoint?.Version ?? -1);
        var checksum = others.Where(f => f.Kind == LogFileKind.Checksum && f.Version == version).Select(f => (ObjectInfo?)f.Object).FirstOrDefault();
        return new LogSegment(version, checkpoint, Complete(table, commits, others, checkpoint, version), checksum) { Last = commits.TryGetValue(version, out var last) ? last : null };
    }

    /// <summary>The version's own commit, where it is there.</summary>
    internal LogFile? Last { get; init; }

    /// <summary>Whether another choice of files may give the version where this one cannot be read.</summary>
    internal bool IsReplaceable(string? key) =>
        key is not null && (Checkpoint?.Files[0].Key == key || Commits.Any(c => c.Kind == LogFileKind.Compaction && c.Object.Key == key));

    private static LogCheckpoint? Newest(List<LogFile> files, long upTo)
    {
        foreach (var version in files.Where(f => f.Version <= upTo).GroupBy(f => f.Version).OrderByDescending(g => g.Key))
        {
            foreach (var file in version)
                if (file.Kind is LogFileKind.ClassicCheckpoint or LogFileKind.UuidCheckpoint)
                    return new LogCheckpoint(version.Key, [file.Object]);
            foreach (var parts in version.GroupBy(f => f.Parts))
                if (parts.Select(p => p.Part).Distinct().Count() == parts.Key)
                    return new LogCheckpoint(version.Key, [.. parts.OrderBy(p => p.Part).Select(p => p.Object)]);
        }
        return null;
    }

    private static List<LogFile> Complete(string table, SortedList<long, LogFile> commits, List<LogFile> others, LogCheckpoint? checkpoint, long version)
    {
        var compactions = others.Where(f => f.Kind == LogFileKind.Compaction && f.Until <= version).ToLookup(f => f.Version);
        var chosen = new List<LogFile>();
        for (var v = (checkpoint?.Version ?? -1) + 1; v <= version;)
        {
            // The furthest compaction from here, where it saves a file or stands for one that is gone.
            var furthest = compactions[v].OrderByDescending(c => c.Until).FirstOrDefault();
            if (furthest.Until > v || (furthest.Until == v && !commits.ContainsKey(v) && compactions.Contains(v)))
                chosen.Add(furthest);
            else if (commits.TryGetValue(v, out var file))
                chosen.Add(file);
            else
                throw Absent(table, v, commits, checkpoint, version);
            v = Math.Max(v, chosen[^1].Until) + 1;
        }
        return chosen;
    }

    private static DeltaLogException Absent(string table, long missing, SortedList<long, LogFile> commits, LogCheckpoint? checkpoint, long version)
    {
        var oldest = commits.Count == 0 ? (long?)null : commits.Keys[0];
        return checkpoint is null && oldest > version
            ? new DeltaLogException(DeltaLogFault.VersionNotFound, table, $"version {version} is not there any more; the oldest that can be read is after it")
            : new DeltaLogException(DeltaLogFault.Gap, table, $"the log has no version {missing}, though it has later ones", LogFile.CommitKey(table, missing));
    }
}
