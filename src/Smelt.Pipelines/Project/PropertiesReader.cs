using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>properties.yml files: descriptions, columns, tags and data tests onto the drafts.</summary>
internal sealed class PropertiesReader(DatasetFinder finder, NameResolver names, List<Diagnostic> diagnostics)
{
    private readonly HashSet<DatasetName> _described = [];
    private string _file = "";

    public void Read(IEnumerable<PropertiesFile> files)
    {
        foreach (var file in files)
        {
            _file = file.File;
            foreach (var model in file.Models) Model(model, file.Layer);
        }
    }

    private void Model(YamlMap model, Layer? layer)
    {
        if (model.Text("name") is not { } name || finder.Find(name, layer, _file, model["name"]!.Position) is not { } dataset) return;
        if (!_described.Add(dataset.Name))
        {
            Report(DiagnosticCodes.DuplicateProperties, model["name"]!.Position, $"{dataset.Name} is described twice.", "Put its properties in one place.");
            return;
        }
        dataset.Description = model.Text("description");
        dataset.Tags.AddRange(model.Texts("tags").Concat(model.Map("config")?.Texts("tags") ?? []));
        var tests = new DataTestReader(dataset, names, _file, diagnostics);
        tests.Read(model.List("tests").Concat(model.List("data_tests")), null);
        foreach (var column in model.List("columns").OfType<YamlMap>()) Column(dataset, column, tests);
    }

    private void Column(DatasetDraft dataset, YamlMap column, DataTestReader tests)
    {
        if (column.Text("name") is not { } name) return;
        dataset.PropertyColumns.Add(new DeclaredColumn(name, column.Text("data_type"), false, column.Text("description")));
        if (dataset.Schema.Openness == Sql.Openness.Closed && !dataset.Schema.Columns.Exists(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            var near = NearestName.Of(name, dataset.Schema.Columns.Select(c => c.Name));
            Report(DiagnosticCodes.UnknownColumn, column["name"]!.Position, $"{dataset.Name} has no column '{name}'.", near is null ? null : $"Did you mean '{near}'?");
        }
        tests.Read(column.List("tests").Concat(column.List("data_tests")), name);
    }

    private void Report(string code, FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, _file, at.Line, at.Column, message, hint));
}
