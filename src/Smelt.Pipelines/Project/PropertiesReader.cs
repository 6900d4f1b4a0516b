using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>properties.yml files: descriptions, columns, tags and data tests onto the drafts.</summary>
internal sealed class PropertiesReader(string folder, IReadOnlyList<DatasetDraft> datasets, NameResolver names, List<Diagnostic> diagnostics)
{
    private readonly HashSet<DatasetName> _described = [];
    private string _file = "";

    public void Read(IEnumerable<(string File, Layer? Layer)> files)
    {
        foreach (var (file, layer) in files)
        {
            _file = file;
            var map = YamlFile.ReadFile(folder, file, diagnostics);
            if (map is null) continue;
            new ShapeChecker(file, diagnostics).Check(map, ProjectShapes.Properties, "");
            foreach (var model in map.List("models").Concat(map.List("tables")).OfType<YamlMap>()) Model(model, layer);
        }
    }

    private void Model(YamlMap model, Layer? layer)
    {
        if (model.Text("name") is not { } name || Find(name, layer, model["name"]!.Position) is not { } dataset) return;
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

    private DatasetDraft? Find(string name, Layer? layer, FilePosition at)
    {
        if (DatasetName.TryParse(name, out var full) && names.Find(full) is { } exact) return exact;
        if (layer is { } own && names.Find(new DatasetName(own, name)) is { } local) return local;
        var named = datasets.Where(d => d.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (layer is null && named.Count == 1) return named[0];
        var near = NearestName.Of(name, datasets.Where(d => layer is null || d.Name.Layer == layer).Select(d => d.Name.Name));
        Report(DiagnosticCodes.PropertiesOfUnknown, at, named.Count > 1 ? $"'{name}' may be {string.Join(" or ", named.Select(d => d.Name))}." : $"There is no dataset '{name}' to describe.",
            near is not null ? $"Did you mean '{near}'?" : named.Count > 0 ? $"Write {named[0].Name}." : null);
        return null;
    }

    private void Report(string code, FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(code, Severity.Error, _file, at.Line, at.Column, message, hint));
}
