using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>smelt.yml to <see cref="ProjectSettings"/>.</summary>
internal static class ProjectReader
{
    public const string FileName = "smelt.yml";

    public static (ProjectSettings Settings, YamlMap? Map) Read(string folder, List<Diagnostic> diagnostics)
    {
        var fallback = new ProjectSettings { Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) };
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            diagnostics.Add(new Diagnostic(DiagnosticCodes.NoProject, Severity.Error, FileName, 0, 0, $"There is no {FileName} in '{folder}'.",
                "A pipeline is a folder with a smelt.yml; 'smelt init <dir>' makes one."));
            return (fallback, null);
        }
        var map = YamlFile.ReadFile(folder, FileName, diagnostics);
        if (map is null) return (fallback, null);
        new ShapeChecker(FileName, diagnostics).Check(map, ProjectShapes.Project, "");
        if (map.Text("quarantine_name") is { } name && (!name.Contains(ProjectSettings.TableWord, StringComparison.Ordinal) || name.Trim() == ProjectSettings.TableWord))
        {
            var at = map["quarantine_name"]!.Position;
            diagnostics.Add(new Diagnostic(DiagnosticCodes.WrongValue, Severity.Error, FileName, at.Line, at.Column,
                $"quarantine_name cannot be '{name}': every dataset needs a quarantine of its own, beside itself.", "Write {table} and something more: '{table}__quarantine'."));
        }
        return (Settings(map, fallback) with { Retention = RetentionRule.Read(map.Map("retention"), FileName, diagnostics) }, map);
    }

    private static ProjectSettings Settings(YamlMap map, ProjectSettings fallback) => fallback with
    {
        Name = map.Text("name") ?? fallback.Name,
        Version = map.Text("version"),
        Description = map.Text("description"),
        Variables = Variables(map),
        CastErrors = CastErrors(map) ?? CastErrorAction.Quarantine,
        QuarantineName = map.Text("quarantine_name") ?? fallback.QuarantineName,
        MetadataColumns = Metadata(map.Map("metadata_columns")),
        Defaults = Defaults(map.Map("defaults")),
        GatesBlock = GatesBlock(map) ?? true,
        Policies = PolicyRule.Read(map),
        ProfilesAll = map.Text("column_profile") == "all",
        Schedule = map.Text("schedule"),
    };

    private static Dictionary<string, string?> Variables(YamlMap map)
    {
        var variables = new Dictionary<string, string?>();
        foreach (var key in (string[])["variables", "vars"])
        {
            foreach (var entry in map.Map(key)?.Entries ?? [])
                variables[entry.Key.Value] = entry.Value is YamlScalar { IsNull: false } scalar ? scalar.Value : null;
        }
        return variables;
    }

    private static CastErrorAction? CastErrors(YamlMap map) => map.Text("cast_errors") switch
    {
        "quarantine" => CastErrorAction.Quarantine,
        "drop" => CastErrorAction.Drop,
        "null" => CastErrorAction.Null,
        "fail" => CastErrorAction.Fail,
        // A plain `null` is YAML's nothing, and here the word.
        null when map["cast_errors"] is YamlScalar { IsNull: true, Value: not "" } => CastErrorAction.Null,
        _ => null,
    };

    private static bool? GatesBlock(YamlMap map) => map.Text("gates") switch { "block" => true, "report" => false, _ => null };

    private static MetadataColumns Metadata(YamlMap? map)
    {
        string? Name(string key) => map?[key] switch
        {
            null or YamlScalar { Boolean: true } => key,
            YamlScalar { Boolean: false } or YamlScalar { IsNull: true } => null,
            YamlScalar scalar => scalar.Value,
            _ => key,
        };
        return new MetadataColumns
        {
            IngestedAt = Name("_ingested_at"), IngestionDate = Name("_ingestion_date"), Source = Name("_source"),
            SourceFile = Name("_source_file"), BatchId = Name("_batch_id"), RescuedData = Name("_rescued_data"),
        };
    }

    private static Dictionary<Layer, LayerDefaults> Defaults(YamlMap? map)
    {
        var defaults = new Dictionary<Layer, LayerDefaults>();
        foreach (var entry in map?.Entries ?? [])
        {
            if (!DatasetName.TryLayer(entry.Key.Value, out var layer) || entry.Value is not YamlMap own) continue;
            var properties = new Dictionary<string, string>();
            foreach (var property in own.Map("properties")?.Entries ?? [])
            {
                if (property.Value is YamlScalar value) properties[property.Key.Value] = value.Value;
            }
            defaults[layer] = new LayerDefaults { Properties = properties, Tags = own.Texts("tags"), CastErrors = CastErrors(own), GatesBlock = GatesBlock(own) };
        }
        return defaults;
    }
}
