using Smelt.DuckDb;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>Puts the rules that properties files declare onto their datasets, beside those of the statements, before any SQL is parsed.</summary>
internal sealed class RuleSetStage(string folder, IReadOnlyList<PropertiesFile> files, DatasetFinder finder, VariableScope variables, List<Diagnostic> diagnostics, Func<DuckDbDatabase> database)
{
    private readonly Dictionary<string, RuleSet> _sets = new(StringComparer.Ordinal);

    /// <summary>Predicates as files of their own, for what parsing has to say of them.</summary>
    public List<ParsedFile> Parsed { get; } = [];

    /// <summary>JSON Schemas that give rules, by their paths in the pipeline's folder.</summary>
    public HashSet<string> SchemaFiles { get; } = new(StringComparer.Ordinal);

    public void Apply()
    {
        foreach (var file in files)
        {
            foreach (var map in file.Map.List("expectations").OfType<YamlMap>()) Read(file, map);
        }
        foreach (var file in files)
        {
            foreach (var model in file.Models) Use(file, model);
        }
        foreach (var file in files)
        {
            foreach (var map in file.Map.List("expectations").OfType<YamlMap>()) ApplyTo(file, map);
        }
    }

    private void Read(PropertiesFile file, YamlMap map)
    {
        if (new RuleSetReader(file.File, diagnostics).Set(map) is not { } set) return;
        if (!_sets.TryAdd(set.Name, set))
            Report(file.File, DiagnosticCodes.BadRuleSet, map.Position, $"Two rule sets are named '{set.Name}'.", "Rule sets are known to the whole pipeline: give each its own name.");
    }

    private void ApplyTo(PropertiesFile file, YamlMap map)
    {
        if (map.Text("name") is not { } name || _sets.GetValueOrDefault(name) is not { } set) return;
        foreach (var target in map.List("apply_to").OfType<YamlScalar>())
        {
            if (finder.Find(target.Value, file.Layer, file.File, target.Position) is { } dataset) Add(dataset, set, null, file.File, target.Position);
        }
    }

    private void Use(PropertiesFile file, YamlMap model)
    {
        var uses = model.List("expectations");
        // What names nothing is told where the properties are read.
        if (uses.Count == 0 || model.Text("name") is not { } name || finder.TryFind(name, file.Layer) is not { } dataset) return;
        foreach (var use in uses)
        {
            if (use is YamlScalar named) Use(dataset, named.Value, null, file.File, named.Position);
            else if (use is YamlMap map) Use(file, dataset, map);
        }
    }

    private void Use(PropertiesFile file, DatasetDraft dataset, YamlMap map)
    {
        var reader = new RuleSetReader(file.File, diagnostics);
        var action = RuleSetReader.Action(map);
        if (map.Text("group") is { } group) Use(dataset, group, action, file.File, map["group"]!.Position);
        else if (map.Text("json_schema") is not null) Add(dataset, new RuleSet("", [], action) { Schema = map }, action, file.File, map.Position);
        else if (map.Text("name") is not null)
        {
            if (reader.Rule(map) is { } rule) Add(dataset, rule, rule.Action ?? ViolationAction.Warn);
        }
        else
        {
            foreach (var rule in reader.Rules(map)) Add(dataset, rule, rule.Action ?? ViolationAction.Warn);
        }
    }

    private void Use(DatasetDraft dataset, string name, ViolationAction? action, string file, FilePosition at)
    {
        if (_sets.TryGetValue(name, out var set)) Add(dataset, set, action, file, at);
        else Report(file, DiagnosticCodes.UnknownRuleSet, at, $"There is no rule set '{name}'.", NearestName.Of(name, _sets.Keys) is { } near ? $"Did you mean '{near}'?" : "Rule sets stand under 'expectations:' of a properties file.");
    }

    private void Add(DatasetDraft dataset, RuleSet set, ViolationAction? action, string file, FilePosition at)
    {
        foreach (var rule in set.Schema is { } schema ? [.. set.Rules, .. OfSchema(schema, set.Name, file, at)] : set.Rules) Add(dataset, rule, action ?? rule.Action ?? set.Action ?? ViolationAction.Warn);
    }

    private IReadOnlyList<RuleText> OfSchema(YamlMap use, string name, string file, FilePosition at)
    {
        SchemaFiles.Add(use.Text("json_schema")!);
        return new JsonSchemaRules(folder, file, diagnostics, database).Of(use, name, at);
    }

    private void Add(DatasetDraft dataset, RuleText rule, ViolationAction action)
    {
        if (!dataset.IsStored)
        {
            Report(rule.File, DiagnosticCodes.ExpectationOnView, rule.Position, $"{dataset.Name} is a view, and a view's rows are never written, so that nothing would be checked.", "Put the rules on the table that reads it, or a data test on the view.");
            return;
        }
        if (dataset.Constraints.Exists(c => c.Clause.Name.Name.Equals(rule.Name, StringComparison.OrdinalIgnoreCase)))
        {
            Report(rule.File, DiagnosticCodes.DuplicateConstraint, rule.Position, $"{dataset.Name} has two constraints '{rule.Name}'.", "Their counts are kept by name: give each its own.");
            return;
        }
        var source = SourceText.Read(rule.File, rule.Predicate, variables, rule.Position);
        var parsed = new ParsedFile(source, Lexer.Read(source.Text));
        Parsed.Add(parsed);
        if (parsed.Tokens.FindIndex(static t => t.Kind == TokenKind.Unclosed) is >= 0 and var open) parsed.Report(DiagnosticCodes.UnclosedToken, parsed.Tokens[open].Start, "Something here is never closed.");
        else if (parsed.Tokens.Count == 0) parsed.Report(DiagnosticCodes.ExpressionSyntax, 0, $"The rule '{rule.Name}' is empty.");
        else if (parsed.Tokens.Exists(t => t.IsSymbol(source.Text, ';'))) parsed.Report(DiagnosticCodes.ExpressionSyntax, 0, "Here stands one expression, not several.");
        else
        {
            var clause = new ConstraintClause(new PlacedName(rule.Name, 0), ..parsed.Tokens.Count, action);
            dataset.Constraints.Add(new RuleDraft(clause, QueryUnit.OfExpression(parsed, clause.Predicate))
            {
                Position = rule.Position, Words = rule.Words, Description = rule.Description, Severity = rule.Severity, Owner = rule.Owner,
            });
        }
    }

    private void Report(string file, string code, FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, file, at.Line, at.Column, message, hint));
}
