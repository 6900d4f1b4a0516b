namespace Smelt.Pipelines;

/// <summary>Puts datasets in an order in which each comes after what it reads; cycles are reported with their path.</summary>
internal static class TopologicalOrder
{
    /// <summary>The datasets by level; those in a cycle, or behind one, come last in a level of their own.</summary>
    public static List<List<DatasetDraft>> Levels(IReadOnlyList<DatasetDraft> datasets, NameResolver names)
    {
        var inputs = new Dictionary<DatasetDraft, List<DatasetDraft>>();
        var readers = datasets.ToDictionary(d => d, _ => new List<DatasetDraft>());
        var open = new Dictionary<DatasetDraft, int>();
        foreach (var dataset in datasets)
        {
            var own = dataset.Inputs.Select(names.Find).OfType<DatasetDraft>().Distinct().ToList();
            inputs[dataset] = own;
            open[dataset] = own.Count;
            foreach (var input in own) readers[input].Add(dataset);
        }
        var levels = new List<List<DatasetDraft>>();
        var current = Sorted(datasets.Where(d => open[d] == 0));
        var done = 0;
        while (current.Count > 0)
        {
            levels.Add(current);
            done += current.Count;
            current = Sorted(current.SelectMany(d => readers[d]).Where(r => --open[r] == 0));
        }
        if (done < datasets.Count) levels.Add(Cycles(Sorted(datasets.Where(d => open[d] > 0)), inputs));
        return levels;
    }

    private static List<DatasetDraft> Sorted(IEnumerable<DatasetDraft> datasets) => [.. datasets.OrderBy(d => d.Name)];

    private static List<DatasetDraft> Cycles(List<DatasetDraft> left, Dictionary<DatasetDraft, List<DatasetDraft>> inputs)
    {
        var visited = new HashSet<DatasetDraft>();
        foreach (var dataset in left)
        {
            var path = new List<DatasetDraft>();
            var at = dataset;
            // Every dataset left reads another one that is left, so that walking up ends in a cycle.
            while (visited.Add(at))
            {
                path.Add(at);
                at = inputs[at].Find(left.Contains)!;
            }
            var start = path.IndexOf(at);
            if (start >= 0) Report(path[start..]);
        }
        foreach (var dataset in left) dataset.IsInCycle = true;
        return left;
    }

    private static void Report(List<DatasetDraft> cycle)
    {
        var first = cycle.IndexOf(cycle.MinBy(d => d.Name)!);
        var rotated = cycle[first..].Concat(cycle[..first]).ToList();
        var next = rotated.Count > 1 ? rotated[1] : rotated[0];
        var path = string.Join(" → ", rotated.Append(rotated[0]).Select(d => d.Name));
        var query = rotated[0].Queries.FirstOrDefault(q => q.References.Values.Any(r => r.Dataset == next.Name)) ?? rotated[0].Queries.First();
        var reference = query.References.Values.FirstOrDefault(r => r.Dataset == next.Name);
        query.Unit.Report(DiagnosticCodes.Cycle, reference?.Span.Start ?? 0, $"Datasets read each other in a circle: {path}.", "Break the circle: one of them must do without the next.");
    }
}
