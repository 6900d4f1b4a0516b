namespace Smelt.Pipelines;

/// <summary>The files of a pipeline's folder, sorted, as paths relative to it with forward slashes.</summary>
internal sealed class PipelineFiles
{
    public List<(string File, Layer Layer)> Datasets { get; } = [];
    public List<string> Functions { get; } = [];
    public List<string> Tests { get; } = [];

    /// <summary>YAML files in layer folders and properties.yml in the root.</summary>
    public List<(string File, Layer? Layer)> Properties { get; } = [];

    public static PipelineFiles Find(string folder, List<Diagnostic> diagnostics)
    {
        var files = new PipelineFiles();
        foreach (var layer in Enum.GetValues<Layer>())
        {
            foreach (var file in In(folder, DatasetName.SchemaOf(layer)))
            {
                if (file.EndsWith(".spark.sql", StringComparison.OrdinalIgnoreCase)) continue;
                if (IsSql(file)) files.Datasets.Add((file, layer));
                else if (IsYaml(file)) files.Properties.Add((file, layer));
            }
        }
        files.Functions.AddRange(In(folder, "functions").Where(IsSql));
        files.Tests.AddRange(In(folder, "tests").Where(IsSql));
        files.InRoot(folder, diagnostics);
        return files;
    }

    private void InRoot(string folder, List<Diagnostic> diagnostics)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            if (file is "properties.yml" or "properties.yaml" or "schema.yml") Properties.Add((file, null));
            else if (IsSql(file))
                diagnostics.Add(new Diagnostic(DiagnosticCodes.MisplacedFile, Severity.Warning, file, 0, 0, "This file is in no layer, and nothing reads it.",
                    "Move it to bronze, silver, gold, functions or tests."));
        }
    }

    private static bool IsSql(string file) => file.EndsWith(".sql", StringComparison.OrdinalIgnoreCase);
    private static bool IsYaml(string file) => file.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> In(string folder, string name)
    {
        var root = Path.Combine(folder, name);
        if (!Directory.Exists(root)) return [];
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.System };
        return Directory.EnumerateFiles(root, "*", options)
            .Select(p => Path.GetRelativePath(folder, p).Replace('\\', '/'))
            .Where(p => !p.Contains("/.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
    }
}
