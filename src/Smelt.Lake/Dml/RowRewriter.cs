using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Makes files of changed rows. A file that loses all its rows goes; of the others the changed rows are masked by deletion vectors where the table has them, else what
/// stays is written again. New rows go to new files, and the change data feed gets its own.
/// </summary>
internal sealed class RowRewriter(DmlAttempt attempt, ChangedRows changes)
{
    private readonly List<AddFile> _touched = [], _whole = [], _masked = [], _copied = [];

    private string Alias => SqlText.Identifier(changes.Alias);

    /// <summary>Files that only have new rows and were written before, for the change data feed to tell of.</summary>
    internal IReadOnlyList<AddFile> WrittenInserts { get; init; } = [];

    internal async ValueTask<RewrittenFiles> RunAsync(CancellationToken cancel)
    {
        var (files, inserted) = changes.Count(attempt.Connection);
        Sort(files);
        var updated = files.Values.Sum(static f => f.Updated);
        var deleted = files.Values.Sum(static f => f.Deleted);
        var parts = await NewRowsAsync(updated, inserted, cancel);
        var written = parts.Count == 0 ? [] : await attempt.WriteAsync(string.Join(" UNION ALL ", parts), Names, RowOrigin.Table, cancel);
        if (changes.Table is null)
            updated = Rows(written);
        var vectors = await MaskAsync(cancel);
        var feed = await FeedAsync(updated, inserted, cancel);
        return new RewrittenFiles
        {
            Adds = [.. WrittenInserts, .. written, .. vectors],
            Removes = [.. _touched],
            ChangeFiles = feed,
            Updated = updated,
            Deleted = deleted,
            Inserted = inserted + Rows(WrittenInserts),
            Copied = Math.Max(0, Rows(written) - updated - inserted),
            Masked = _masked.Count,
        };
    }

    private List<string> Names => [.. changes.Fields.Select(static f => f.Name)];

    private static long Rows(IEnumerable<AddFile> files) => files.Sum(static f => f.NumRecords ?? 0);

    private void Sort(Dictionary<int, FileChanges> files)
    {
        _touched.AddRange(changes.WholeFiles.Select(n => attempt.Files[n]));
        _whole.AddRange(_touched);
        foreach (var (number, counts) in files.OrderBy(static f => f.Key))
        {
            var file = attempt.Files[number];
            _touched.Add(file);
            // The protocol wants the number of a masked file's rows; where its statistics do not say it is written again.
            (file.LiveRecords == counts.Rows ? _whole : attempt.UsesVectors && file.NumRecords is not null ? _masked : _copied).Add(file);
        }
    }

    /// <summary>Queries of all rows to be written, each with the same columns.</summary>
    private async ValueTask<List<string>> NewRowsAsync(long updated, long inserted, CancellationToken cancel)
    {
        var parts = new List<string>();
        if (changes.Table is null)
        {
            parts.Add($"SELECT {Columns(New, "NULL")} FROM ({await attempt.ScanAsync(_touched, cancel)}) AS {Alias}");
            return parts;
        }
        if (_copied.Count > 0)
            parts.Add(changes.IsStaged || updated == 0 ? await KeptAsync(cancel) : await UpdatedInPlaceAsync(cancel));
        if (changes.IsStaged && updated + inserted > 0)
            parts.Add($"SELECT {Columns(Staged, "NULL", ChangedRows.Changes)} FROM {changes.Table} AS {ChangedRows.Changes} WHERE {ChangedRows.Is(RowChange.Update, RowChange.Insert)}");
        else if (updated > 0 && _whole.Count + _masked.Count > 0)
            parts.Add($"SELECT {Columns(New, "NULL")} FROM ({await attempt.ScanAsync(_whole.Concat(_masked), cancel)}) AS {Alias} {Join("JOIN")} WHERE {ChangedRows.Is(RowChange.Update)}");
        return parts;
    }

    /// <summary>The rows that stay in files that are written again.</summary>
    private async ValueTask<string> KeptAsync(CancellationToken cancel) =>
        $"SELECT {Columns(Old, Version)} FROM ({await attempt.ScanAsync(_copied, cancel)}) AS {Alias} "
        + $"ANTI JOIN (SELECT {RowPlace.Column} FROM {changes.Places} AS {ChangedRows.Changes} WHERE {ChangedRows.Is(RowChange.Update, RowChange.Delete)}) AS {ChangedRows.Changes} "
        + $"ON {Alias}.{RowPlace.Column} = {ChangedRows.Changes}.{RowPlace.Column}";

    /// <summary>The rows that stay and, where they stand, those that are updated.</summary>
    private async ValueTask<string> UpdatedInPlaceAsync(CancellationToken cancel)
    {
        var isOld = $"{ChangedRows.Changes}.{RowPlace.Column} IS NULL";
        string Value(DeltaField f) => changes.NewValues.ContainsKey(f.Name) ? $"CASE WHEN {isOld} THEN {Old(f)} ELSE {New(f)} END" : Old(f);
        return $"SELECT {Columns(Value, $"CASE WHEN {isOld} THEN {Version} END")} FROM ({await attempt.ScanAsync(_copied, cancel)}) AS {Alias} {Join("LEFT JOIN")}";
    }

    private string Join(string kind) =>
        $"{kind} {changes.Places} AS {ChangedRows.Changes} ON {Alias}.{RowPlace.Column} = {ChangedRows.Changes}.{RowPlace.Column}";

    private string Version => $"{Alias}.{RowPlace.CommitVersion}";

    private string Old(DeltaField field) => $"{Alias}.{SqlText.Identifier(field.Name)}";

    private string New(DeltaField field) => changes.NewValues.TryGetValue(field.Name, out var value) ? value : Old(field);

    private static string Staged(DeltaField field) => $"{ChangedRows.Changes}.{SqlText.Identifier(field.Name)}";

    /// <summary>The columns to write. A row that moves keeps its id; one that is updated gets the commit's version, which NULL stands for.</summary>
    private string Columns(Func<DeltaField, string> value, string version, string? owner = null)
    {
        var columns = changes.Fields.Select(f => $"{value(f)} AS {SqlText.Identifier(f.Name)}");
        if (attempt.TracksRows)
            columns = columns.Append($"{owner ?? Alias}.{RowPlace.RowId} AS {RowPlace.RowId}").Append($"CAST({version} AS BIGINT) AS {RowPlace.CommitVersion}");
        return string.Join(", ", columns);
    }

    /// <summary>The masked files with the vectors that they get: the rows masked before, and the changed ones.</summary>
    private async ValueTask<List<AddFile>> MaskAsync(CancellationToken cancel)
    {
        if (_masked.Count == 0)
            return [];
        var masked = _masked.ToHashSet(ReferenceEqualityComparer.Instance);
        var vectors = new FileMasks(attempt, f => masked.Contains(f));
        var sql = $"SELECT {RowPlace.Column} FROM {changes.Places} AS {ChangedRows.Changes} WHERE {ChangedRows.Is(RowChange.Update, RowChange.Delete)} ORDER BY 1";
        using (var places = attempt.Connection.Query(sql))
            while (places.Next())
                await vectors.AddAsync(places.Chunk[0].Values<long>()[..places.Chunk.RowCount].ToArray(), cancel);
        return await vectors.CloseAsync(cancel);
    }

    /// <summary>
    /// Files of the change data feed. Where files come whole and go whole they tell the changes by themselves; else every change of the commit is told, as readers look at
    /// nothing else then (PROTOCOL.md, "Add CDC File").
    /// </summary>
    private async ValueTask<IReadOnlyList<ChangeFile>> FeedAsync(long updated, long inserted, CancellationToken cancel)
    {
        if (!attempt.FeedsChanges || updated == 0 && _masked.Count + _copied.Count == 0)
            return [];
        var parts = new List<string>();
        if (_touched.Count > 0)
        {
            var scan = $"({await attempt.ScanAsync(_touched, cancel)}) AS {Alias}" + (changes.Table is null ? "" : $" {Join("JOIN")}");
            var type = changes.Table is null ? Literal(ChangeFeedColumns.UpdatePreimage)
                : $"CASE WHEN {ChangedRows.Is(RowChange.Update)} THEN {Literal(ChangeFeedColumns.UpdatePreimage)} ELSE {Literal(ChangeFeedColumns.Delete)} END";
            var which = changes.Table is null ? "" : $" WHERE {ChangedRows.Is(RowChange.Update, RowChange.Delete)}";
            parts.Add($"SELECT {Told(Old, type)} FROM {scan}{which}");
            if (updated > 0 && !changes.IsStaged)
                parts.Add($"SELECT {Told(New, Literal(ChangeFeedColumns.UpdatePostimage))} FROM {scan}{(which.Length == 0 ? "" : $" WHERE {ChangedRows.Is(RowChange.Update)}")}");
        }
        if (changes.IsStaged && updated + inserted > 0)
            parts.Add($"SELECT {Told(Staged, $"CASE WHEN {ChangedRows.Is(RowChange.Update)} THEN {Literal(ChangeFeedColumns.UpdatePostimage)} ELSE {Literal(ChangeFeedColumns.Insert)} END")} "
                + $"FROM {changes.Table} AS {ChangedRows.Changes} WHERE {ChangedRows.Is(RowChange.Update, RowChange.Insert)}");
        if (WrittenInserts.Count > 0)
            parts.Add($"SELECT {Told(Old, Literal(ChangeFeedColumns.Insert))} FROM ({attempt.ScanNew(WrittenInserts)}) AS {Alias}");
        return await attempt.WriteChangesAsync(string.Join(" UNION ALL ", parts), Names, cancel);
    }

    private string Told(Func<DeltaField, string> value, string type) =>
        string.Join(", ", changes.Fields.Select(f => $"{value(f)} AS {SqlText.Identifier(f.Name)}").Append($"{type} AS {ChangeFeedColumns.ChangeType}"));

    private static string Literal(string text) => SqlText.Literal(text);
}

/// <summary>What a change of rows did to files; removes are the files as they were.</summary>
internal sealed record RewrittenFiles
{
    internal required IReadOnlyList<AddFile> Adds { get; init; }

    internal required IReadOnlyList<AddFile> Removes { get; init; }

    internal IReadOnlyList<ChangeFile> ChangeFiles { get; init; } = [];

    internal long Updated { get; init; }

    internal long Deleted { get; init; }

    internal long Inserted { get; init; }

    internal long Copied { get; init; }

    /// <summary>Files among the adds that are in the removes too, with another vector.</summary>
    internal int Masked { get; init; }
}
