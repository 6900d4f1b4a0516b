using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>A properties file as read.</summary>
/// <param name="Layer">Of the folder it lies in; null in the root.</param>
internal sealed record PropertiesFile(string File, Layer? Layer, YamlMap Map)
{
    public IEnumerable<YamlMap> Models => Map.List("models").Concat(Map.List("tables")).OfType<YamlMap>();

    public static List<PropertiesFile> ReadAll(string folder, IEnumerable<(string File, Layer? Layer)> files, List<Diagnostic> diagnostics)
    {
        var read = new List<PropertiesFile>();
        foreach (var (file, layer) in files)
        {
            if (YamlFile.ReadFile(folder, file, diagnostics) is not { } map) continue;
            new ShapeChecker(file, diagnostics).Check(map, ProjectShapes.Properties, "");
            read.Add(new PropertiesFile(file, layer, map));
        }
        return read;
    }
}

/// <summary>Finds the dataset that a properties file names.</summary>
internal sealed class DatasetFinder(IReadOnlyList<DatasetDraft> datasets, NameResolver names, List<Diagnostic> diagnostics)
{
    public DatasetDraft? TryFind(string name, Layer? layer)
    {
        if (DatasetName.TryParse(name, out var full) && names.Find(full) is { } exact) return exact;
        if (layer is { } own && names.Find(new DatasetName(own, name)) is { } local) return local;
        var named = Named(name);
        return layer is null && named.Count == 1 ? named[0] : null;
    }

    /// <summary>The same, with a diagnostic where there is none.</summary>
    public DatasetDraft? Find(string name, Layer? layer, string file, FilePosition at)
    {
        if (TryFind(name, layer) is { } found) return found;
        var named = Named(name);
        var near = NearestName.Of(name, datasets.Where(d => layer is null || d.Name.Layer == layer).Select(d => d.Name.Name));
        diagnostics.Add(new Diagnostic(DiagnosticCodes.PropertiesOfUnknown, Severity.Error, file, at.Line, at.Column,
            named.Count > 1 ? $"'{name}' may be {string.Join(" or ", named.Select(d => d.Name))}." : $"There is no dataset '{name}' to describe.",
            near is not null ? $"Did you mean '{near}'?" : named.Count > 0 ? $"Write {named[0].Name}." : null));
        return null;
    }

    private List<DatasetDraft> Named(string name) => [.. datasets.Where(d => d.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
}
