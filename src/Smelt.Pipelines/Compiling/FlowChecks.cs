using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>What is checked of a flow's query, or of a view's, once its columns are bound.</summary>
internal sealed class FlowChecks(DatasetDraft dataset, FlowDraft flow, NameResolver names)
{
    public void Check()
    {
        if (!flow.Query.Unit.IsParsed) return;
        Streams();
        UntypedNulls();
        if (flow.Cdc is not null) new CdcChecks(dataset, flow).Check();
    }

    private void Streams()
    {
        var mask = flow.Query.Unit.Mask;
        foreach (var offset in mask.Misplaced)
            flow.Query.Unit.Report(DiagnosticCodes.MisplacedStream, offset, "STREAM stands before a table's name or a source, not before a query.", "Write STREAM inside the subquery, before the table.");
        foreach (var (target, keyword) in mask.Streams)
        {
            if (flow.Query.References.TryGetValue(target, out var reference)) StreamOf(reference, keyword);
            else if (!flow.Query.Sources.Exists(s => s.Span.Start == target)) Misplaced(target, keyword);
        }
        foreach (var call in flow.Query.Sources.Where(static s => s is { Function: "read_delta", IsStream: false }))
            flow.Query.Unit.Report(DiagnosticCodes.SourceNotYet, call.Span.Start, $"{dataset.Name} reads read_delta whole, which only a query does in this version: `smelt query`, and SQL tests.", "A streaming table reads it by STREAM read_delta(…).");
        foreach (var call in flow.Query.Sources.Where(static s => s is { Function: "table_changes", Dataset: null, IsStream: false }))
            flow.Query.Unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, $"{dataset.Name} reads the changes of '{(call.Arguments.Count > 0 ? call.Arguments[0].Text : "")}', which is no dataset.", "Name one: table_changes('silver.orders', 0). A path is read by `smelt query`, and SQL tests.");
        var kind = flow.Kind(dataset.Kind);
        if (kind is FlowKind.Append or FlowKind.AutoCdc)
        {
            foreach (var call in flow.Query.Sources.Where(static s => s is { Function: "table_changes", IsStream: false }))
                flow.Query.Unit.Report(DiagnosticCodes.SourceArguments, call.Span.Start, $"{dataset.Name} is a streaming table and reads table_changes, which is a fixed range of versions.", "Write STREAM before it, to read each change once.");
        }
        if (kind == FlowKind.Once)
        {
            foreach (var keyword in mask.Streams.Values)
                flow.Query.Unit.Report(DiagnosticCodes.StreamInOnce, keyword, $"The flow {flow.Name} runs once and reads its inputs whole.", "Leave STREAM out, or ONCE.");
        }
        else if (flow.Cdc is { IsSnapshot: true }) return;
        else if (dataset.Kind == DatasetKind.StreamingTable) StreamingTable();
        else
        {
            foreach (var keyword in mask.Streams.Values) StreamInView(keyword);
        }
    }

    private void Misplaced(int target, int keyword)
    {
        var isCte = flow.Query.Seen is not null;
        flow.Query.Unit.Report(DiagnosticCodes.MisplacedStream, keyword, "STREAM stands before a dataset or a source; this is neither.",
            isCte ? $"A CTE streams where it reads STREAM itself: '{flow.Query.Unit.Mask.Text.Substring(target, flow.Query.Unit.Mask.NameSpan(target).Length)}' is read without the word." : null);
    }

    private void StreamOf(TableReference reference, int keyword)
    {
        if (reference.Dataset is not { } name || names.Find(name) is not { } input) return;
        if (!input.IsStored)
            flow.Query.Unit.Report(DiagnosticCodes.StreamOfView, keyword, $"{name} is a view, and a view has no versions to stream.", "Stream the table that the view reads.");
        else if (input.Kind == DatasetKind.MaterializedView)
            flow.Query.Unit.Report(DiagnosticCodes.StreamOfMaterializedView, keyword, $"{name} is a materialized view: its next refresh replaces its rows, and stops this stream.",
                "Read it without STREAM in a materialized view, or make it a streaming table.", Severity.Warning);
    }

    private void StreamInView(int keyword)
    {
        var what = dataset.Kind == DatasetKind.MaterializedView ? "materialized view, which reads its inputs whole" : "view, which keeps no offsets";
        flow.Query.Unit.Report(DiagnosticCodes.StreamInView, keyword, $"{dataset.Name} is a {what}.", "Leave STREAM out, or write CREATE OR REFRESH STREAMING TABLE.");
    }

    private void StreamingTable()
    {
        if (!flow.Query.ReadsStream && flow.IsDefault)
            dataset.Report(DiagnosticCodes.NoStream, dataset.NameOffset, $"The streaming table {dataset.Name} reads no STREAM.", "Write STREAM before its input, or make it a MATERIALIZED VIEW.");
        else if (!flow.Query.ReadsStream)
            flow.File.Report(DiagnosticCodes.NoStream, flow.NameOffset, $"The flow {flow.Name} of {dataset.Name} reads no STREAM.", "Write STREAM before its input, or INSERT INTO ONCE to append the rows of today's input once.");
        else
        {
            new StreamingRules(flow.Query, dataset.Name).Check();
            flow.Query.Unique = Streaming.DeduplicationReader.Read(flow.Query);
        }
    }

    // DuckDB makes such a column INTEGER, and then it is too late to see.
    private void UntypedNulls()
    {
        var node = flow.Query.Unit.Node;
        if (!dataset.IsStored || !SqlAst.TypeIs(node, "SELECT_NODE"u8)) return;
        foreach (var item in SqlAst.Items(node, "select_list"u8))
        {
            if (!SqlAst.ClassIs(item, "CONSTANT"u8) || SqlAst.Text(SqlAst.Child(SqlAst.Child(item, "value"u8), "type"u8), "id"u8) != "NULL") continue;
            var alias = SqlAst.Text(item, "alias"u8);
            flow.Query.Unit.Report(DiagnosticCodes.UntypedNull, flow.Query.Unit.Offset(Math.Max(0, SqlAst.Location(item))),
                $"The column {(alias.Length > 0 ? $"'{alias}' " : "")}is NULL without a type, which a table cannot store.", "Write a cast: NULL::VARCHAR.");
        }
    }
}
