using Smelt.DuckDb;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>One compilation, stage by stage; each stage adds to the drafts and to the diagnostics.</summary>
internal sealed class CompileSession(string folder, CompileOptions options, Func<DuckDbDatabase> database)
{
    private readonly List<Diagnostic> _diagnostics = [];
    private readonly List<ParsedFile> _files = [];
    private readonly List<DatasetDraft> _datasets = [];
    private readonly List<(ParsedFile File, QueryDraft Query)> _tests = [];

    public Compilation Run()
    {
        var (project, projectMap) = ProjectReader.Read(folder, _diagnostics);
        var platformReader = new PlatformReader(_diagnostics);
        var platform = platformReader.Read(folder);
        var target = platformReader.Choose(platform, options.Target);
        var variables = Variables(project);
        var found = PipelineFiles.Find(folder, _diagnostics);
        ReadDatasets(found, variables);
        foreach (var flow in _datasets.SelectMany(static d => d.Flows)) flow.Ingestion = project.MetadataColumns.Names;
        var macros = new MacroStage(ReadAll(found.Functions, variables));
        ReadTests(found, variables);
        var names = new NameResolver(_datasets);
        var finder = new DatasetFinder(_datasets, names, _diagnostics);
        var properties = PropertiesFile.ReadAll(folder, found.Properties, _diagnostics);
        var rules = new RuleSetStage(folder, properties, finder, variables, _diagnostics, database);
        rules.Apply();
        _files.AddRange(rules.Parsed);
        Parse(macros);
        Resolve(names, macros);
        CheckQuarantines(names, project);
        var levels = TopologicalOrder.Levels(_datasets, names);
        var binding = new BindingStage(options.Schemas, project, names, ExpressionNames());
        binding.Bind(levels);
        foreach (var (_, query) in _tests) binding.BindTest(query);
        new PropertiesReader(finder, names, _diagnostics).Read(properties);
        new PolicyChecks(project, _diagnostics).Check(_datasets);
        new RetentionChecks(project, target, _diagnostics).Check(_datasets);
        new SinkChecks(folder, target, rules.SchemaFiles).Check(_datasets);
        var unitTests = new UnitTestReader(folder, finder, project.Variables.Keys, macros.Macros.Select(static m => m.Name), _diagnostics).Read(properties);
        DefinitionHashes.Compute(levels, names, project);
        CheckVariables(project, projectMap, variables);
        var ordered = levels.SelectMany(l => l).Select(d => DatasetBuilder.Build(d, project)).ToList();
        return new Compilation(Build(project, platform, target, variables, ordered, macros, unitTests, rules), Sorted(variables));
    }

    private Pipeline Build(ProjectSettings project, PlatformSettings platform, TargetSettings target, VariableScope variables, List<Dataset> ordered, MacroStage macros, IReadOnlyList<UnitTest> unitTests, RuleSetStage rules) => new()
    {
        Folder = folder, Project = project, Platform = platform, Target = target,
        Graph = new PipelineGraph(ordered),
        Macros = [.. macros.Ordered.Select(m => m.Macro)],
        SqlTests = [.. _tests.Select(t => new SqlTest(Path.GetFileNameWithoutExtension(t.File.Source.File), t.File.Source.File, t.Query.Build(), Severity.Error))],
        UnitTests = unitTests,
        SchemaFiles = [.. rules.SchemaFiles.Order(StringComparer.Ordinal)],
        Variables = variables.Values,
    };

    private VariableScope Variables(ProjectSettings project)
    {
        var values = new Dictionary<string, string>();
        foreach (var (name, value) in project.Variables)
        {
            if (value is not null) values[name] = value;
        }
        foreach (var (name, value) in options.Variables)
        {
            if (!project.Variables.ContainsKey(name))
            {
                var near = NearestName.Of(name, project.Variables.Keys);
                _diagnostics.Add(new Diagnostic(DiagnosticCodes.UnknownVariable, Severity.Error, ProjectReader.FileName, 0, 0, $"--var {name}: smelt.yml has no variable '{name}'.",
                    near is null ? "Add it under 'variables:'." : $"Did you mean '{near}'?"));
            }
            values[name] = value;
        }
        return new VariableScope(values);
    }

    private List<ParsedFile> ReadAll(List<string> files, VariableScope variables)
    {
        var parsed = new ParsedFile?[files.Count];
        Parallel.For(0, files.Count, i =>
        {
            string text;
            try
            {
                text = File.ReadAllText(Path.Combine(folder, files[i]));
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
            {
                lock (_diagnostics) _diagnostics.Add(new Diagnostic(DiagnosticCodes.UnreadableFile, Severity.Error, files[i], 0, 0, $"The file cannot be read: {wrong.Message}",
                    wrong is UnauthorizedAccessException ? "Change its permissions, or run as the user that owns it." : "Remove it, or bring it back."));
                return;
            }
            parsed[i] = StatementParser.Parse(SourceText.Read(files[i], text, variables));
        });
        var read = parsed.OfType<ParsedFile>().ToList();
        _files.AddRange(read);
        return read;
    }

    private void ReadDatasets(PipelineFiles found, VariableScope variables)
    {
        var layers = found.Datasets.ToDictionary(d => d.File, d => d.Layer);
        var taken = new Dictionary<DatasetName, DatasetDraft>();
        foreach (var file in ReadAll([.. found.Datasets.Select(d => d.File)], variables))
        {
            foreach (var statement in file.Datasets)
            {
                if (DatasetDrafts.Make(file, statement, layers[file.Source.File]) is not { } draft) continue;
                if (taken.TryGetValue(draft.Name, out var other))
                {
                    draft.Report(DiagnosticCodes.DuplicateDataset, draft.NameOffset, $"{draft.Name} is defined twice: here and in {other.File.Source.File}.",
                        "Names are compared without case. Rename or remove one.");
                    continue;
                }
                taken[draft.Name] = draft;
                _datasets.Add(draft);
            }
            if (file.Macros.Count > 0) file.Report(DiagnosticCodes.MisplacedFile, file.Macros[0].Start, "Macros stand in the folder functions.", "Move this statement there.");
        }
        new FlowDrafts(taken).Attach(_files, layers);
    }

    private void ReadTests(PipelineFiles found, VariableScope variables)
    {
        foreach (var file in ReadAll(found.Tests, variables))
        {
            foreach (var flow in file.Flows) file.Report(DiagnosticCodes.MisplacedFile, flow.Start, "A flow stands in its table's layer.", "Move this statement there.");
            foreach (var statement in file.Datasets)
            {
                if (statement.Kind is not null) file.Report(DiagnosticCodes.UnknownStatement, statement.Start, "A SQL test is a query that must return no rows.", "Begin with SELECT.");
                else _tests.Add((file, new QueryDraft(QueryUnit.OfQuery(file, statement.Body))));
            }
        }
    }

    private IEnumerable<QueryDraft> Queries(MacroStage? macros) =>
        _datasets.SelectMany(d => d.Queries).Concat(_tests.Select(t => t.Query)).Concat(macros?.Macros.SelectMany(m => m.Bodies) ?? []);

    private void Parse(MacroStage macros)
    {
        var queries = Queries(macros).ToList();
        queries.AddRange(_datasets.SelectMany(static d => d.Constraints).Select(static c => c.Query));
        var units = queries.Select(static q => q.Unit).Concat(_datasets.SelectMany(static d => d.Flows).SelectMany(static f => f.Conditions)).ToList();
        if (units.Count > 0) SqlSerializer.Parse(units, database());
        Parallel.ForEach(queries, query =>
        {
            query.Seen = ReferenceCollector.Of(query.Unit);
            SourceCalls.Read(query);
        });
    }

    private void Resolve(NameResolver names, MacroStage macros)
    {
        macros.Resolve(names);
        foreach (var dataset in _datasets)
        {
            foreach (var rule in dataset.Constraints) names.Resolve(rule.Query, dataset.Name);
            foreach (var query in dataset.Queries)
            {
                names.Resolve(query, dataset.Name);
                macros.Use(query, dataset);
            }
        }
        foreach (var (_, query) in _tests)
        {
            names.Resolve(query, null);
            macros.Use(query, null);
        }
    }

    private void CheckQuarantines(NameResolver names, ProjectSettings project)
    {
        foreach (var dataset in _datasets)
        {
            if (dataset.IsStored && names.Find(project.QuarantineOf(dataset.Name)) is { } other && other != dataset)
                other.Report(DiagnosticCodes.QuarantineTaken, other.NameOffset, $"{other.Name} is the name of the table that keeps the rows which {dataset.Name} refuses.", "Rename it, or set quarantine_name in smelt.yml.");
        }
    }

    private Dictionary<string, string> ExpressionNames()
    {
        var unnamed = Queries(null).SelectMany(q => q.Seen?.Unnamed ?? []).ToHashSet();
        if (unnamed.Count == 0) return [];
        using var connection = database().Connect();
        return SqlSerializer.NamesOf(unnamed, connection);
    }

    private void CheckVariables(ProjectSettings project, YamlMap? map, VariableScope variables)
    {
        foreach (var name in project.Variables.Keys)
        {
            if (variables.IsUsed(name)) continue;
            var at = map?.Map("variables")?.Entries.Concat(map.Map("vars")?.Entries ?? []).FirstOrDefault(e => e.Key.Value == name)?.Key.Position
                ?? map?.Map("vars")?.Entries.FirstOrDefault(e => e.Key.Value == name)?.Key.Position ?? default;
            _diagnostics.Add(new Diagnostic(DiagnosticCodes.UnusedVariable, Severity.Warning, ProjectReader.FileName, at.Line, at.Column, $"Nothing uses the variable '{name}'.",
                $"Write ${{{name}}} in SQL, or remove it."));
        }
    }

    private List<Diagnostic> Sorted(VariableScope variables) =>
        [.. _diagnostics.Concat(variables.Diagnostics).Concat(_files.SelectMany(f => f.Diagnostics)).Distinct()
            .OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line).ThenBy(d => d.Column).ThenBy(d => d.Code, StringComparer.Ordinal)];
}
