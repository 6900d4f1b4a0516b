using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>What is checked of AUTO CDC once the columns of its query are bound.</summary>
internal sealed class CdcChecks(DatasetDraft dataset, FlowDraft flow)
{
    private AutoCdcStatement Cdc => flow.Cdc!;

    public void Check()
    {
        Target();
        Snapshot();
        Columns();
        foreach (var unit in flow.Conditions) Condition(unit);
    }

    private void Target()
    {
        var at = Cdc.Target[0].Offset;
        if (dataset.Name.Layer == Layer.Bronze)
            flow.File.Report(DiagnosticCodes.CdcTarget, at, $"{dataset.Name} is a bronze table, whose rows never change.", "Keep the events in bronze, and apply them to a table of silver.");
        if (dataset.Flows.Find(f => f != flow) is { } other)
            flow.File.Report(DiagnosticCodes.CdcTarget, at, $"{dataset.Name} is kept by AUTO CDC and is written by '{other.Name}' too, whose rows the flow {flow.Name} knows nothing of.",
                other.Cdc is null ? "Give each its own table." : "Write one flow whose source is UNION ALL BY NAME of both.");
    }

    private void Snapshot()
    {
        if (!Cdc.IsSnapshot) return;
        var query = flow.Query;
        if (query.Unit.Mask.Streams.Count > query.Sources.Count(static s => s.IsStream))
            flow.File.Report(DiagnosticCodes.CdcClause, query.Unit.Mask.Base, $"The flow {flow.Name} reads snapshots, which are read whole.", "Leave STREAM out.");
        foreach (var source in query.Sources.Where(static s => !s.IsStream))
            query.Unit.Report(DiagnosticCodes.CdcClause, source.Span.Start, $"The flow {flow.Name} reads a source whole, and not extract by extract.", $"Write STREAM before {source.Function} within the query, or FROM SNAPSHOT {source.Function}(…).");
        if (query.References.Count + query.Sources.Count != 1)
            flow.File.Report(DiagnosticCodes.CdcClause, query.Unit.Mask.Base, $"The flow {flow.Name} reads snapshots of several inputs.", "Write FROM SNAPSHOT table, or FROM SNAPSHOT read_files(…); what they are joined with belongs into a materialized view, which is then the table.");
    }

    private void Columns()
    {
        if (flow.Query.Bound.Openness != Openness.Closed) return;
        var given = flow.Query.Bound.Columns.ConvertAll(static c => c.Name);
        var stored = given.Where(CdcOutput.Columns(flow).Has).ToList();
        foreach (var key in Cdc.Keys) Named(key, "KEYS", given, stored);
        foreach (var column in Cdc.SequenceBy) Named(column, "SEQUENCE BY", given, given);
        foreach (var column in Cdc.Columns?.Names ?? []) Named(column, "COLUMNS", given, given);
        foreach (var column in Cdc.IgnoreNulls?.Names ?? []) Named(column, "IGNORE NULL UPDATES", given, stored);
        foreach (var column in Cdc.TrackHistory?.Names ?? []) Named(column, "TRACK HISTORY ON", given, stored);
        if (Cdc.Type == 2 && stored.Find(static c => Is(c, CdcOutput.Start) || Is(c, CdcOutput.End)) is { } taken)
            flow.File.Report(DiagnosticCodes.CdcColumn, Cdc.Start, $"The source of {flow.Name} has a column {taken}, which a history has of its own.", $"Leave it out: COLUMNS * EXCEPT ({taken}).");
    }

    private void Named(PlacedName column, string clause, List<string> given, List<string> allowed)
    {
        if (allowed.Exists(c => Is(c, column.Name))) return;
        if (given.Exists(c => Is(c, column.Name)))
        {
            flow.File.Report(DiagnosticCodes.CdcColumn, column.Offset, $"{clause} names '{column.Name}', which COLUMNS leaves out.", "Store it too.");
            return;
        }
        var near = NearestName.Of(column.Name, given);
        flow.File.Report(DiagnosticCodes.CdcColumn, column.Offset, $"{clause} names '{column.Name}', which the source does not have.", near is null ? null : $"Did you mean '{near}'?");
    }

    private void Condition(QueryUnit unit)
    {
        if (!unit.IsParsed) return;
        var seen = ReferenceCollector.Of(unit);
        if (seen.References.Count > 0)
            unit.Report(DiagnosticCodes.CdcClause, seen.References[0].Offset, "The condition reads another table; it is about the event alone.", "Join the table in the source's query.");
        else if (seen.Functions.FirstOrDefault(AggregateFunctions.Contains) is { } aggregate)
            unit.Report(DiagnosticCodes.ExpressionSyntax, 0, $"The condition uses the aggregate {aggregate}; it is about one event.");
        else
        {
            var relation = new BoundRelation { Alias = dataset.Name.Name, Columns = flow.Query.Bound.Columns, Openness = flow.Query.Bound.Openness };
            new QueryBinder(unit, new BindWorld(new Dictionary<int, TableReference>(), _ => BoundQuery.Unknown, new Dictionary<string, string>())).BindPredicate(relation);
        }
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
