using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>One rule of a set as YAML gives it.</summary>
/// <param name="Action">Null: the set's.</param>
internal sealed record RuleText(string Name, string Predicate, ViolationAction? Action, string File, FilePosition Position)
{
    public string? Words { get; init; }
    public string? Description { get; init; }
    public string? Severity { get; init; }
    public string? Owner { get; init; }
}

/// <summary>A named set of rules under <c>expectations:</c> of a properties file.</summary>
internal sealed record RuleSet(string Name, IReadOnlyList<RuleText> Rules, ViolationAction? Action)
{
    /// <summary>Datasets that it names itself.</summary>
    public IReadOnlyList<YamlScalar> ApplyTo { get; init; } = [];

    /// <summary>A JSON Schema that gives its rules: where it is used, as the columns may be another dataset's.</summary>
    public YamlMap? Schema { get; init; }
}
