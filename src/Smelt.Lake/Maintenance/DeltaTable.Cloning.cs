using System.Globalization;

namespace Smelt.Lake;

/// <content>Shallow clones.</content>
public sealed partial class DeltaTable
{
    /// <summary>
    /// Makes this folder a table that begins as another is: its files are the other's, named by absolute paths and not copied, so that VACUUM of the other may take them.
    /// What is written later is this table's own.
    /// </summary>
    /// <param name="source">The table to clone, in any store of this machine.</param>
    /// <param name="version">Its version; null: the newest.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async ValueTask<MaintenanceResult> CloneFromAsync(DeltaTable source, long? version = null, CancellationToken cancel = default)
    {
        if (await LatestVersionAsync(null, cancel) is not null)
            return new MaintenanceResult.Refused($"there is a table in '{Folder}' already");
        var snapshot = await source.SnapshotAsync(version, cancel);
        ProtocolSupport.CheckWrite(source.Folder, snapshot.Protocol, snapshot.Metadata);
        var files = snapshot.Files.Select(f => Absolute(source, f)).ToList();
        await Lake.Store.EnsureFolderAsync(LogFile.Folder(Folder), cancel);
        var id = Guid.NewGuid().ToString();
        var plan = new TablePlan
        {
            Folder = Folder,
            Kind = PlanKind.Create,
            TableId = id,
            Protocol = snapshot.Protocol,
            Metadata = snapshot.Metadata with { Id = id, CreatedTime = NowMs, Configuration = OfNewTable(snapshot.Metadata.Configuration) },
            Domains = [.. snapshot.Domains.Values.Where(d => d.Domain != RowIds.Domain || files.TrueForAll(f => f.BaseRowId is not null))],
            Adds = files,
            Operation = "CLONE",
            OperationParameters = new Dictionary<string, string>
            {
                ["source"] = source.Lake.Store.Locate(source.Folder),
                ["sourceVersion"] = Text(snapshot.Version),
                ["isShallow"] = "true",
            },
            OperationMetrics = new Dictionary<string, string>
            {
                ["sourceTableSize"] = Text(snapshot.SizeInBytes), ["sourceNumOfFiles"] = Text(files.Count),
                ["numRemovedFiles"] = "0", ["removedFilesSize"] = "0", ["numCopiedFiles"] = "0", ["copiedFilesSize"] = "0",
            },
            Attempt = Guid.NewGuid().ToString("N"),
        };
        return await CommitAsync(plan, null, cancel) switch
        {
            CommitResult.Committed done => new MaintenanceResult.Done(done.Snapshot, plan.OperationMetrics.ToDictionary(m => m.Key, m => long.Parse(m.Value, CultureInfo.InvariantCulture))),
            CommitResult.Conflict conflict => new MaintenanceResult.Conflicted(conflict),
            var other => throw new InvalidOperationException(other.ToString()),
        };
    }

    /// <summary>A new table has in-commit timestamps from its first version on, whenever the source began to have them.</summary>
    private static Dictionary<string, string> OfNewTable(IReadOnlyDictionary<string, string> configuration) =>
        configuration.Where(p => p.Key is not (CommitTime.EnablementVersion or CommitTime.EnablementTimestamp)).ToDictionary(StringComparer.Ordinal);

    private static AddFile Absolute(DeltaTable source, AddFile file) => file with
    {
        Path = Uri(FilePath.Locate(source, file.Path)),
        DataChange = true,
        DeletionVector = file.DeletionVector is { StorageType: "u" or "p" } vector
            ? vector with { StorageType = "p", PathOrInline = Uri(Place(source, DeletionVectorReader.KeyOf(source, vector))) } : file.DeletionVector,
    };

    private static string Place(DeltaTable table, string key) => key.StartsWith('/') ? key : table.Lake.Store.Locate(key);

    private static string Uri(string place) => place.Contains("://", StringComparison.Ordinal) ? place : "file://" + FilePath.Encode(place);
}
