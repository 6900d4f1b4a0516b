using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Looks at everything that a version of a table rests on. Reads footers and deletion vectors, no rows.</summary>
internal sealed class TableChecker(DeltaTable table)
{
    private const int FootersAtOnce = 200;

    private readonly List<TableFinding> _findings = [];
    private int _vectors;

    internal async ValueTask<TableCheck> RunAsync(CancellationToken cancel)
    {
        var log = (await table.Lake.Store.ListAsync(LogFile.Folder(table.Folder), cancel: cancel)).Select(LogFile.Of).ToList();
        CheckLog(log);
        Snapshot snapshot;
        try
        {
            snapshot = await table.SnapshotAsync(cancel: cancel);
            await CheckCheckpointAsync(log, cancel);
        }
        catch (LakeException e)
        {
            Find(TableFindingKind.Log, (e as DeltaLogException)?.File, e.Message);
            return new TableCheck { Findings = _findings };
        }
        foreach (var fault in snapshot.ChecksumFaults)
            Find(TableFindingKind.Checksum, LogFile.ChecksumKey("", snapshot.Version).TrimStart('/'), fault);
        await CheckFilesAsync(snapshot, cancel);
        var (orphans, bytes) = await OrphansAsync(snapshot, cancel);
        return new TableCheck { Version = snapshot.Version, Files = snapshot.Files.Count, DeletionVectors = _vectors, OrphanFiles = orphans, OrphanBytes = bytes, Findings = _findings };
    }

    private void CheckLog(List<LogFile> log)
    {
        var commits = log.Where(f => f.Kind == LogFileKind.Commit).Select(f => f.Version).Order().ToList();
        for (var i = 1; i < commits.Count; i++)
            if (commits[i] != commits[i - 1] + 1)
                Find(TableFindingKind.Gap, null, $"the log has no commits from version {commits[i - 1] + 1} to {commits[i] - 1}, though it has earlier and later ones");
        foreach (var parts in log.Where(f => f.Kind == LogFileKind.CheckpointPart).GroupBy(f => (f.Version, f.Parts)))
            if (parts.Select(p => p.Part).Distinct().Count() != parts.Key.Parts)
                Find(TableFindingKind.Checkpoint, null, $"the checkpoint of version {parts.Key.Version} has {parts.Count()} of its {parts.Key.Parts} parts");
    }

    /// <summary>The newest checkpoint, which reading passes over in silence where the commits give the version too.</summary>
    private async ValueTask CheckCheckpointAsync(List<LogFile> log, CancellationToken cancel)
    {
        if (log.Where(f => f.IsCheckpoint).Select(f => (long?)f.Version).Max() is not { } newest)
            return;
        var segment = LogSegment.Choose(table.Folder, [.. log.Select(f => f.Object)], newest, new HashSet<string>());
        if (segment.Checkpoint is not { } checkpoint || checkpoint.Version != newest)
            return;
        try
        {
            await LogReader.ReadCheckpointAsync(table, checkpoint, new TableState(), cancel);
        }
        catch (DeltaLogException e)
        {
            Find(TableFindingKind.Checkpoint, e.File, e.Message);
        }
    }

    private async ValueTask CheckFilesAsync(Snapshot snapshot, CancellationToken cancel)
    {
        var there = new List<AddFile>();
        foreach (var file in snapshot.Files)
        {
            cancel.ThrowIfCancellationRequested();
            if (await IsThereAsync(file, cancel))
                there.Add(file);
            if (file.DeletionVector is { } vector)
                await CheckVectorAsync(file, vector, cancel);
        }
        foreach (var batch in there.Chunk(FootersAtOnce))
            if (!CheckFooters(batch))
                foreach (var file in batch)
                    CheckFooters([file]);
    }

    private async ValueTask<bool> IsThereAsync(AddFile file, CancellationToken cancel)
    {
        var path = FilePath.Decode(file.Path);
        ObjectInfo? found;
        try
        {
            found = FilePath.IsAbsolute(path) ? Outside(path) : await table.Lake.Store.StatAsync(FilePath.Key(table.Folder, path), cancel);
        }
        catch (StoreException e)
        {
            Find(TableFindingKind.MissingFile, path, e.Message);
            return false;
        }
        if (found is null)
            Find(TableFindingKind.MissingFile, path, "the data file is not there");
        else if (found.Value.Size != file.Size)
            Find(TableFindingKind.FileSize, path, $"the data file has {found.Value.Size} bytes, and {file.Size} by the log");
        return found is not null;
    }

    private static ObjectInfo? Outside(string path) => File.Exists(path) ? new ObjectInfo(path, new FileInfo(path).Length, 0) : null;

    private async ValueTask CheckVectorAsync(AddFile file, DeletionVector vector, CancellationToken cancel)
    {
        _vectors++;
        try
        {
            var rows = await DeletionVectorReader.ReadAsync(table, vector, cancel);
            if (file.NumRecords is { } records && rows.Length > 0 && rows[^1] >= records)
                Find(TableFindingKind.DeletionVector, FilePath.Decode(file.Path), $"the deletion vector deletes row {rows[^1]} of {records}");
        }
        catch (LakeException e)
        {
            Find(TableFindingKind.DeletionVector, FilePath.Decode(file.Path), e.Message);
        }
    }

    /// <summary>Row counts by the footers against the statistics; false where one of several files has no footer.</summary>
    private bool CheckFooters(AddFile[] files)
    {
        using var connection = table.Lake.Connect();
        var paths = string.Join(", ", files.Select(f => SqlText.Literal(ParquetSql.EscapeGlob(FilePath.Locate(table, f.Path)))));
        try
        {
            var rows = connection.Rows($"SELECT file_name, num_rows FROM parquet_file_metadata([{paths}])")
                .ToDictionary(r => (string)r[0]!, r => Convert.ToInt64(r[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
            foreach (var file in files)
                if (file.NumRecords is { } told && rows.TryGetValue(FilePath.Locate(table, file.Path), out var counted) && told != counted)
                    Find(TableFindingKind.RowCount, FilePath.Decode(file.Path), $"the data file has {counted} rows, and {told} by its statistics");
            return true;
        }
        catch (DuckDbException e) when (!e.IsTransient)
        {
            if (files.Length == 1)
                Find(TableFindingKind.UnreadableFile, FilePath.Decode(files[0].Path), e.Message);
            return files.Length == 1;
        }
    }

    private async ValueTask<(int Files, long Bytes)> OrphansAsync(Snapshot snapshot, CancellationToken cancel)
    {
        var needed = VacuumNeeds.Of(table, snapshot, 0);
        var changes = FilePath.Key(table.Folder, ChangeFeedColumns.Folder + "/");
        var orphans = (await table.Lake.Store.ListAsync(table.Folder, recursive: true, cancel: cancel))
            .Where(o => VacuumNeeds.IsCandidate(table, snapshot, o.Key) && !needed.Contains(o.Key) && !o.Key.StartsWith(changes, StringComparison.Ordinal)).ToList();
        return (orphans.Count, orphans.Sum(o => o.Size));
    }

    private void Find(TableFindingKind kind, string? file, string message) => _findings.Add(new TableFinding(kind, file, message));
}
