using Smelt.DuckDb;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>The data tests of one dataset in a properties.yml.</summary>
internal sealed class DataTestReader(DatasetDraft dataset, NameResolver names, string file, List<Diagnostic> diagnostics)
{
    public void Read(IEnumerable<YamlNode> tests, string? column)
    {
        foreach (var test in tests)
        {
            if (test is YamlScalar name) Add(name.Value, name.Position, null, column);
            else if (test is YamlMap map)
            {
                foreach (var entry in map.Entries) Add(entry.Key.Value, entry.Key.Position, entry.Value as YamlMap, column);
            }
        }
    }

    private void Add(string test, FilePosition at, YamlMap? arguments, string? column)
    {
        var index = Array.IndexOf(ProjectShapes.Tests, test);
        if (index < 0) return;
        var own = arguments?.Text("column_name");
        if ((own ?? column) is not { } tested)
        {
            Report(at, $"The test '{test}' of a whole dataset needs 'column_name'.", "Put it under a column, or name a column or expression.");
            return;
        }
        var kind = (DataTestKind)index;
        var expression = own is not null && own != column ? own : SqlText.Identifier(tested);
        if (Make(kind, at, arguments, tested) is not { } made) return;
        dataset.Tests.Add(made with { FailingRowsSql = DataTestSql.Of(made, expression) });
    }

    private DataTest? Make(DataTestKind kind, FilePosition at, YamlMap? arguments, string column)
    {
        var config = arguments?.Map("config");
        string? Config(string key) => config?.Text(key) ?? arguments?.Text(key);
        var own = arguments?.Map("arguments") ?? arguments;
        var test = new DataTest
        {
            Name = arguments?.Text("name") ?? $"{ProjectShapes.Tests[(int)kind]}_{dataset.Name.Name}_{column}",
            Kind = kind, Dataset = dataset.Name, Column = column, File = file, Position = at, FailingRowsSql = "",
            Severity = Config("severity") == "warn" ? Severity.Warning : Severity.Error,
            Where = Config("where"), Description = arguments?.Text("description"),
            Limit = long.TryParse(Config("limit"), out var limit) ? limit : null,
        };
        return kind switch
        {
            DataTestKind.AcceptedValues => Values(test, own),
            DataTestKind.Relationships => Relationship(test, own),
            _ => test,
        };
    }

    private DataTest? Values(DataTest test, YamlMap? own)
    {
        var values = own?.Texts("values") ?? [];
        if (values.Count > 0) return test with { Values = values, QuoteValues = own!["quote"] is not YamlScalar { Boolean: false } };
        Report(test.Position, "accepted_values needs 'values'.", "accepted_values: {values: [open, closed]}");
        return null;
    }

    private DataTest? Relationship(DataTest test, YamlMap? own)
    {
        if (own?.Text("to") is not { } to || own.Text("field") is not { } field)
        {
            Report(test.Position, "relationships needs 'to' and 'field'.", "relationships: {to: silver.customers, field: customer_id}");
            return null;
        }
        var name = Referenced(to);
        var target = DatasetName.TryParse(name, out var full) ? names.Find(full) : names.Only(name, dataset.Name);
        if (target is null)
        {
            var near = NearestName.Of(name, names.All.Select(d => DatasetName.TryParse(name, out _) ? d.Name.ToString() : d.Name.Name));
            Report(own["to"]!.Position, $"relationships: there is no dataset '{name}'.", near is null ? "Write layer.name." : $"Did you mean '{near}'?");
            return null;
        }
        if (target.Schema.Openness == Sql.Openness.Closed && !target.Schema.Columns.Exists(c => c.Name.Equals(field, StringComparison.OrdinalIgnoreCase)))
            Report(own["field"]!.Position, $"relationships: {target.Name} has no column '{field}'.", NearestName.Of(field, target.Schema.Columns.Select(c => c.Name)) is { } near ? $"Did you mean '{near}'?" : null);
        return test with { To = target.Name, Field = field };
    }

    // ref('customers') and source('raw', 'customers') of dbt.
    private static string Referenced(string to)
    {
        to = to.Trim();
        if (!to.StartsWith("ref(", StringComparison.Ordinal) && !to.StartsWith("source(", StringComparison.Ordinal)) return to;
        var parts = to[(to.IndexOf('(', StringComparison.Ordinal) + 1)..].TrimEnd(')').Split(',');
        return string.Join('.', parts.Select(p => p.Trim().Trim('\'', '"')));
    }

    private void Report(FilePosition at, string message, string? hint) =>
        diagnostics.Add(new Diagnostic(DiagnosticCodes.BadTest, Severity.Error, file, at.Line, at.Column, message, hint));
}
