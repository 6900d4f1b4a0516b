namespace Smelt.Pipelines;

/// <summary>The files of a pipeline's folder, sorted, as paths relative to it with forward slashes.</summary>
internal sealed class PipelineFiles
{
    /// <summary>Folder of variants: <c>variants/b/silver/orders.sql</c> is <c>silver.orders@b</c>.</summary>
    public const string Variants = "variants";

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
            foreach (var file in In(folder, DatasetName.SchemaOf(layer), diagnostics))
            {
                if (file.EndsWith(".spark.sql", StringComparison.OrdinalIgnoreCase)) continue;
                if (IsSql(file)) files.Datasets.Add((file, layer));
                else if (IsYaml(file)) files.Properties.Add((file, layer));
            }
        }
        foreach (var file in In(folder, Variants, diagnostics)) files.OfVariant(file, diagnostics);
        files.Functions.AddRange(In(folder, "functions", diagnostics).Where(IsSql));
        files.Tests.AddRange(In(folder, "tests", diagnostics).Where(IsSql));
        files.InRoot(folder, diagnostics);
        return files;
    }

    private void OfVariant(string file, List<Diagnostic> diagnostics)
    {
        if (IsSql(file) && file.Split('/') is [_, _, var schema, _, ..] && DatasetName.TryLayer(schema, out var layer)) Datasets.Add((file, layer));
        else if (IsSql(file) || IsYaml(file))
            diagnostics.Add(new Diagnostic(DiagnosticCodes.MisplacedFile, Severity.Warning, file, 0, 0, "Nothing reads this file: a variant holds datasets by layer.", "Move it to variants/NAME/silver/, say."));
    }

    /// <summary>The variant that a dataset's file belongs to, by its folder or its name; null for an original.</summary>
    public static string? VariantOf(string file)
    {
        if (file.Split('/') is [Variants, var variant, _, _, ..]) return variant;
        var name = Path.GetFileNameWithoutExtension(file);
        return name.LastIndexOf('@') is > 0 and var at && at < name.Length - 1 ? name[(at + 1)..] : null;
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

    /// <summary>A folder that cannot be listed is an error: without its files a pipeline would look smaller than it is, and its tables like orphans.</summary>
    private static IReadOnlyList<string> In(string folder, string name, List<Diagnostic> diagnostics)
    {
        var root = Path.Combine(folder, name);
        if (!Directory.Exists(root)) return [];
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.System, IgnoreInaccessible = false };
        try
        {
            return
            [
                .. Directory.EnumerateFiles(root, "*", options)
                    .Select(p => Path.GetRelativePath(folder, p).Replace('\\', '/'))
                    .Where(p => !p.Contains("/.", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            diagnostics.Add(new Diagnostic(DiagnosticCodes.UnreadableFile, Severity.Error, name, 0, 0, $"The folder cannot be listed: {wrong.Message}", "Change its permissions, or run as the user that owns it."));
            return [];
        }
    }
}
