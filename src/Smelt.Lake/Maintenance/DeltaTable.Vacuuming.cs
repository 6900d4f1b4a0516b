using System.Globalization;

namespace Smelt.Lake;

/// <summary>What VACUUM removes.</summary>
public sealed record VacuumOptions
{
    /// <summary>How long a file stays that the table no longer needs; null: the table's <c>delta.deletedFileRetentionDuration</c>, 7 days by default.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Only say what would be removed.</summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// Whether a time shorter than the table's may be given. Then readers of older versions, and writers that are not done, may lose their files.
    /// </summary>
    public bool AllowShortRetention { get; init; }

    /// <summary>Keys that stay whatever the log says: files that somebody has prepared and not committed.</summary>
    public IReadOnlySet<string> Protected { get; init; } = new HashSet<string>();
}

/// <summary>What VACUUM did.</summary>
/// <param name="Keys">The files removed, or those that would be; keys of the store, ordered.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="DryRun">Whether they are still there.</param>
public sealed record VacuumReport(IReadOnlyList<string> Keys, long Bytes, bool DryRun);

/// <summary>How VACUUM ended.</summary>
public abstract record VacuumResult
{
    private VacuumResult()
    {
    }

    public sealed record Done(VacuumReport Report) : VacuumResult;

    /// <param name="Message">A sentence that says why and what to do.</param>
    public sealed record Refused(string Message) : VacuumResult;
}

/// <content>VACUUM (PROTOCOL.md, "Vacuum Protocol Check"; what readers of older versions still need is told by the tombstones).</content>
public sealed partial class DeltaTable
{
    /// <summary>
    /// Removes files below the table's folder that no version of the retention time needs: files removed longer ago, and files that no commit ever named and that are
    /// older. Folders that begin with '_' or '.' are left alone, but partitions and the change data feed's. The log keeps a record of it.
    /// </summary>
    /// <exception cref="UnsupportedProtocolException">The table needs features that are not supported: then its files may be needed in ways that are not known here.</exception>
    public async ValueTask<VacuumResult> VacuumAsync(VacuumOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new VacuumOptions();
        var snapshot = await SnapshotAsync(null, cancel);
        ProtocolSupport.CheckWrite(Folder, snapshot.Protocol, snapshot.Metadata);
        var own = TimeSpan.FromMilliseconds(Retention.DeletedFilesMs(snapshot.Metadata));
        var retain = options.Retain ?? own;
        if (retain < TimeSpan.Zero)
            return new VacuumResult.Refused("the retention is negative");
        if (retain < own && !options.AllowShortRetention)
            return new VacuumResult.Refused($"{Hours(retain)} are less than the {Hours(own)} that the table keeps (delta.deletedFileRetentionDuration): "
                + "readers of older versions, and writers that are not done, could lose their files. Where there are none, allow the shorter time");
        var cutoff = NowMs - (long)retain.TotalMilliseconds;
        var needed = VacuumNeeds.Of(this, snapshot, cutoff);
        var gone = (await Lake.Store.ListAsync(Folder, recursive: true, cancel: cancel))
            .Where(o => o.ModifiedMs < cutoff && !options.Protected.Contains(o.Key) && VacuumNeeds.IsCandidate(this, snapshot, o.Key) && !needed.Contains(o.Key)).ToList();
        var report = new VacuumReport([.. gone.Select(o => o.Key).Order(StringComparer.Ordinal)], gone.Sum(o => o.Size), options.DryRun);
        if (options.DryRun)
            return new VacuumResult.Done(report);
        if (gone.Count == 0)
        {
            // Nothing to tell the log of: a table that is looked after every hour would get two commits each.
            await Lake.Store.SweepAsync(Folder, cutoff, cancel);
            return new VacuumResult.Done(report);
        }
        await RecordAsync(snapshot, "VACUUM START", new() { ["retentionCheckEnabled"] = options.AllowShortRetention ? "false" : "true",
            ["specifiedRetentionMillis"] = Text(retain), ["defaultRetentionMillis"] = Text(own) },
            new() { ["numFilesToDelete"] = Text(gone.Count), ["sizeOfDataToDelete"] = Text(report.Bytes) }, cancel);
        foreach (var file in gone)
        {
            cancel.ThrowIfCancellationRequested();
            await Lake.Store.DeleteAsync(file.Key, cancel);
        }
        await Lake.Store.SweepAsync(Folder, cutoff, cancel);
        await RecordAsync(snapshot, "VACUUM END", new() { ["status"] = "COMPLETED" }, new() { ["numDeletedFiles"] = Text(gone.Count), ["numVacuumedDirectories"] = Text(Folders(gone)) }, cancel);
        return new VacuumResult.Done(report);
    }

    private async ValueTask RecordAsync(Snapshot snapshot, string operation, Dictionary<string, string> parameters, Dictionary<string, string> metrics, CancellationToken cancel) =>
        await CommitAsync(new TablePlan
        {
            Folder = Folder,
            Kind = PlanKind.Metadata,
            TableId = snapshot.Metadata.Id,
            Operation = operation,
            OperationParameters = parameters,
            OperationMetrics = metrics,
            Attempt = Guid.NewGuid().ToString("N"),
        }, snapshot, cancel);

    private static int Folders(List<ObjectInfo> files) => files.Select(f => f.Key[..Math.Max(0, f.Key.LastIndexOf('/'))]).Distinct(StringComparer.Ordinal).Count();

    private static string Hours(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.##} hours");

    private static string Text(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Which files below a table's folder VACUUM may look at, and which of them the table needs.</summary>
internal static class VacuumNeeds
{
    /// <summary>Keys of the live files and of those removed after the cutoff, with their deletion vectors.</summary>
    internal static HashSet<string> Of(DeltaTable table, Snapshot snapshot, long cutoffMs)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in snapshot.Files)
            Add(table, needed, file.Path, file.DeletionVector);
        foreach (var remove in snapshot.State.Tombstones.Slices.Select(s => s.Remove(snapshot.Folder)))
            if ((remove.DeletionTimestamp ?? 0) >= cutoffMs)
                Add(table, needed, remove.Path, remove.DeletionVector);
        return needed;
    }

    /// <summary>Not of the log or another hidden folder. The change data feed and partitions of columns with such names are not hidden.</summary>
    internal static bool IsCandidate(DeltaTable table, Snapshot snapshot, string key)
    {
        var below = table.Folder.Length == 0 ? key : key[(table.Folder.Length + 1)..];
        var parts = below.Split('/');
        for (var i = 0; i < parts.Length; i++)
            if (parts[i].Length > 0 && parts[i][0] is '_' or '.' && !(i == 0 && parts[i] == ChangeFeedColumns.Folder && parts.Length > 1)
                && !snapshot.Metadata.PartitionColumns.Any(p => parts[i].StartsWith(p + "=", StringComparison.OrdinalIgnoreCase)
                    || parts[i].StartsWith(snapshot.Schema.Find(p)!.PhysicalName + "=", StringComparison.Ordinal)))
                return false;
        return true;
    }

    private static void Add(DeltaTable table, HashSet<string> needed, string path, DeletionVector? vector)
    {
        var decoded = FilePath.Decode(path);
        needed.Add(KeyOf(table, decoded));
        if (vector is { StorageType: "u" or "p" })
            needed.Add(DeletionVectorReader.KeyOf(table, vector));
    }

    /// <summary>An absolute path that leads into the store is a key of it like any other (a clone of itself, a moved table).</summary>
    internal static string KeyOf(DeltaTable table, string decoded)
    {
        if (!FilePath.IsAbsolute(decoded))
            return FilePath.Key(table.Folder, decoded);
        var root = table.Lake.Store.Locate("").TrimEnd('/') + "/";
        return decoded.StartsWith(root, StringComparison.Ordinal) ? decoded[root.Length..] : decoded;
    }
}
