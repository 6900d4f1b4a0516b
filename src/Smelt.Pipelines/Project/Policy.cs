using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>Which changes of a table's columns are allowed.</summary>
public enum SchemaChanges
{
    Any,

    /// <summary>New columns only.</summary>
    Additive,
    None,
}

/// <summary>What smelt.yml asks of datasets under <c>policies:</c>.</summary>
public sealed record Policy
{
    public SchemaChanges? SchemaChanges { get; init; }

    /// <summary>Regular expressions that whole names fit.</summary>
    public string? DatasetNames { get; init; }
    public string? ColumnNames { get; init; }

    /// <summary>Whether datasets are described, and whether their columns are.</summary>
    public bool? DatasetDocs { get; init; }
    public bool? ColumnDocs { get; init; }

    /// <summary>This policy with what another says in its place.</summary>
    public Policy Under(Policy other) => new()
    {
        SchemaChanges = other.SchemaChanges ?? SchemaChanges, DatasetNames = other.DatasetNames ?? DatasetNames, ColumnNames = other.ColumnNames ?? ColumnNames,
        DatasetDocs = other.DatasetDocs ?? DatasetDocs, ColumnDocs = other.ColumnDocs ?? ColumnDocs,
    };
}

/// <summary>A policy and the datasets that it is for; both null: all.</summary>
public sealed record PolicyRule(Layer? Layer, string? Dataset, Policy Policy)
{
    public bool IsFor(DatasetName name) => (Layer is null || Layer == name.Layer)
        && (Dataset is null || name.ToString().Equals(Dataset, StringComparison.OrdinalIgnoreCase) || name.Name.Equals(Dataset, StringComparison.OrdinalIgnoreCase));

    internal static IReadOnlyList<PolicyRule> Read(YamlMap map) => [.. map.List("policies").OfType<YamlMap>().Select(static own => new PolicyRule(
        own.Text("layer") is { } layer && DatasetName.TryLayer(layer, out var found) ? found : null, own.Text("dataset"), new Policy
        {
            SchemaChanges = own.Text("schema_changes") switch { "any" => Pipelines.SchemaChanges.Any, "additive" => Pipelines.SchemaChanges.Additive, "none" => Pipelines.SchemaChanges.None, _ => null },
            DatasetNames = own.Map("naming")?.Text("datasets"), ColumnNames = own.Map("naming")?.Text("columns"),
            DatasetDocs = own.Text("require_docs") switch { "true" or "datasets" or "columns" => true, "false" => false, _ => null },
            ColumnDocs = own.Text("require_docs") switch { "columns" => true, "false" or "datasets" or "true" => false, _ => null },
        }))];
}
