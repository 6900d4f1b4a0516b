using System.Globalization;

namespace Smelt.Lake;

/// <content>RESTORE.</content>
public sealed partial class DeltaTable
{
    private const int RestoreAttempts = 5;

    /// <summary>
    /// Makes the table what it was at a version, as a new version: its files come back and those that came after go. The protocol stays as it is, as features cannot be
    /// unlearned; <c>txn</c> marks stay too.
    /// </summary>
    /// <param name="version">The version.</param>
    /// <param name="ignoreMissingFiles">Whether files that VACUUM has taken are left out; else they refuse the restore.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async ValueTask<MaintenanceResult> RestoreAsync(long version, bool ignoreMissingFiles = false, CancellationToken cancel = default)
    {
        CommitResult.Conflict? last = null;
        for (var number = 0; number < RestoreAttempts; number++)
        {
            var now = await SnapshotAsync(null, cancel);
            ProtocolSupport.CheckWrite(Folder, now.Protocol, now.Metadata);
            if (AppendOnlyProperty.IsOn(now))
                return new MaintenanceResult.Refused($"the table '{Folder}' is {AppendOnlyProperty.Words}: a restore would take rows from it");
            if (version > now.Version || version < 0)
                return new MaintenanceResult.Refused($"there is no version {version.ToString(CultureInfo.InvariantCulture)}; the newest is {now.Version.ToString(CultureInfo.InvariantCulture)}");
            var then = await SnapshotAsync(version, cancel);
            var change = new RestoredFiles(this, now, then);
            var missing = await change.MissingAsync(cancel);
            if (missing.Count > 0 && !ignoreMissingFiles)
                return new MaintenanceResult.Refused($"{missing.Count} files of version {version.ToString(CultureInfo.InvariantCulture)} are not there any more, '{missing[0].Path}' among them (VACUUM took them); "
                    + "restore a younger version, or leave out what is missing");
            var plan = change.Plan(missing);
            if (plan is null)
                return new MaintenanceResult.Nothing(now);
            switch (await CommitAsync(plan, now, cancel))
            {
                case CommitResult.Committed committed:
                    return new MaintenanceResult.Done(committed.Snapshot, plan.OperationMetrics.ToDictionary(m => m.Key, m => long.Parse(m.Value, CultureInfo.InvariantCulture)));
                case CommitResult.Conflict conflict:
                    last = conflict;
                    break;
            }
        }
        return new MaintenanceResult.Conflicted(last!);
    }
}

/// <summary>What comes and what goes when a table becomes what it was.</summary>
internal sealed class RestoredFiles
{
    private readonly DeltaTable _table;
    private readonly Snapshot _now, _then;
    private readonly List<AddFile> _back;
    private readonly List<AddFile> _away;

    internal RestoredFiles(DeltaTable table, Snapshot now, Snapshot then)
    {
        (_table, _now, _then) = (table, now, then);
        var (live, old) = (now.Files.Select(FileKey.Of).ToHashSet(), then.Files.Select(FileKey.Of).ToHashSet());
        _back = [.. then.Files.Where(f => !live.Contains(FileKey.Of(f)))];
        _away = [.. now.Files.Where(f => !old.Contains(FileKey.Of(f)))];
    }

    /// <summary>Files to come back whose data or deletion vector is not there.</summary>
    internal async ValueTask<List<AddFile>> MissingAsync(CancellationToken cancel)
    {
        var missing = new List<AddFile>();
        foreach (var file in _back)
            if (!await IsThereAsync(FilePath.Decode(file.Path), cancel)
                || file.DeletionVector is { StorageType: "u" or "p" } vector && !await IsKeyThereAsync(DeletionVectorReader.KeyOf(_table, vector), cancel))
                missing.Add(file);
        return missing;
    }

    /// <summary>The commit; null where the table is so already.</summary>
    internal TablePlan? Plan(List<AddFile> missing)
    {
        var back = _back.Except(missing).Select(f => f with { DataChange = true }).ToList();
        var metadata = _then.Metadata.Equals(_now.Metadata) ? null : Restored();
        var domains = Domains();
        if (back.Count == 0 && _away.Count == 0 && metadata is null && domains.Count == 0)
            return null;
        return new TablePlan
        {
            Folder = _table.Folder,
            Kind = PlanKind.Change,
            TableId = _now.Metadata.Id,
            ReadVersion = _now.Version,
            Reads = TableReads.Everything,
            Metadata = metadata,
            Domains = domains,
            Adds = back,
            Removes = [.. _away.Select(f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })],
            Operation = "RESTORE",
            OperationParameters = new Dictionary<string, string> { ["version"] = _then.Version.ToString(CultureInfo.InvariantCulture) },
            OperationMetrics = Metrics(back),
            Attempt = Guid.NewGuid().ToString("N"),
        };
    }

    /// <summary>The old metadata of the same table, with what only grows: ids of columns, numbers given, names of hidden columns.</summary>
    private TableMetadata Restored()
    {
        var configuration = _then.Metadata.Configuration.ToDictionary(StringComparer.Ordinal);
        foreach (var name in new[] { "delta.columnMapping.mode", "delta.columnMapping.maxColumnId", RowTracking.IdColumn, RowTracking.VersionColumn, CommitTime.Enabled, CommitTime.EnablementVersion, CommitTime.EnablementTimestamp })
            if (_now.Metadata.Property(name) is { } value)
                configuration[name] = value;
        return _then.Metadata with { Id = _now.Metadata.Id, Configuration = configuration, SchemaString = Schema() };
    }

    private string Schema()
    {
        if (_then.Metadata.ColumnMapping == _now.Metadata.ColumnMapping && !_now.Metadata.SchemaString.Contains(ColumnDuty.IdentityMark, StringComparison.Ordinal))
            return _then.Metadata.SchemaString;
        var schema = new StructType([.. _then.Schema.Fields.Select(f => _now.Schema.Find(f.Name) is { } today && today.Metadata.LongInteger(ColumnDuty.IdentityMark) is { } mark
            ? f with { Metadata = f.Metadata.WithInteger(ColumnDuty.IdentityMark, mark) } : f)]);
        if (_then.Metadata.ColumnMapping != _now.Metadata.ColumnMapping)
            (schema, _) = ColumnIds.Assign(schema, ColumnIds.Highest(_now.Schema), keepNames: true);
        return SchemaJson.Write(schema);
    }

    /// <summary>Domains as they were; row tracking's mark only grows.</summary>
    private List<DomainMetadata> Domains() =>
    [
        .. _then.Domains.Values.Where(d => d.Domain != RowIds.Domain && !d.Equals(_now.Domains.GetValueOrDefault(d.Domain))),
        .. _now.Domains.Values.Where(d => d.Domain != RowIds.Domain && !_then.Domains.ContainsKey(d.Domain)).Select(d => d with { Removed = true }),
    ];

    private Dictionary<string, string> Metrics(List<AddFile> back)
    {
        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        var (files, bytes) = (_now.Files.Count + back.Count - _away.Count, _now.SizeInBytes + back.Sum(f => f.Size) - _away.Sum(f => f.Size));
        return new Dictionary<string, string>
        {
            ["tableSizeAfterRestore"] = Text(bytes),
            ["numOfFilesAfterRestore"] = Text(files),
            ["numRemovedFiles"] = Text(_away.Count),
            ["numRestoredFiles"] = Text(back.Count),
            ["removedFilesSize"] = Text(_away.Sum(f => f.Size)),
            ["restoredFilesSize"] = Text(back.Sum(f => f.Size)),
        };
    }

    private async ValueTask<bool> IsThereAsync(string decoded, CancellationToken cancel) =>
        FilePath.IsAbsolute(decoded) && !IsOfStore(decoded) ? File.Exists(decoded) : await IsKeyThereAsync(VacuumNeeds.KeyOf(_table, decoded), cancel);

    private bool IsOfStore(string decoded) => decoded.StartsWith(_table.Lake.Store.Locate("").TrimEnd('/') + "/", StringComparison.Ordinal);

    private async ValueTask<bool> IsKeyThereAsync(string key, CancellationToken cancel) => key.StartsWith('/') ? File.Exists(key) : await _table.Lake.Store.StatAsync(key, cancel) is not null;
}
