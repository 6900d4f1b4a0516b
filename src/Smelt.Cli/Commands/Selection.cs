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
        var nearest = session.Pipeline.Graph.Datasets
            .Select(d => (Text: d.Name.ToString(), Distance: Math.Min(Distance(name, d.Name.ToString()), Distance(name, d.Name.Name))))
            .OrderBy(static d => d.Distance).FirstOrDefault();
        return nearest.Text is not null && nearest.Distance <= 3 ? $" Did you mean {nearest.Text}?" : "";
    }

    /// <summary>Levenshtein's distance, case ignored.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (row[j], diagonal) = (Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + same), row[j]);
            }
        }
        return row[^1];
    }
}
