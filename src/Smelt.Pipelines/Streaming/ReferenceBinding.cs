using System.Text;
using System.Text.Json.Nodes;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Streaming;

/// <summary>Puts other names in place of a tree's tables and source calls, and notes which nodes are streamed.</summary>
internal sealed class ReferenceBinding(DatasetQuery query, QueryBindings bindings)
{
    private readonly Dictionary<int, TableReference> _references = query.References.ToDictionary(r => r.Span.Start);
    private readonly Dictionary<int, SourceCall> _sources = query.Sources.ToDictionary(s => s.Span.Start);

    /// <summary>Nodes of FROM that are streams.</summary>
    public HashSet<JsonObject> Streams { get; } = [];

    public void Bind(JsonObject top)
    {
        // Positions tell references and CTE names apart: only the former are in the compiled query's list.
        foreach (var node in top.Under().Where(n => n.Type() is "BASE_TABLE" or "TABLE_FUNCTION").ToList())
        {
            var offset = Offset(node.Location());
            if (node.Type() == "BASE_TABLE" && _references.TryGetValue(offset, out var reference)) Table(node, reference);
            else if (node.Type() == "TABLE_FUNCTION" && _sources.TryGetValue(offset, out var source)) Source(node, source);
        }
    }

    private int Offset(int location)
    {
        if (location < 0 || Ascii.IsValid(query.Text)) return location;
        return Encoding.UTF8.GetCharCount(Encoding.UTF8.GetBytes(query.Text).AsSpan(0, location));
    }

    private void Table(JsonObject node, TableReference reference)
    {
        if (reference.IsStream) Streams.Add(node);
        if (bindings.Table(reference) is not { } name) return;
        var parts = Parts(name);
        if (node.Alias().Length == 0 && !EndsWith(parts, reference.Parts)) node["alias"] = reference.Parts[^1];
        SetName(node, parts);
    }

    private static bool EndsWith(List<string> parts, IReadOnlyList<string> suffix) =>
        parts.Count >= suffix.Count && parts[^suffix.Count..].Zip(suffix).All(p => p.First.Equals(p.Second, StringComparison.OrdinalIgnoreCase));

    private void Source(JsonObject node, SourceCall source)
    {
        if (source.IsStream) Streams.Add(node);
        if (bindings.Source(source) is not { } name) return;
        node.Remove("function");
        node["type"] = "BASE_TABLE";
        if (node.Alias().Length == 0) node["alias"] = source.Function;
        SetName(node, Parts(name));
    }

    /// <summary>Gives a table's node another name, written as SQL has it.</summary>
    public static void SetName(JsonObject node, string name) => SetName(node, Parts(name));

    private static void SetName(JsonObject node, List<string> parts)
    {
        node["table_name"] = parts[^1];
        node.Remove("schema_name");
        node.Remove("catalog_name");
        if (parts.Count > 1) node["schema_name"] = parts[^2];
        if (parts.Count > 2) node["catalog_name"] = parts[^3];
    }

    private static List<string> Parts(string name)
    {
        var parts = Lexer.Read(name).FindAll(t => t.IsName).ConvertAll(t => t.Name(name));
        return parts.Count > 0 ? parts : throw new ArgumentException($"'{name}' is no table's name.", nameof(name));
    }
}
