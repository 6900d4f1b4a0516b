using System.Globalization;

namespace Smelt.Lake;

/// <summary>Collects what changed, version by version, and makes one scan of it. The columns that tell of the change are partition columns of the files read.</summary>
/// <param name="table">The table.</param>
/// <param name="last">The last version: its columns are given.</param>
internal sealed class ChangeFeed(DeltaTable table, Snapshot last)
{
    private const string ChangeType = ChangeFeedColumns.ChangeType, CommitVersion = ChangeFeedColumns.CommitVersion, CommitTimestamp = ChangeFeedColumns.CommitTimestamp;

    private readonly List<AddFile> _files = [];
    private readonly List<RowPick> _picks = [];
    private readonly List<AddFile> _changeFiles = [];

    /// <summary>Takes a commit's changes.</summary>
    /// <param name="version">Its version.</param>
    /// <param name="timestampMs">When it was committed.</param>
    /// <param name="commit">Its actions.</param>
    internal void Take(long version, long timestampMs, CommitActions commit)
    {
        var (number, time) = (version.ToString(CultureInfo.InvariantCulture), Instant(timestampMs));
        if (commit.ChangeFiles.Count > 0)
        {
            // Where there are change files, they alone tell what changed.
            _changeFiles.AddRange(commit.ChangeFiles.Select(f => With(new AddFile { Path = f.Path, PartitionValues = f.PartitionValues }, null, number, time)));
            return;
        }
        if (OnlyCopies(commit.Info))
            return;
        var removes = commit.Removes.Where(r => r.DataChange).ToDictionary(r => FilePath.Decode(r.Path), StringComparer.Ordinal);
        foreach (var add in commit.Adds.Where(a => a.DataChange))
        {
            if (!removes.Remove(FilePath.Decode(add.Path), out var remove))
                _files.Add(With(add, "insert", number, time));
            else
                TakeDifference(add, remove, number, time);
        }
        foreach (var remove in removes.Values)
            _files.Add(With(Removed(remove, version), "delete", number, time));
    }

    /// <summary>The SQL over all that was taken.</summary>
    internal TableScan Scan()
    {
        var whole = new ScanBuilder(table, Extended(ChangeType, CommitVersion, CommitTimestamp)).Build(_files, _picks);
        if (_changeFiles.Count == 0)
            return whole;
        var changes = new ScanBuilder(table, Extended(CommitVersion, CommitTimestamp)) { ByName = true }.Build(_changeFiles);
        return _files.Count + _picks.Count == 0 ? changes : whole with { Sql = $"{whole.Sql} UNION ALL {changes.Sql}", Files = [.. whole.Files, .. changes.Files], Suspects = [.. whole.Suspects, .. changes.Suspects] };
    }

    /// <summary>A file that came back with another deletion vector: only the rows in which the two differ changed.</summary>
    private void TakeDifference(AddFile add, RemoveFile remove, string version, string time)
    {
        var (before, after) = (remove.DeletionVector, add.DeletionVector);
        var file = add with { DeletionVector = null };
        if (after is not null)
            _picks.Add(new RowPick(With(file, "delete", version, time), after, before));
        if (before is not null)
            _picks.Add(new RowPick(With(file, "insert", version, time), before, after));
    }

    private AddFile Removed(RemoveFile remove, long version)
    {
        if (remove.PartitionValues is null && last.Metadata.PartitionColumns.Count > 0)
            throw new DeltaLogException(DeltaLogFault.ChangesNotRecorded, table.Folder, $"version {version} removed '{remove.Path}' without its partition values, so its rows cannot be told");
        return new AddFile { Path = remove.Path, PartitionValues = remove.PartitionValues ?? EmptyMap.Values, DeletionVector = remove.DeletionVector, Tags = remove.Tags };
    }

    private static AddFile With(AddFile file, string? change, string version, string time)
    {
        var values = file.PartitionValues.ToDictionary(StringComparer.Ordinal);
        (values[CommitVersion], values[CommitTimestamp]) = (version, time);
        if (change is not null)
            values[ChangeType] = change;
        return file with { PartitionValues = values };
    }

    /// <summary>The table with the change's columns behind its own, some of them partition columns.</summary>
    private TableMetadata Extended(params string[] constants)
    {
        DeltaField[] added = [new(ChangeType, DeltaType.String), new(CommitVersion, DeltaType.Long), new(CommitTimestamp, DeltaType.Timestamp)];
        return last.Metadata with
        {
            SchemaString = SchemaJson.Write(new StructType([.. last.Schema.Fields, .. added])),
            PartitionColumns = [.. last.Metadata.PartitionColumns, .. constants],
        };
    }

    /// <summary>A MERGE that changed no row and only wrote rows again, though it says dataChange.</summary>
    private static bool OnlyCopies(CommitInfo? info) => info?.Operation == "MERGE" && Metric(info, "numTargetRowsInserted") == 0 && Metric(info, "numTargetRowsUpdated") == 0
        && Metric(info, "numTargetRowsDeleted") == 0 && Metric(info, "numTargetRowsCopied") > 0;

    private static long? Metric(CommitInfo info, string name) => long.TryParse(info.OperationMetrics.GetValueOrDefault(name), out var value) ? value : null;

    private static string Instant(long ms)
    {
        var (seconds, rest) = Math.DivRem(ms, 1000);
        if (rest < 0)
            (seconds, rest) = (seconds - 1, rest + 1000);
        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(seconds):yyyy-MM-ddTHH:mm:ss}.{rest:D3}000Z");
    }
}
