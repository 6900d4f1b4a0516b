using System.IO.Enumeration;

namespace Smelt.Pipelines;

/// <summary>dbt's selection syntax over the graph.</summary>
public static class DatasetSelector
{
    private static readonly string[] s_methods = ["layer", "tag", "path", "kind", "state", "name", "variant"];

    /// <summary>
    /// What <paramref name="select"/> chooses, less <paramref name="exclude"/>; null or blank select means everything. Space unites, comma intersects;
    /// <c>+m</c>, <c>m+</c>, <c>2+m</c>, <c>m+3</c>, <c>@m</c>; <c>layer:</c>, <c>tag:</c>, <c>path:</c>, <c>kind:</c>, <c>state:modified</c>,
    /// <c>state:new</c>; names may hold <c>*</c> and <c>?</c>.
    /// </summary>
    public static SelectionResult Select(PipelineGraph graph, string? select, string? exclude, SelectionState? state = null)
    {
        var diagnostics = new List<Diagnostic>();
        var selector = new SelectorEvaluation(graph, state ?? new SelectionState(), diagnostics);
        var chosen = string.IsNullOrWhiteSpace(select) ? [.. graph.Datasets] : selector.Union(select);
        if (!string.IsNullOrWhiteSpace(exclude)) chosen.ExceptWith(selector.Union(exclude));
        return new SelectionResult([.. graph.Datasets.Where(chosen.Contains)], diagnostics);
    }

    private sealed class SelectorEvaluation(PipelineGraph graph, SelectionState state, List<Diagnostic> diagnostics)
    {
        public HashSet<Dataset> Union(string text)
        {
            var all = new HashSet<Dataset>();
            foreach (var part in text.Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries)) all.UnionWith(Intersection(part));
            return all;
        }

        private HashSet<Dataset> Intersection(string text)
        {
            HashSet<Dataset>? all = null;
            foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                var one = One(part);
                if (all is null) all = one;
                else all.IntersectWith(one);
            }
            return all ?? [];
        }

        private HashSet<Dataset> One(string text)
        {
            var selector = SelectorText.Read(text);
            if (selector is null || selector.Core.Length == 0)
            {
                Report(DiagnosticCodes.BadSelector, $"'{text}' is no selector.", "Write m, +m, m+, 2+m, m+3, @m, layer:silver, tag:x, path:silver/g1 or state:modified.");
                return [];
            }
            var found = Method(selector.Core, text);
            var all = new HashSet<Dataset>(found);
            if (selector.IsAt)
            {
                Walk(found, null, graph.Downstream, all);
                Walk([.. all], null, graph.Upstream, all);
            }
            if (selector.Up is { } up) Walk(found, up == int.MaxValue ? null : up, graph.Upstream, all);
            if (selector.Down is { } down) Walk(found, down == int.MaxValue ? null : down, graph.Downstream, all);
            return all;
        }

        private static void Walk(List<Dataset> from, int? depth, Func<DatasetName, IReadOnlyList<Dataset>> next, HashSet<Dataset> into)
        {
            var seen = new HashSet<Dataset>(from);
            var current = from;
            for (var step = 0; current.Count > 0 && (depth is null || step < depth); step++)
            {
                current = [.. current.SelectMany(d => next(d.Name)).Where(seen.Add)];
                into.UnionWith(current);
            }
        }

        private List<Dataset> Method(string core, string text)
        {
            var colon = core.IndexOf(':', StringComparison.Ordinal);
            var method = colon < 0 ? "name" : core[..colon].ToLowerInvariant();
            var value = colon < 0 ? core : core[(colon + 1)..];
            if (Array.IndexOf(s_methods, method) < 0)
            {
                Report(DiagnosticCodes.BadSelector, $"'{text}': there is no selection method '{method}'.", $"There are: {string.Join(", ", s_methods)}.");
                return [];
            }
            if (value.Length == 0)
            {
                Report(DiagnosticCodes.BadSelector, $"'{text}' says nothing after '{method}:'.", "Write layer:silver, tag:core, path:silver/shop or kind:streaming_table.");
                return [];
            }
            if (method == "state" && value is not ("modified" or "new"))
            {
                Report(DiagnosticCodes.BadSelector, $"'{text}': state is modified or new.", null);
                return [];
            }
            var found = graph.Datasets.Where(d => Matches(d, method, value)).ToList();
            if (found.Count == 0 && method != "state") NotFound(text, method, value);
            return found;
        }

        private void NotFound(string text, string method, string value)
        {
            var near = method == "name" ? NearestName.Of(value, graph.Datasets.SelectMany(d => (string[])[d.Name.Name, d.Name.ToString()])) : null;
            diagnostics.Add(new Diagnostic(DiagnosticCodes.NothingSelected, method == "name" && !value.Contains('*', StringComparison.Ordinal) ? Severity.Error : Severity.Warning, "", 0, 0,
                $"'{text}' selects nothing.", near is null ? null : $"Did you mean '{near}'?"));
        }

        private bool Matches(Dataset dataset, string method, string value) => method switch
        {
            "layer" => dataset.Name.Schema.Equals(value, StringComparison.OrdinalIgnoreCase),
            "tag" => dataset.Tags.Any(t => Like(value, t)),
            "variant" => dataset.Name.Variant is { } variant && Like(value, variant),
            "path" => Path(dataset.File, value),
            "kind" => dataset.Kind.ToString().Equals(value.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase),
            "state" => State(dataset, value),
            _ => Like(value, dataset.Name.Name) || Like(value, dataset.Name.ToString()),
        };

        private static bool Like(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true);

        private static bool Path(string file, string value)
        {
            value = value.TrimStart('.', '/').TrimEnd('/');
            return file.Equals(value, StringComparison.Ordinal) || file.StartsWith(value + "/", StringComparison.Ordinal) || Like(value, file);
        }

        private bool State(Dataset dataset, string value)
        {
            var isKnown = state.PreviousHashes.TryGetValue(dataset.Name, out var before);
            return value == "new" ? !isKnown : !isKnown || before != dataset.DefinitionHash;
        }

        private void Report(string code, string message, string? hint) => diagnostics.Add(new Diagnostic(code, Severity.Error, "", 0, 0, message, hint));
    }

    /// <summary>A selector's parts: <c>2+core+3</c>. <see cref="int.MaxValue"/> is all the way.</summary>
    private sealed record SelectorText(string Core, bool IsAt, int? Up, int? Down)
    {
        public static SelectorText? Read(string text)
        {
            var isAt = text.StartsWith('@');
            if (isAt) text = text[1..];
            int? up = null, down = null;
            var plus = text.IndexOf('+', StringComparison.Ordinal);
            if (plus >= 0 && text.AsSpan(0, plus).IndexOfAnyExceptInRange('0', '9') < 0)
            {
                if (Depth(text[..plus]) is not { } depth) return null;
                (up, text) = (depth, text[(plus + 1)..]);
            }
            plus = text.LastIndexOf('+');
            if (plus >= 0)
            {
                if (Depth(text[(plus + 1)..]) is not { } depth) return null;
                (down, text) = (depth, text[..plus]);
            }
            return new SelectorText(text, isAt, up, down);
        }

        private static int? Depth(string digits) => digits.Length == 0 ? int.MaxValue : int.TryParse(digits, out var depth) ? depth : null;
    }
}
