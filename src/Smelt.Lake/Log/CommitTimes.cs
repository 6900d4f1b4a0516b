namespace Smelt.Lake;

/// <summary>
/// When versions were committed, as time travel and histories take it: in-commit timestamps where the table has them (PROTOCOL.md, "In-Commit Timestamps"), else the
/// times of the commits' files, each moved after the one before it, as a copied or touched log may have them out of order.
/// </summary>
internal sealed class CommitTimes
{
    private readonly DeltaTable _table;
    private readonly SortedList<long, long> _fileTimes;
    private readonly long _inCommitFrom;

    private CommitTimes(DeltaTable table, SortedList<long, long> fileTimes, long inCommitFrom) => (_table, _fileTimes, _inCommitFrom) = (table, fileTimes, inCommitFrom);

    /// <param name="table">The table.</param>
    /// <param name="listing">Its log's files.</param>
    /// <param name="metadata">Of its newest version.</param>
    internal static CommitTimes Of(DeltaTable table, IEnumerable<LogFile> listing, TableMetadata metadata)
    {
        var from = !metadata.IsOn("delta.enableInCommitTimestamps") ? long.MaxValue
            : long.TryParse(metadata.Property("delta.inCommitTimestampEnablementVersion"), out var version) ? version : 0;
        return new CommitTimes(table, OfFiles(listing), from);
    }

    /// <summary>Times of the commits' files by version, each after the one before it.</summary>
    internal static SortedList<long, long> OfFiles(IEnumerable<LogFile> listing)
    {
        var times = new SortedList<long, long>();
        foreach (var file in listing.Where(f => f.Kind == LogFileKind.Commit).OrderBy(f => f.Version))
            times[file.Version] = times.Count == 0 ? file.Object.ModifiedMs : Math.Max(file.Object.ModifiedMs, times.GetValueAtIndex(times.Count - 1) + 1);
        return times;
    }

    /// <summary>Versions whose commit is there, ascending.</summary>
    internal IList<long> Versions => _fileTimes.Keys;

    /// <summary>Milliseconds since 1970 UTC of a version whose commit is there.</summary>
    /// <exception cref="DeltaLogException">It should have an in-commit timestamp, and has none.</exception>
    internal async ValueTask<long> OfAsync(long version, CancellationToken cancel)
    {
        if (version < _inCommitFrom)
            return _fileTimes[version];
        var actions = await LogReader.CommitAsync(_table, version, cancel);
        return actions?.Info?.InCommitTimestamp ?? throw new DeltaLogException(DeltaLogFault.Corrupt, _table.Folder,
            $"version {version} has no in-commit timestamp, though the table has them enabled", LogFile.CommitKey(_table.Folder, version));
    }

    /// <summary>The newest version, from <paramref name="oldest"/> on, that is not younger than a time; null where all are younger. Times only grow, so halving finds it.</summary>
    internal async ValueTask<long?> NewestAtAsync(long timestampMs, long oldest, CancellationToken cancel)
    {
        var (low, high) = (Versions.TakeWhile(v => v < oldest).Count(), Versions.Count - 1);
        long? found = null;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (await OfAsync(Versions[middle], cancel) <= timestampMs)
                (found, low) = (Versions[middle], middle + 1);
            else
                high = middle - 1;
        }
        return found;
    }
}
