using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>What is checked of a dataset once its columns are bound.</summary>
internal sealed class DatasetChecks(DatasetDraft dataset, NameResolver names)
{
    public void Check()
    {
        Streams();
        ColumnList();
        UntypedNulls();
        Expectations();
        Layout(dataset.Statement.PartitionedBy, "PARTITIONED BY");
        Layout(dataset.Statement.ClusterBy, "CLUSTER BY");
        Properties();
    }

    private void Streams()
    {
        var mask = dataset.Query.Unit.Mask;
        foreach (var offset in mask.Misplaced)
            dataset.Query.Unit.Report(DiagnosticCodes.MisplacedStream, offset, "STREAM stands before a table's name or a source, not before a query.", "Write STREAM inside the subquery, before the table.");
        foreach (var (target, keyword) in mask.Streams)
        {
            if (dataset.Query.References.TryGetValue(target, out var reference)) StreamOf(reference, keyword);
            else if (!dataset.Query.Sources.Exists(s => s.Span.Start == target)) Misplaced(target, keyword);
        }
        foreach (var call in dataset.Query.Sources.Where(static s => s.Function == "read_delta"))
            dataset.Query.Unit.Report(DiagnosticCodes.SourceNotYet, call.Span.Start, $"{dataset.Name} reads read_delta, which only a query does in this version: `smelt query`, and SQL tests.", "Sources of datasets are read_files.");
        foreach (var call in dataset.Query.Sources.Where(static s => s.Function == "table_changes" && s.Dataset is null))
            dataset.Query.Unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, $"{dataset.Name} reads the changes of '{(call.Arguments.Count > 0 ? call.Arguments[0].Text : "")}', which is no dataset.", "Name one: table_changes('silver.orders', 0). A path is read by `smelt query`, and SQL tests.");
        if (dataset.Kind == DatasetKind.StreamingTable)
        {
            foreach (var call in dataset.Query.Sources.Where(static s => s.Function == "table_changes"))
                dataset.Query.Unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, $"{dataset.Name} is a streaming table and reads table_changes, which is a fixed range of versions.", "Read it in a materialized view, or stream the table itself.");
        }
        if (dataset.Kind == DatasetKind.StreamingTable) StreamingTable();
        else
        {
            foreach (var keyword in mask.Streams.Values) StreamInView(keyword);
        }
    }

    private void Misplaced(int target, int keyword)
    {
        var isCte = dataset.Query.Seen is not null;
        dataset.Query.Unit.Report(DiagnosticCodes.MisplacedStream, keyword, "STREAM stands before a dataset or a source; this is neither.",
            isCte ? $"A CTE streams where it reads STREAM itself: '{dataset.Query.Unit.Mask.Text.Substring(target, dataset.Query.Unit.Mask.NameSpan(target).Length)}' is read without the word." : null);
    }

    private void StreamOf(TableReference reference, int keyword)
    {
        if (reference.Dataset is not { } name || names.Find(name) is not { } input) return;
        if (!input.IsStored)
            dataset.Query.Unit.Report(DiagnosticCodes.StreamOfView, keyword, $"{name} is a view, and a view has no versions to stream.", "Stream the table that the view reads.");
        else if (input.Kind == DatasetKind.MaterializedView)
            dataset.Query.Unit.Report(DiagnosticCodes.StreamOfMaterializedView, keyword, $"{name} is a materialized view: its next refresh replaces its rows, and stops this stream.",
                "Read it without STREAM in a materialized view, or make it a streaming table.", Severity.Warning);
    }

    private void StreamInView(int keyword)
    {
        var what = dataset.Kind == DatasetKind.MaterializedView ? "materialized view, which reads its inputs whole" : "view, which keeps no offsets";
        dataset.Query.Unit.Report(DiagnosticCodes.StreamInView, keyword, $"{dataset.Name} is a {what}.", "Leave STREAM out, or write CREATE OR REFRESH STREAMING TABLE.");
    }

    private void StreamingTable()
    {
        if (!dataset.Query.ReadsStream)
            dataset.Report(DiagnosticCodes.NoStream, dataset.NameOffset, $"The streaming table {dataset.Name} reads no STREAM.", "Write STREAM before its input, or make it a MATERIALIZED VIEW.");
        else new StreamingRules(dataset.Query, dataset.Name).Check();
    }

    private void ColumnList()
    {
        if (dataset.Query.Bound.Openness != Openness.Closed) return;
        foreach (var (column, offset) in dataset.Statement.Columns)
        {
            if (Has(dataset.Query.Bound.Columns, column.Name)) continue;
            var near = NearestName.Of(column.Name, dataset.Query.Bound.Columns.Select(c => c.Name));
            dataset.Report(DiagnosticCodes.ColumnListLength, offset, $"The column list names '{column.Name}', which the query does not return.",
                near is null ? "Name it in the query with AS: the list describes columns and renames none." : $"Did you mean '{near}'?");
        }
    }

    // DuckDB makes such a column INTEGER, and then it is too late to see.
    private void UntypedNulls()
    {
        var node = dataset.Query.Unit.Node;
        if (!dataset.IsStored || !SqlAst.TypeIs(node, "SELECT_NODE"u8)) return;
        foreach (var item in SqlAst.Items(node, "select_list"u8))
        {
            if (!SqlAst.ClassIs(item, "CONSTANT"u8) || SqlAst.Text(SqlAst.Child(SqlAst.Child(item, "value"u8), "type"u8), "id"u8) != "NULL") continue;
            var alias = SqlAst.Text(item, "alias"u8);
            dataset.Query.Unit.Report(DiagnosticCodes.UntypedNull, dataset.Query.Unit.Offset(Math.Max(0, SqlAst.Location(item))),
                $"The column {(alias.Length > 0 ? $"'{alias}' " : "")}is NULL without a type, which a table cannot store.", "Write a cast: NULL::VARCHAR.");
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
        var relation = new BoundRelation { Alias = dataset.Name.Name, Columns = dataset.Schema.Columns, Openness = dataset.Schema.Openness };
        new QueryBinder(rule.Unit, new BindWorld(rule.Query.References, n => names.Find(n)?.Schema ?? BoundQuery.Unknown, new Dictionary<string, string>())).BindPredicate(relation);
    }

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
        foreach (var (key, value, offset) in dataset.Statement.Properties)
        {
            if (!key.StartsWith("smelt.", StringComparison.OrdinalIgnoreCase)) continue;
            if (!key.Equals("smelt.moved_from", StringComparison.OrdinalIgnoreCase))
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"Unknown property '{key}'.", "Of Smelt's own there is smelt.moved_from.");
            else if (!DatasetName.TryParse(value, out var from))
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"smelt.moved_from cannot be '{value}'.", "Write layer.name, the dataset's former name.");
            else if (names.Find(from) is not null)
                dataset.Report(DiagnosticCodes.UnknownProperty, offset, $"smelt.moved_from names {from}, which is still defined.", "Remove the old definition, or this property.");
        }
    }
}
