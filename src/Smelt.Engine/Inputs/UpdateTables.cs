using System.Collections.Concurrent;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A table at the version that one update sees.</summary>
public sealed class PinnedTable(DeltaTable table, Snapshot snapshot)
{
    private readonly Lazy<Task<long>> _dataVersion = new(() => table.LastDataChangeVersionAsync(snapshot).AsTask());

    public DeltaTable Table { get; } = table;

    public Snapshot Snapshot { get; } = snapshot;

    /// <summary>The newest version whose commit changed rows or schema.</summary>
    public Task<long> DataVersionAsync() => _dataVersion.Value;

    public async Task<TableInput> AsInputAsync(string name) => new(name, Snapshot.Metadata.Id, Snapshot.Version, await DataVersionAsync());
}

/// <summary>
/// The tables of one update. A table has one version for all its readers and tests: what its step committed, else what was seen first.
/// </summary>
public sealed class UpdateTables(LakeLayout layout)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<PinnedTable?>>> _pinned = new(StringComparer.OrdinalIgnoreCase);

    public LakeLayout Layout { get; } = layout;

    /// <summary>The table of a dataset, or null where there is none.</summary>
    public Task<PinnedTable?> FindAsync(DatasetName name, CancellationToken cancel = default) => FindAsync(name.ToString(), () => Layout.Table(name), cancel);

    /// <summary>A table of Smelt's own, or null where there is none yet.</summary>
    public Task<PinnedTable?> FindSystemAsync(string name, CancellationToken cancel = default) =>
        FindAsync(LakeLayout.SystemSchema + "." + name, () => Layout.SystemTable(name), cancel);

    /// <summary>A table by its path, or null where there is none.</summary>
    internal Task<PinnedTable?> FindAtAsync(string path, Func<DeltaTable> table, CancellationToken cancel) => FindAsync("path " + path, table, cancel);

    /// <summary>A step's table as its commit left it: what later steps read.</summary>
    public void Publish(DatasetName name, DeltaTable table, Snapshot snapshot) =>
        _pinned[name.ToString()] = new Lazy<Task<PinnedTable?>>(Task.FromResult<PinnedTable?>(new PinnedTable(table, snapshot)));

    private Task<PinnedTable?> FindAsync(string key, Func<DeltaTable> table, CancellationToken cancel) =>
        _pinned.GetOrAdd(key, _ => new Lazy<Task<PinnedTable?>>(() => OpenAsync(key, table(), cancel))).Value;

    private static async Task<PinnedTable?> OpenAsync(string name, DeltaTable table, CancellationToken cancel)
    {
        try
        {
            return await table.TrySnapshotAsync(cancel) is { } snapshot ? new PinnedTable(table, snapshot) : null;
        }
        catch (LakeException error) when (TableFault.Of(name, error) is { } fault)
        {
            throw fault;
        }
    }
}
