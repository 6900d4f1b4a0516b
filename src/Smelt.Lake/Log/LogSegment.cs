namespace Smelt.Lake;

/// <summary>The files of a log that give one version: a checkpoint, or none, and every commit after it.</summary>
internal sealed record LogSegment(long Version, LogCheckpoint? Checkpoint, IReadOnlyList<ObjectInfo> Commits)
{
    /// <summary>Chooses among the files of a log's folder. Each checkpoint that <paramref name="rejected"/> holds turned out unreadable.</summary>
    /// <exception cref="DeltaLogException">There is no log, the version is not there, or versions between are missing.</exception>
    internal static LogSegment Choose(string table, IReadOnlyList<ObjectInfo> listing, long? wanted, IReadOnlySet<long> rejected)
    {
        var commits = new SortedList<long, ObjectInfo>();
        var checkpoints = new List<LogFile>();
        foreach (var file in listing.Select(LogFile.Of))
        {
            if (file.Kind == LogFileKind.Commit)
                commits[file.Version] = file.Object;
            else if (file.Kind != LogFileKind.Other)
                checkpoints.Add(file);
        }
        if (commits.Count == 0 && checkpoints.Count == 0)
            throw new DeltaLogException(DeltaLogFault.NotATable, table, "there is no Delta table in this folder");
        var newest = Math.Max(commits.Count == 0 ? -1 : commits.Keys[^1], checkpoints.Count == 0 ? -1 : checkpoints.Max(c => c.Version));
        if (wanted > newest)
            throw new DeltaLogException(DeltaLogFault.VersionNotFound, table, $"version {wanted} is not there; the newest is {newest}");
        var checkpoint = Newest(checkpoints, wanted ?? newest, rejected);
        return Complete(table, commits, checkpoint, wanted ?? Math.Max(commits.Count == 0 ? -1 : commits.Keys[^1], checkpoint?.Version ?? -1));
    }

    private static LogCheckpoint? Newest(List<LogFile> files, long upTo, IReadOnlySet<long> rejected)
    {
        foreach (var version in files.Where(f => f.Version <= upTo && !rejected.Contains(f.Version)).GroupBy(f => f.Version).OrderByDescending(g => g.Key))
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

    private static LogSegment Complete(string table, SortedList<long, ObjectInfo> commits, LogCheckpoint? checkpoint, long version)
    {
        var chosen = new List<ObjectInfo>();
        for (var v = (checkpoint?.Version ?? -1) + 1; v <= version; v++)
        {
            if (commits.TryGetValue(v, out var file))
                chosen.Add(file);
            else
                throw Absent(table, v, commits, checkpoint, version);
        }
        return new LogSegment(version, checkpoint, chosen);
    }

    private static DeltaLogException Absent(string table, long missing, SortedList<long, ObjectInfo> commits, LogCheckpoint? checkpoint, long version)
    {
        var oldest = commits.Count == 0 ? (long?)null : commits.Keys[0];
        return checkpoint is null && oldest > version
            ? new DeltaLogException(DeltaLogFault.VersionNotFound, table, $"version {version} is not there any more; the oldest that can be read is after it")
            : new DeltaLogException(DeltaLogFault.Gap, table, $"the log has no version {missing}, though it has later ones", LogFile.CommitKey(table, missing));
    }
}
