using System.Text;

namespace Smelt.Pipelines;

/// <summary>A query's text with other names in place of its references.</summary>
public static class QueryRendering
{
    /// <summary>
    /// The query with references and source calls replaced. A reference without alias keeps its old name as alias, so that <c>orders.id</c> goes on
    /// working; one replaced by a name whose last parts are the reference's own gets none, so that <c>silver.orders.id</c> does too.
    /// </summary>
    public static string RenderSql(DatasetQuery query, QueryBindings bindings)
    {
        var edits = new List<(TextSpan Span, string Text)>();
        foreach (var reference in query.References)
        {
            if (bindings.Table(reference) is { } name) edits.Add((reference.Span, Replacement(name, reference.Parts, reference.Alias)));
        }
        foreach (var source in query.Sources)
        {
            if (bindings.Source(source) is { } name) edits.Add((source.Span, source.Alias is null ? $"{name} AS {source.Function}" : name));
        }
        if (edits.Count == 0) return query.Text;
        edits.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        var text = new StringBuilder(query.Text.Length + (edits.Count * 32));
        var at = 0;
        foreach (var (span, replacement) in edits)
        {
            text.Append(query.Text, at, span.Start - at).Append(replacement);
            at = span.End;
        }
        return text.Append(query.Text, at, query.Text.Length - at).ToString();
    }

    private static string Replacement(string name, IReadOnlyList<string> parts, string? alias)
    {
        if (alias is not null || EndsWith(name, parts)) return name;
        return $"{name} AS {Smelt.DuckDb.SqlText.Identifier(parts[^1])}";
    }

    private static bool EndsWith(string name, IReadOnlyList<string> parts)
    {
        var suffix = string.Join('.', parts);
        var plain = name.Replace("\"", "", StringComparison.Ordinal);
        return plain.Equals(suffix, StringComparison.OrdinalIgnoreCase) || plain.EndsWith('.' + suffix, StringComparison.OrdinalIgnoreCase);
    }
}
