using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>Reads rules and rule sets out of YAML maps.</summary>
internal sealed class RuleSetReader(string file, List<Diagnostic> diagnostics)
{
    /// <summary>Lakeflow's words for a map of rules, with the action that each stands for.</summary>
    private static readonly (string Key, ViolationAction? Action)[] s_all =
    [
        ("expect_all", ViolationAction.Warn), ("expect_all_or_drop", ViolationAction.DropRow), ("expect_all_or_fail", ViolationAction.FailUpdate), ("expect_all_or_quarantine", ViolationAction.QuarantineRow),
    ];

    public RuleSet? Set(YamlMap map)
    {
        if (map.Text("name") is not { } name) return null;
        var rules = Rules(map);
        if (rules.Count == 0 && map.Text("json_schema") is null)
            Report(DiagnosticCodes.BadRuleSet, map.Position, $"The rule set '{name}' has no rule.", "Write rules:, expect_all: {name: predicate}, or json_schema: path.");
        return new RuleSet(name, rules, Action(map))
        {
            ApplyTo = [.. map.List("apply_to").OfType<YamlScalar>()], Schema = map.Text("json_schema") is null ? null : map,
        };
    }

    /// <summary>The rules under <c>rules</c> and the <c>expect_all</c> keys; what a rule does not say of itself the set says.</summary>
    public List<RuleText> Rules(YamlMap map)
    {
        var rules = new List<RuleText>();
        foreach (var rule in map.List("rules").OfType<YamlMap>())
        {
            if (Rule(rule) is { } read) rules.Add(Completed(read, map));
        }
        foreach (var (key, action) in s_all)
        {
            foreach (var entry in map.Map(key)?.Entries ?? [])
            {
                if (entry.Value is YamlScalar { IsNull: false } predicate)
                    rules.Add(Completed(new RuleText(entry.Key.Value, predicate.Value, key == "expect_all" ? Action(map) ?? action : action, file, predicate.Position), map));
            }
        }
        return rules;
    }

    public RuleText? Rule(YamlMap map)
    {
        if (map.Text("name") is { } name && map["expect"] is YamlScalar { IsNull: false } predicate)
        {
            return new RuleText(name, predicate.Value, Action(map), file, predicate.Position)
            {
                Description = map.Text("description"), Severity = map.Text("severity"), Owner = map.Text("owner"),
            };
        }
        Report(DiagnosticCodes.BadRuleSet, map.Position, "A rule needs 'name' and 'expect'.", "{name: positive, expect: amount > 0, on_violation: drop}");
        return null;
    }

    public static ViolationAction? Action(YamlMap map) => map.Text("on_violation") switch
    {
        "warn" => ViolationAction.Warn,
        "drop" => ViolationAction.DropRow,
        "fail" => ViolationAction.FailUpdate,
        "quarantine" => ViolationAction.QuarantineRow,
        _ => null,
    };

    private static RuleText Completed(RuleText rule, YamlMap set) => rule with
    {
        Description = rule.Description ?? set.Text("description"), Severity = rule.Severity ?? set.Text("severity"), Owner = rule.Owner ?? set.Text("owner"),
    };

    private void Report(string code, FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, file, at.Line, at.Column, message, hint));
}
