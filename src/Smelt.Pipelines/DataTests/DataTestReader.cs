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
        if (DataTestCatalog.Find(test) is not { } definition) return;
        var own = arguments?.Text("column_name");
        var tested = own ?? column;
        if (tested is null && definition.NeedsColumn)
        {
            Report(at, $"The test '{test}' of a whole dataset needs 'column_name'.", "Put it under a column, or name a column or expression.");
            return;
        }
        var expression = tested is null ? "" : own is not null && own != column ? own : SqlText.Identifier(tested);
        var others = new List<DatasetName>();
        var isReported = false;
        var config = arguments?.Map("config");
        string? Config(string key) => config?.Text(key) ?? arguments?.Text(key);
        var where = Config("where") ?? Config("row_condition");
        var table = SqlText.Identifier(dataset.Name.Schema, dataset.Name.Name);
        var asked = new DataTestArguments(where is null ? table : $"(SELECT * FROM {table} WHERE {where})", expression, arguments?.Map("arguments") ?? arguments)
        {
            Column = tested,
            Dataset = key => Other(arguments?.Map("arguments") ?? arguments, key, test, others, ref isReported),
        };
        if (definition.Ask(asked) is not { } question)
        {
            if (!isReported) Report(at, $"{test} lacks an argument.", definition.Needs);
            return;
        }
        var limit = long.TryParse(Config("limit"), out var most) ? most : (long?)null;
        dataset.Tests.Add(new DataTest
        {
            Name = Named(arguments?.Text("name") ?? string.Join('_', ((string?[])[definition.Name, dataset.Name.Name, tested, .. asked.Texts("combination_of_columns", "column_list")]).Where(static p => p is not null))),
            Combination = [.. asked.Texts("combination_of_columns", "column_list")],
            Kind = definition.Name, Dataset = dataset.Name, Column = tested, Others = others, File = file, Position = at,
            Severity = Config("severity") == "warn" || (question.Anomaly is not null && Config("severity") is null) ? Severity.Warning : Severity.Error,
            Where = where, Description = arguments?.Text("description"), Limit = limit,
            FailingRowsSql = limit is null ? question.Sql : $"{question.Sql} LIMIT {limit}",
            FailCalc = Config("fail_calc") ?? question.FailCalc ?? DataTest.CountRows,
            WarnIf = Config("warn_if") ?? question.WarnIf ?? DataTest.IsAny, ErrorIf = Config("error_if") ?? question.ErrorIf ?? DataTest.IsAny,
            Anomaly = question.Anomaly,
            StoresFailures = (config?["store_failures"] ?? arguments?["store_failures"]) is YamlScalar { Boolean: true },
        });
    }

    /// <summary>Results are kept by name: the second of one name gets a number.</summary>
    private string Named(string name)
    {
        var free = name;
        for (var i = 2; dataset.Tests.Exists(t => t.Name.Equals(free, StringComparison.OrdinalIgnoreCase)); i++) free = $"{name}_{i}";
        return free;
    }

    private string? Other(YamlMap? own, string key, string test, List<DatasetName> others, ref bool isReported)
    {
        if (own?.Text(key) is not { } to) return null;
        var name = Referenced(to);
        var target = DatasetName.TryParse(name, out var full) ? names.Find(full) : names.Only(name, dataset.Name);
        if (target is null)
        {
            isReported = true;
            var near = NearestName.Of(name, names.All.Select(d => DatasetName.TryParse(name, out _) ? d.Name.ToString() : d.Name.Name));
            Report(own[key]!.Position, $"{test}: there is no dataset '{name}'.", near is null ? "Write layer.name." : $"Did you mean '{near}'?");
            return null;
        }
        if (own.Text("field") is { } field && target.Schema.Openness == Sql.Openness.Closed && !target.Schema.Columns.Exists(c => c.Name.Equals(field, StringComparison.OrdinalIgnoreCase)))
            Report(own["field"]!.Position, $"{test}: {target.Name} has no column '{field}'.", NearestName.Of(field, target.Schema.Columns.Select(c => c.Name)) is { } near ? $"Did you mean '{near}'?" : null);
        others.Add(target.Name);
        return SqlText.Identifier(target.Name.Schema, target.Name.Name);
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
