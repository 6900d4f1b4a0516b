using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>What the state's folder of a table says of all its flows: their generation, their ids, which of them have records.</summary>
internal sealed class TableFlows
{
    private const string Named = "named";

    private readonly IObjectStore _store;
    private readonly string _root;
    private readonly Dictionary<string, SortedDictionary<(int Generation, int Batch), HashSet<string>>> _flows = new(StringComparer.Ordinal);

    public TableFlows(IObjectStore store, string root, IReadOnlyList<string> keys)
    {
        (_store, _root) = (store, root);
        foreach (var key in keys)
        {
            var folder = FolderOfKey(key);
            if (!_flows.TryGetValue(folder, out var records)) _flows[folder] = records = [];
            if (RecordPlace.Of(key, folder) is not { } place) continue;
            if (!records.TryGetValue((place.Generation, place.Batch), out var kinds)) records[(place.Generation, place.Batch)] = kinds = [];
            kinds.Add(place.Kind);
        }
        foreach (var ((generation, _), kinds) in _flows.Values.SelectMany(static r => r))
        {
            HighestGeneration = Math.Max(HighestGeneration, generation);
            if (kinds.Contains("done") || IsOpen(kinds)) Generation = Math.Max(Generation, generation);
        }
    }

    /// <summary>The generation that the table holds; 0 where no flow has one.</summary>
    public int Generation { get; }

    /// <summary>The highest that any record mentions.</summary>
    public int HighestGeneration { get; }

    /// <param name="flow">A flow's name; null for the dataset's own query.</param>
    public string FolderOf(string? flow) => flow is null ? _root : $"{_root}/{Named}/{LakeLayout.Escape(flow)}";

    /// <summary>Whether the flow has a batch that is prepared and not committed for certain: it comes before all others.</summary>
    public bool HasOpen(string? flow) => _flows.TryGetValue(FolderOf(flow), out var records) && records.Any(r => r.Key.Generation == Generation && IsOpen(r.Value) && !r.Value.Contains("done"));

    /// <summary>Whether another flow than this one has such a batch.</summary>
    public bool HasOpenBesides(string? flow) =>
        _flows.Any(f => f.Key != FolderOf(flow) && f.Value.Any(r => r.Key.Generation == Generation && IsOpen(r.Value) && !r.Value.Contains("done")));

    /// <summary>Flows with done or open batches in the table's generation that are none of these: their statements are gone and their rows are there, or may be.</summary>
    /// <param name="flows">Names of those that are defined.</param>
    public IReadOnlyList<string> Without(IEnumerable<string> flows, bool hasOwn)
    {
        var defined = flows.Select(FolderOf).ToHashSet(StringComparer.Ordinal);
        if (hasOwn) defined.Add(_root);
        return [.. _flows.Where(f => !defined.Contains(f.Key) && f.Value.Any(r => r.Key.Generation == Generation && (r.Value.Contains("done") || IsOpen(r.Value)))).Select(f => f.Key == _root ? "" : Uri.UnescapeDataString(f.Key[(f.Key.LastIndexOf('/') + 1)..])).Order(StringComparer.Ordinal)];
    }

    /// <summary>The ids of all flows that ever wrote the table.</summary>
    public async Task<IReadOnlyList<string>> IdsAsync(CancellationToken cancel)
    {
        var ids = new List<string>();
        foreach (var folder in _flows.Keys)
        {
            if (await _store.TryReadAsync(folder + "/flow.json", cancel) is { } identity) ids.Add(FlowState.ReadId(identity, folder));
        }
        return ids;
    }

    private static bool IsOpen(HashSet<string> kinds) => kinds.Contains("prepared") && !kinds.Contains("void");

    private string FolderOfKey(string key)
    {
        var start = $"{_root}/{Named}/";
        if (!key.StartsWith(start, StringComparison.Ordinal)) return _root;
        var end = key.IndexOf('/', start.Length);
        return end < 0 ? _root : key[..end];
    }
}
