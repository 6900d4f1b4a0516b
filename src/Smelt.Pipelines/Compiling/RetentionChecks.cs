namespace Smelt.Pipelines;

/// <summary>Holds <c>retention:</c> against the datasets: rows of some cannot be kept for a time alone.</summary>
internal sealed class RetentionChecks(ProjectSettings project, TargetSettings target, List<Diagnostic> diagnostics)
{
    public void Check(IReadOnlyList<DatasetDraft> datasets)
    {
        foreach (var rule in target.Retention.Concat(project.Retention))
        {
            if (rule.Dataset is not { } name || datasets.Any(d => d.Name == name)) continue;
            var near = NearestName.Of(name.ToString(), datasets.Select(static d => d.Name.ToString()));
            Report(rule, $"'retention' names {name}, which the pipeline does not have.", near is null ? "Remove the entry." : $"Did you mean '{near}'?", Severity.Error);
        }
        foreach (var dataset in datasets) Check(dataset);
    }

    private void Check(DatasetDraft dataset)
    {
        var properties = DatasetBuilder.Properties(dataset, project);
        if (RetentionPolicy.Of(dataset.Name, dataset.Kind, properties, project, target) is not { Period.Unit: not RetentionUnit.Forever } policy) return;
        // A layer's word is about the tables that keep rows; what follows from other tables follows them here too.
        if (dataset.Kind != DatasetKind.StreamingTable && !policy.IsNamed) return;
        if (Why(dataset, policy) is not var (why, hint)) return;
        var severity = policy.IsNamed ? Severity.Error : Severity.Warning;
        var message = $"Rows of {dataset.Name} cannot be kept for {policy.Period}: {why}.";
        if (policy.Rule is { } rule) Report(rule, message, hint, severity);
        else dataset.Report(DiagnosticCodes.RetentionRefused, dataset.Statement.Properties.Where(static p => p.Item1.Equals(RetentionPolicy.Property, StringComparison.OrdinalIgnoreCase)).Select(static p => p.Item3).DefaultIfEmpty(dataset.NameOffset).First(), message, hint, severity);
    }

    private static (string Why, string Hint)? Why(DatasetDraft dataset, RetentionPolicy policy)
    {
        if (dataset.Kind == DatasetKind.MaterializedView) return ("it is a materialized view, which always equals its query", "Write the time into its query's WHERE, or keep the tables that it reads for a time.");
        if (dataset.Kind != DatasetKind.StreamingTable) return ("it has no table", "Name the tables that it reads.");
        if (dataset.Flows.Exists(static f => f.Cdc is not null)) return ("AUTO CDC keeps it, whose memory would go on knowing what is gone", "Let the source delete, or read it through a view with the time in its WHERE.");
        if (policy.Column is not null) return null;
        return dataset.Name.Layer == Layer.Bronze ? ("it has no ingestion date", "Let metadata_columns in smelt.yml have _ingestion_date.") : ("it declares no day column", $"Write TBLPROPERTIES ('{DayColumn.Property}' = 'column').");
    }

    private void Report(RetentionRule rule, string message, string hint, Severity severity) =>
        diagnostics.Add(new Diagnostic(DiagnosticCodes.RetentionRefused, severity, rule.File, rule.Position.Line, rule.Position.Column, message, hint));
}
