namespace Smelt.Pipelines;

/// <summary>Holds a sink's folder against those that the pipeline itself reads or writes: the sink's files would be read back there, taken for definitions, or removed as nobody's.</summary>
internal sealed class SinkChecks(string folder, TargetSettings target, IReadOnlyCollection<string> schemaFiles)
{
    private static readonly string[] s_definitions = [.. Enum.GetValues<Layer>().Select(DatasetName.SchemaOf), "functions", "tests", PipelineFiles.Variants];

    private readonly string _root = Trimmed(Path.GetFullPath(folder));

    public void Check(IReadOnlyList<DatasetDraft> datasets)
    {
        foreach (var sink in datasets)
        {
            if (sink.Sink is not { } settings || Why(settings, datasets) is not { } why) continue;
            var at = sink.Statement.Properties.Last(static p => p.Item1.Equals("path", StringComparison.OrdinalIgnoreCase)).Item3;
            sink.Report(DiagnosticCodes.BadOption, at, $"A sink's path cannot be '{settings.Path}', {why}.", "Name a folder of its own: path = 'out/daily'.");
        }
    }

    private string? Why(SinkSettings sink, IReadOnlyList<DatasetDraft> datasets)
    {
        var path = Full(sink.Path);
        if (path == _root) return "which is the pipeline's own folder, where its settings lie";
        // Layers may lie apart from the storage.
        foreach (var storage in Enum.GetValues<Layer>().Select(target.StorageOf).Prepend(target.Storage))
        {
            if (!storage.Contains("://", StringComparison.Ordinal) && IsWithin(path, Full(storage))) return $"which is in the storage of the target {target.Name} ({storage}): what no table knows is removed there by `smelt maintain`";
        }
        if (Array.Find(s_definitions, d => IsWithin(path, Full(d))) is { } definitions) return $"which is in the folder {definitions}, where the pipeline's definitions lie";
        if (schemaFiles.FirstOrDefault(s => Path.GetDirectoryName(Full(s)) == path) is { } schema) return $"where the pipeline's JSON Schema {schema} lies";
        foreach (var dataset in datasets)
        {
            if (Sources(dataset).FirstOrDefault(s => IsRead(path, sink.File, s)) is { } source) return $"because {dataset.Name} reads files from '{source}': its input and the sink's files have to lie apart, neither folder in the other";
        }
        return null;
    }

    private static IEnumerable<string> Sources(DatasetDraft dataset) =>
        dataset.Queries.Concat(dataset.Queries.SelectMany(static q => q.Macros).SelectMany(static m => m.Bodies)).SelectMany(static q => q.Sources)
            .Where(static s => s.Function == "read_files" && s.Arguments.Count > 0).SelectMany(static s => s.Arguments[0].Kind == ConstantKind.List ? s.Arguments[0].Items : [s.Arguments[0]])
            .Where(static a => a.Kind == ConstantKind.Text && a.Text.Length > 0).Select(static a => a.Text.StartsWith("file://", StringComparison.Ordinal) ? a.Text["file://".Length..] : a.Text);

    /// <summary>Whether the sink's folder is one that a source reads, lies in one, or has one in it.</summary>
    private bool IsRead(string path, string file, string source)
    {
        string[] own = path.Split('/'), read = Full(source).Split('/');
        for (var i = 0; i < Math.Min(own.Length, read.Length); i++)
        {
            if (read[i] == "**") return true;
            if (!Fits(own[i], read[i])) return false;
        }
        // One file by its name: whatever else is written beside it, nobody reads.
        var isOneFile = own.Length < read.Length && Path.HasExtension(read[^1]) && !IsPattern(read[^1]);
        return !isOneFile || (own.Length == read.Length - 1 && file == read[^1]);
    }

    private static bool Fits(string name, string pattern) =>
        !IsPattern(pattern) ? name == pattern : pattern.Contains('[', StringComparison.Ordinal) || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private static bool IsPattern(string segment) => segment.AsSpan().IndexOfAny("*?[") >= 0;

    private static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder == "/" ? folder : folder + "/", StringComparison.Ordinal);

    private string Full(string path) => Trimmed(Path.GetFullPath(path, _root));

    private static string Trimmed(string path) => path.Length > 1 ? path.TrimEnd('/') : path;
}
