using System.CommandLine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>The datasets that a verb's options name.</summary>
internal static class Selection
{
    /// <exception cref="UsageException">The selection is malformed or names nothing.</exception>
    public static async Task<IReadOnlyList<Dataset>> OfAsync(Terminal terminal, PipelineSession session, string? select, string? exclude, CancellationToken cancel)
    {
        var needsState = (select + " " + exclude).Contains("state:", StringComparison.Ordinal);
        var state = needsState ? new SelectionState { PreviousHashes = await PreviousUpdates.HashesAsync(session, cancel) } : null;
        var result = DatasetSelector.Select(session.Pipeline.Graph, select, exclude, state);
        if (result.Diagnostics.FirstOrDefault(static d => d.Severity == Severity.Error) is { } error) throw new UsageException(error.Message, error.Code);
        // `--select tag:x` with no such tag is no mistake (a nightly job may ask for it), but an update of nothing should say why.
        DiagnosticView.Write(terminal, result.Diagnostics);
        return result.Datasets;
    }

    /// <summary>Datasets named in a comma-separated list.</summary>
    public static HashSet<DatasetName> Names(PipelineSession session, string? list, string option)
    {
        var names = new HashSet<DatasetName>();
        foreach (var text in (list ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var dataset = session.Pipeline.Graph.Find(text) ?? throw new UsageException($"{option}: there is no dataset {text}.{Nearest(session, text)}");
            if (dataset.IsView) throw new UsageException($"{option}: {dataset.Name} is a view and is never stored.");
            names.Add(dataset.Name);
        }
        return names;
    }

    public static Dataset One(PipelineSession session, string name) =>
        session.Pipeline.Graph.Find(name) ?? throw new UsageException($"There is no dataset {name}.{Nearest(session, name)}");

    private static string Nearest(PipelineSession session, string name)
    {
        var datasets = session.Pipeline.Graph.Datasets;
        if (datasets.Where(d => d.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static d => d.Name.ToString()).ToList() is { Count: > 1 } several)
            return $" Several layers have that name: write {string.Join(" or ", several)}.";
        var nearest = NearestName.Of(name, datasets.Select(static d => d.Name.ToString())) ?? NearestName.Of(name, datasets.Select(static d => d.Name.Name));
        return nearest is null ? "" : $" Did you mean {session.Pipeline.Graph.Find(nearest)?.Name.ToString() ?? nearest}?";
    }
}
