namespace Smelt.Pipelines;

/// <summary>The datasets and how they read each other. Holds no cycle unless the compilation has an error.</summary>
public sealed class PipelineGraph
{
    private readonly Dictionary<DatasetName, Dataset> _byName;
    private readonly Dictionary<DatasetName, IReadOnlyList<Dataset>> _upstream = [];
    private readonly Dictionary<DatasetName, List<Dataset>> _downstream = [];

    /// <param name="ordered">Topological order: inputs before readers.</param>
    public PipelineGraph(IReadOnlyList<Dataset> ordered)
    {
        Datasets = ordered;
        _byName = new Dictionary<DatasetName, Dataset>(ordered.Count);
        foreach (var dataset in ordered) _byName.TryAdd(dataset.Name, dataset);
        foreach (var dataset in ordered) _downstream[dataset.Name] = [];
        foreach (var dataset in ordered)
        {
            var inputs = dataset.Inputs.Where(_byName.ContainsKey).Select(n => _byName[n]).ToList();
            _upstream[dataset.Name] = inputs;
            foreach (var input in inputs) _downstream[input.Name].Add(dataset);
        }
    }

    public static PipelineGraph Empty { get; } = new([]);

    /// <summary>All datasets, views included, in topological order (ties by name).</summary>
    public IReadOnlyList<Dataset> Datasets { get; }

    public Dataset? Find(DatasetName name) => _byName.GetValueOrDefault(name);

    /// <summary>By <c>layer.name</c>, or by name alone where only one layer has it.</summary>
    public Dataset? Find(string name)
    {
        if (DatasetName.TryParse(name, out var full) && _byName.TryGetValue(full, out var dataset)) return dataset;
        Dataset? found = null;
        foreach (var candidate in Datasets)
        {
            if (!candidate.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            if (found is not null) return null;
            found = candidate;
        }
        return found;
    }

    /// <summary>What it reads directly.</summary>
    public IReadOnlyList<Dataset> Upstream(DatasetName name) => _upstream.GetValueOrDefault(name) ?? [];

    /// <summary>What reads it directly.</summary>
    public IReadOnlyList<Dataset> Downstream(DatasetName name) => _downstream.GetValueOrDefault(name) ?? (IReadOnlyList<Dataset>)[];

    /// <summary>Datasets by distance from the sources: all inputs of a level are in earlier ones.</summary>
    public IReadOnlyList<IReadOnlyList<Dataset>> Levels()
    {
        var level = new Dictionary<DatasetName, int>(Datasets.Count);
        var levels = new List<List<Dataset>>();
        foreach (var dataset in Datasets)
        {
            var own = 0;
            foreach (var input in Upstream(dataset.Name)) own = Math.Max(own, level.GetValueOrDefault(input.Name, -1) + 1);
            level[dataset.Name] = own;
            while (levels.Count <= own) levels.Add([]);
            levels[own].Add(dataset);
        }
        return levels;
    }
}
