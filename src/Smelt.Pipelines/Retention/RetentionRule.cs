using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>An entry of <c>retention:</c> in smelt.yml or in a target of platform.yml: a layer or a dataset, and how long its rows are kept.</summary>
/// <param name="Layer">The layer that it is for; null where it names a dataset.</param>
/// <param name="Dataset">The dataset that it is for.</param>
/// <param name="File">Where it stands.</param>
public sealed record RetentionRule(Layer? Layer, DatasetName? Dataset, RetentionPeriod Period, string File, FilePosition Position)
{
    /// <param name="map">Keys are layers and datasets.</param>
    /// <param name="own">Keys that mean something else there.</param>
    internal static IReadOnlyList<RetentionRule> Read(YamlMap? map, string file, List<Diagnostic> diagnostics, params ReadOnlySpan<string> own)
    {
        var rules = new List<RetentionRule>();
        foreach (var entry in map?.Entries ?? [])
        {
            if (own.Contains(entry.Key.Value) || entry.Value is not YamlScalar value) continue;
            Layer? layer = DatasetName.TryLayer(entry.Key.Value, out var found) ? found : null;
            DatasetName? dataset = DatasetName.TryParse(entry.Key.Value, out var name) ? name : null;
            void Report(string code, FilePosition at, string message, string hint) => diagnostics.Add(new Diagnostic(code, Severity.Error, file, at.Line, at.Column, message, hint));
            if (layer is null && dataset is null)
                Report(DiagnosticCodes.UnknownKey, entry.Key.Position, $"'{entry.Key.Value}' in 'retention' is neither a layer nor a dataset.", "Write bronze, silver, gold, or layer.dataset.");
            else if (!RetentionPeriod.TryParse(value.Value, out var period))
                Report(DiagnosticCodes.WrongValue, value.Position, $"'{value.Value}' is not how long rows are kept.", $"Write {RetentionPeriod.Form}.");
            else rules.Add(new RetentionRule(layer, dataset, period, file, entry.Key.Position));
        }
        return rules;
    }
}

/// <summary>How long a dataset's rows are kept, by which column's days, and who says so.</summary>
/// <param name="Column">The column; null where the dataset has none that tells days.</param>
/// <param name="Rule">Null where TBLPROPERTIES say it.</param>
public sealed record RetentionPolicy(RetentionPeriod Period, string? Column, RetentionRule? Rule)
{
    /// <summary>In TBLPROPERTIES; the value is how long rows are kept.</summary>
    public const string Property = "smelt.retention";

    /// <summary>Whether it was said of this dataset, and not of its layer.</summary>
    public bool IsNamed => Rule?.Layer is null;

    /// <returns>Null where nothing says how long.</returns>
    public static RetentionPolicy? Of(Dataset dataset, ProjectSettings project, TargetSettings target) => Of(dataset.Name, dataset.Kind, dataset.Properties, project, target);

    /// <summary>The dataset's own property comes first, then rules that name it, then those of its layer; of platform.yml before those of smelt.yml.</summary>
    internal static RetentionPolicy? Of(DatasetName name, DatasetKind kind, IReadOnlyDictionary<string, string> properties, ProjectSettings project, TargetSettings target)
    {
        string? Own(string key) => properties.FirstOrDefault(p => p.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
        // Of bronze whole ingestion dates go, so that a file's rows go together.
        var column = kind == DatasetKind.StreamingTable && name.Layer == Layer.Bronze ? project.MetadataColumns.IngestionDate : Own(DayColumn.Property);
        if (Own(Property) is { } text && RetentionPeriod.TryParse(text, out var own)) return new RetentionPolicy(own, column, null);
        var rules = target.Retention.Concat(project.Retention).ToList();
        var rule = rules.Find(r => r.Dataset == name) ?? rules.Find(r => r.Layer == name.Layer);
        return rule is null ? null : new RetentionPolicy(rule.Period, column, rule);
    }
}
