using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>What is checked of a dataset once its columns are bound.</summary>
internal sealed class DatasetChecks(DatasetDraft dataset, NameResolver names)
{
    public void Check()
    {
        foreach (var flow in dataset.Flows) new FlowChecks(dataset, flow, names).Check();
        ColumnList();
        Expectations();
        Layout(dataset.Statement.PartitionedBy, "PARTITIONED BY");
        Layout(dataset.Statement.ClusterBy, "CLUSTER BY");
        Properties();
    }

    private void ColumnList()
    {
        if (dataset.Output.Openness != Openness.Closed) return;
        foreach (var (column, offset) in dataset.Statement.Columns)
        {
            if (Has(dataset.Output.Columns, column.Name)) continue;
            var near = NearestName.Of(column.Name, dataset.Output.Columns.Select(c => c.Name));
            dataset.Report(DiagnosticCodes.ColumnListLength, offset, $"The column list names '{column.Name}', which the query does not return.",
                near is null ? "Name it in the query with AS: the list describes columns and renames none." : $"Did you mean '{near}'?");
        }
    }

    private static bool Has(List<BoundColumn> columns, string name) => columns.Exists(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private void Expectations()
    {
        foreach (var rule in dataset.Constraints)
        {
            var (name, unit) = (rule.Clause.Name.Name, rule.Unit);
            if (rule.Query.Seen is not { } seen || !unit.IsParsed) continue;
            // Of a lookup's query DuckDB itself says what is wrong with its aggregates.
            if (seen.References.Count == 0 && seen.Functions.FirstOrDefault(AggregateFunctions.Contains) is { } aggregate)
                unit.Report(DiagnosticCodes.ExpressionSyntax, 0, $"The constraint '{name}' uses the aggregate {aggregate}; a constraint is about one row.", "Use a data test.");
            else if (unit.Mask.Streams.Count > 0)
                unit.Report(DiagnosticCodes.StreamInView, unit.Mask.Streams.Values.First(), $"STREAM in the constraint '{name}', which looks up whole tables.", "Leave STREAM out.");
            else if (unit.Mask.Versions.Count > 0)
                unit.Report(DiagnosticCodes.NotYet, unit.Mask.Versions.Keys.First(), $"AS OF in the constraint '{name}', which is not in this version yet.", "Write AS OF in a view, and look that up.");
            else if (rule.Query.Sources.Count > 0)
                unit.Report(DiagnosticCodes.NotYet, rule.Query.Sources[0].Span.Start, $"The constraint '{name}' reads {rule.Query.Sources[0].Function}, which is not in this version yet.", "Read the source in a dataset, and look that up.");
            else Bind(rule);
        }
    }

    private void Bind(RuleDraft rule)
    {
        // Rules of AUTO CDC are about its events, before a row is made of them.
        var rows = Rows;
        var relation = new BoundRelation { Alias = dataset.Name.Original.Name, Columns = rows.Columns, Openness = rows.Openness };
        new QueryBinder(rule.Unit, new BindWorld(rule.Query.References, n => names.Find(n)?.Schema ?? BoundQuery.Unknown, new Dictionary<string, string>())).BindPredicate(relation);
    }

    /// <summary>What rules and days are about: of AUTO CDC its events, with columns that are not stored.</summary>
    private BoundQuery Rows => dataset.Flows.Find(static f => f.Cdc is not null)?.Query.Bound ?? dataset.Schema;

    private void Layout(List<Syntax.PlacedName> columns, string clause)
    {
        if (columns.Count > 0 && !dataset.IsStored)
            dataset.Report(DiagnosticCodes.LayoutColumn, columns[0].Offset, $"{clause} of a view, which is not stored.", "Leave it out.");
        if (dataset.Schema.Openness != Openness.Closed) return;
        foreach (var column in columns)
        {
            if (Has(dataset.Schema.Columns, column.Name)) continue;
            var near = NearestName.Of(column.Name, dataset.Schema.Columns.Select(c => c.Name));
            dataset.Report(DiagnosticCodes.LayoutColumn, column.Offset, $"{clause} names '{column.Name}', which {dataset.Name} does not have.", near is null ? null : $"Did you mean '{near}'?");
        }
    }

    private void Properties()
    {
        if (dataset.IsSink) return;
        foreach (var (key, value, offset) in dataset.Statement.Properties)
        {
            if (!key.StartsWith("smelt.", StringComparison.OrdinalIgnoreCase)) continue;
            if (key.Equals(CdcRetention.Property, StringComparison.OrdinalIgnoreCase))
            {
                if (!CdcRetention.TryParse(value, out _)) dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"{key} cannot be '{value}'.", "Write a number and a unit: '7 days', '12 hours'.");
            }
            else if (key.Equals(RetentionPolicy.Property, StringComparison.OrdinalIgnoreCase))
            {
                if (!RetentionPeriod.TryParse(value, out _)) dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"{key} cannot be '{value}'.", $"Write {RetentionPeriod.Form}.");
            }
            else if (key.Equals(DeduplicationWindow.WidthProperty, StringComparison.OrdinalIgnoreCase))
            {
                if (!CdcRetention.TryParse(value, out _)) dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"{key} cannot be '{value}'.", "Write a number and a unit: '7 days', '12 hours'.");
                if (!dataset.Statement.Properties.Exists(static p => p.Key.Equals(DeduplicationWindow.TimeProperty, StringComparison.OrdinalIgnoreCase)))
                    dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"{key} stands without {DeduplicationWindow.TimeProperty}.", "Name the column of the event time there.");
            }
            else if (key.Equals(DeduplicationWindow.TimeProperty, StringComparison.OrdinalIgnoreCase) || key.Equals(DayColumn.Property, StringComparison.OrdinalIgnoreCase))
            {
                if (Rows.Openness == Openness.Closed && !Has(Rows.Columns, value))
                    dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"{key} names '{value}', which is no column of {dataset.Name}.", NearestName.Of(value, Rows.Columns.Select(static c => c.Name)) is { } near ? $"Did you mean '{near}'?" : null);
            }
            else if (!key.Equals("smelt.moved_from", StringComparison.OrdinalIgnoreCase))
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"Unknown property '{key}'.", $"Of Smelt's own there are smelt.moved_from, {RetentionPolicy.Property}, {DayColumn.Property}, {DeduplicationWindow.TimeProperty}, {DeduplicationWindow.WidthProperty} and {CdcRetention.Property}.");
            else if (!DatasetName.TryParse(value, out var from))
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"smelt.moved_from cannot be '{value}'.", "Write layer.name, the dataset's former name.");
            else if (names.Find(from) is not null)
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"smelt.moved_from names {from}, which is still defined.", "Remove the old definition, or this property.");
        }
    }
}
