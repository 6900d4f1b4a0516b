using System.Text.RegularExpressions;

namespace Smelt.Pipelines;

/// <summary>Holds datasets against what smelt.yml asks of their names and descriptions.</summary>
internal sealed class PolicyChecks(ProjectSettings project, List<Diagnostic> diagnostics)
{
    public void Check(IEnumerable<DatasetDraft> datasets)
    {
        if (project.Policies.Count == 0 || !AreReadable()) return;
        foreach (var dataset in datasets)
        {
            var policy = project.PolicyOf(dataset.Name);
            // What Smelt adds to every table is named by smelt.yml itself.
            var columns = dataset.Schema.Columns.Select(static c => c.Name).Where(static n => !n.StartsWith('_')).ToList();
            if (policy.DatasetNames is { } names && !Fits(names, dataset.Name.Name)) Report(dataset, DiagnosticCodes.NamingPolicy, $"The name of {dataset.Name} does not fit '{names}'.", "The policies of smelt.yml ask for it.");
            if (policy.ColumnNames is { } pattern && columns.Where(c => !Fits(pattern, c)).ToList() is { Count: > 0 } misnamed)
                Report(dataset, DiagnosticCodes.NamingPolicy, $"{dataset.Name} has columns whose names do not fit '{pattern}': {string.Join(", ", misnamed)}.", "Rename them with AS.");
            Docs(dataset, policy, columns);
        }
    }

    private static void Docs(DatasetDraft dataset, Policy policy, List<string> columns)
    {
        if (policy.DatasetDocs == true && string.IsNullOrWhiteSpace(dataset.Statement.Comment ?? dataset.Description))
            Report(dataset, DiagnosticCodes.MissingDocs, $"{dataset.Name} has no description.", "Write COMMENT '…', or a description in properties.yml.");
        if (policy.ColumnDocs != true) return;
        var told = dataset.Statement.Columns.Select(static c => c.Column).Concat(dataset.PropertyColumns).Where(static c => !string.IsNullOrWhiteSpace(c.Comment)).Select(static c => c.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (columns.Where(c => !told.Contains(c)).ToList() is { Count: > 0 } silent)
            Report(dataset, DiagnosticCodes.MissingDocs, $"{dataset.Name} has columns without a description: {string.Join(", ", silent)}.", "Describe them under 'columns' in properties.yml.");
    }

    private bool AreReadable()
    {
        foreach (var pattern in project.Policies.SelectMany(static p => new[] { p.Policy.DatasetNames, p.Policy.ColumnNames }).OfType<string>())
        {
            try
            {
                _ = Fits(pattern, "");
            }
            catch (ArgumentException wrong)
            {
                diagnostics.Add(new Diagnostic(DiagnosticCodes.WrongValue, Severity.Error, ProjectReader.FileName, 0, 0, $"'{pattern}' is no regular expression: {wrong.Message}", null));
                return false;
            }
        }
        return true;
    }

    private static bool Fits(string pattern, string name) => Regex.IsMatch(name, $"^(?:{pattern})$", RegexOptions.CultureInvariant);

    private static void Report(DatasetDraft dataset, string code, string message, string hint) => dataset.Report(code, dataset.NameOffset, message, hint);
}
