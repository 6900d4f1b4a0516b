namespace Smelt.Lake;

/// <content>Rows that differ between versions, whether the table keeps a change data feed or not.</content>
public sealed partial class DeltaTable
{
    /// <summary>
    /// What came and went after one version up to another: by the change data feed's files where commits have them, else by the data files added and removed and by the
    /// difference of their deletion vectors.
    /// </summary>
    /// <exception cref="LakeException">The store or the log failed.</exception>
    internal async ValueTask<DifferenceResult> DifferenceAsync(Snapshot from, Snapshot upTo, CancellationToken cancel)
    {
        if (from.Metadata.Id != upTo.Metadata.Id || upTo.Version < from.Version)
            return new DifferenceResult.Lost("it is another table than was read before");
        if (from.Metadata.SchemaString != upTo.Metadata.SchemaString || !from.Metadata.PartitionColumns.SequenceEqual(upTo.Metadata.PartitionColumns))
            return new DifferenceResult.Lost("its columns changed");
        if (upTo.Schema.Fields.FirstOrDefault(static f => TableDifference.IsOwn(f.Name)) is { } taken)
            return new DifferenceResult.Lost($"its column {taken.Name} is named as one of the change feed's");
        var (feed, appends, bytes) = (new ChangeFeed(this, upTo), true, 0L);
        var files = new List<AddFile>();
        var live = upTo.Files.Select(static f => FilePath.Decode(f.Path)).ToHashSet(StringComparer.Ordinal);
        for (var version = from.Version + 1; version <= upTo.Version; version++)
        {
            if (await LogReader.CommitAsync(this, version, cancel) is not { } commit)
                return new DifferenceResult.Lost($"the commit of version {version} was cleaned up");
            if (!commit.ChangesData)
                continue;
            if (await GoneAsync(commit, live, cancel) is { } gone)
                return new DifferenceResult.Lost($"VACUUM took '{gone}', which version {version} {(commit.Adds.Exists(a => a.Path == gone) ? "added" : "needs")}");
            feed.Take(version, 0, commit);
            appends &= commit.ChangeFiles.Count == 0 && !commit.Removes.Exists(static r => r.DataChange);
            bytes += BytesOf(commit);
            files.AddRange(commit.Adds.Where(static a => a.DataChange));
        }
        return new DifferenceResult.Found(new TableDifference { Scan = feed.Scan(), OnlyAppends = appends, Bytes = bytes, Files = files });
    }

    /// <summary>Bytes of the files that tell a commit's changes; one that only got another deletion vector is read once.</summary>
    private static long BytesOf(CommitActions commit)
    {
        if (commit.ChangeFiles.Count > 0)
            return commit.ChangeFiles.Sum(static f => f.Size);
        var added = commit.Adds.Where(static a => a.DataChange).ToDictionary(static a => a.Path, static a => a.Size, StringComparer.Ordinal);
        return added.Values.Sum() + commit.Removes.Where(r => r.DataChange && !added.ContainsKey(r.Path)).Sum(static r => r.Size ?? 0);
    }

    /// <summary>The first file of an older snapshot that is not of a newer one and is there no more; null: the older one can be read.</summary>
    internal async ValueTask<string?> GoneSinceAsync(Snapshot before, Snapshot now, CancellationToken cancel)
    {
        var live = now.Files.Select(static f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var file in before.Files)
        {
            var path = FilePath.Decode(file.Path);
            if (!live.Contains(file.Path) && !FilePath.IsAbsolute(path) && await Lake.Store.StatAsync(FilePath.Key(Folder, path), cancel) is null)
                return file.Path;
        }
        return null;
    }

    /// <summary>The first file that a commit's changes are told by and that is there no more; live ones are.</summary>
    private async ValueTask<string?> GoneAsync(CommitActions commit, HashSet<string> live, CancellationToken cancel)
    {
        var needed = commit.ChangeFiles.Count > 0 ? commit.ChangeFiles.Select(static f => f.Path)
            : commit.Adds.Where(static a => a.DataChange).Select(static a => a.Path).Concat(commit.Removes.Where(static r => r.DataChange).Select(static r => r.Path));
        foreach (var path in needed)
        {
            var decoded = FilePath.Decode(path);
            if (!live.Contains(decoded) && !FilePath.IsAbsolute(decoded) && await Lake.Store.StatAsync(FilePath.Key(Folder, decoded), cancel) is null)
                return path;
        }
        return null;
    }
}
