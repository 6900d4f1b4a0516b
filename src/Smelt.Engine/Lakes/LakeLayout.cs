using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Where a target's tables and state lie. Default: <c>lake/&lt;layer&gt;/&lt;dataset&gt;</c>, state in <c>lake/_smelt</c>. Names are escaped, so that no name leaves
/// its layer's folder; case is folded, as names are compared without it.
/// </summary>
public sealed class LakeLayout
{
    /// <summary>Schema of Smelt's own tables in SQL, and the folder of all state.</summary>
    public const string SystemSchema = "_smelt";

    private readonly Dictionary<string, DeltaLake> _lakes = new(StringComparer.Ordinal);
    private readonly Func<string, DeltaLake> _open;
    private readonly TargetSettings _target;
    private readonly string _pipelineFolder;

    /// <param name="pipelineFolder">Paths of the target are relative to it.</param>
    /// <param name="target">Names the storage.</param>
    /// <param name="open">Opens the lake at an absolute root.</param>
    public LakeLayout(string pipelineFolder, TargetSettings target, Func<string, DeltaLake> open)
    {
        (_pipelineFolder, _target, _open) = (pipelineFolder, target, open);
        Root = Absolute(target.Storage);
    }

    /// <summary>Absolute path of the target's storage.</summary>
    public string Root { get; }

    /// <summary>The store that holds <c>_smelt</c>.</summary>
    public IObjectStore State => LakeAt(Root).Store;

    public DeltaTable Table(DatasetName dataset) => LakeAt(LayerRoot(dataset.Layer)).Table(Folder(dataset));

    /// <summary>A table of Smelt's own, <c>_smelt.event_log</c>.</summary>
    public DeltaTable SystemTable(string name) => LakeAt(Root).Table(SystemSchema + "/" + Escape(name));

    /// <summary>Where the memories of CDC flows lie.</summary>
    public const string CdcFolder = SystemSchema + "/cdc/";

    /// <summary>What a CDC flow remembers: a table by the flow's id, which outlives a rename.</summary>
    public DeltaTable CdcMemory(string flowId) => LakeAt(Root).Table(CdcFolder + flowId);

    /// <summary>The folder of a CDC flow's memory on disk.</summary>
    public string CdcPathOf(string flowId) => Path.Combine(Root, CdcFolder + flowId);

    /// <summary>The folders of the memories that a dataset's flows have.</summary>
    public async Task<IReadOnlyList<string>> CdcPathsOfAsync(DatasetName dataset, CancellationToken cancel) =>
        [.. (await (await FlowState.OpenAsync(State, dataset, null, cancel)).Table.IdsAsync(cancel)).Select(CdcPathOf)];

    /// <summary>The folder of a dataset's table on disk.</summary>
    public string PathOf(DatasetName dataset) => Path.Combine(LayerRoot(dataset.Layer), Folder(dataset));

    /// <summary>The folder of a flow's state on disk.</summary>
    public string StatePathOf(DatasetName dataset) => Path.Combine(Root, FlowState.FolderOf(dataset));

    /// <summary>The same as people know it: below the storage as the target writes it.</summary>
    public string WrittenStatePathOf(DatasetName dataset) => _target.Storage.TrimEnd('/') + "/" + FlowState.FolderOf(dataset);

    /// <summary>Tables that lie in a layer's folder, whoever made them.</summary>
    public IEnumerable<DatasetName> TablesOf(Layer layer)
    {
        var root = LayerRoot(layer);
        if (!Directory.Exists(root)) yield break;
        foreach (var folder in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            // A first batch that failed leaves the folder of a log without a commit: no table.
            var log = Path.Combine(folder, "_delta_log");
            if (Directory.Exists(log) && Directory.EnumerateFiles(log).Any()) yield return new DatasetName(layer, Uri.UnescapeDataString(Path.GetFileName(folder)));
        }
    }

    /// <summary>A name as one path segment: letters and digits as they are, all else percent-escaped, lower case.</summary>
    public static string Escape(string name)
    {
        var escaped = Uri.EscapeDataString(name.ToLowerInvariant());
        return escaped.StartsWith('.') ? "%2E" + escaped[1..] : escaped;
    }

    private string LayerRoot(Layer layer) => Absolute(_target.StorageOf(layer));

    private static string Folder(DatasetName dataset) => Escape(dataset.Name);

    private string Absolute(string storage)
    {
        if (storage.Contains("://", StringComparison.Ordinal))
            throw new EngineException(EngineCodes.Storage, $"The storage {storage} is not a folder. Object stores are not supported yet: name a path.");
        return Path.GetFullPath(storage, _pipelineFolder);
    }

    private DeltaLake LakeAt(string root)
    {
        lock (_lakes)
        {
            if (!_lakes.TryGetValue(root, out var lake)) _lakes[root] = lake = _open(root);
            return lake;
        }
    }
}
