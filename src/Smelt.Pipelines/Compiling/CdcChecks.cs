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
        Clauses();
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

    /// <summary>Clauses that mean nothing for what the flow keeps or reads.</summary>
    private void Clauses()
    {
        foreach (var clause in Cdc.IsSnapshot ? (string[])["IGNORE NULL UPDATES", "APPLY AS DELETE WHEN", "APPLY AS TRUNCATE WHEN"] : [])
            Refuse(clause, $"{clause} has no meaning for snapshots: a row is there or it is not.", "Leave it out.");
        if (Cdc.Type == 1) Refuse("TRACK HISTORY ON", "SCD type 1 keeps no history to track.", "Write STORED AS SCD TYPE 2, or leave TRACK HISTORY out.");
        if (Cdc.Type == 2) Refuse("APPLY AS TRUNCATE WHEN", "SCD type 2 keeps every version, so that nothing truncates it.", "Leave APPLY AS TRUNCATE WHEN out, or write STORED AS SCD TYPE 1.");
    }

    private void Refuse(string clause, string message, string hint)
    {
        if (Cdc.Clauses.TryGetValue(clause, out var at)) flow.File.Report(DiagnosticCodes.CdcClause, at, message, hint);
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
        if (flow.Query.Bound.Openness != Openness.Closed)
        {
            LeftOut();
            return;
        }
        var given = flow.Query.Bound.Columns.ConvertAll(static c => c.Name);
        var stored = given.Where(CdcOutput.Columns(flow).Has).ToList();
        foreach (var key in Cdc.Keys) Named(key, "KEYS", given, stored);
        foreach (var column in Cdc.SequenceBy) Named(column, "SEQUENCE BY", given, given);
        foreach (var column in Cdc.Columns?.Names ?? []) Named(column, "COLUMNS", given, given);
        foreach (var column in Cdc.IgnoreNulls?.Names ?? []) Named(column, "IGNORE NULL UPDATES ON", given, stored);
        foreach (var column in Cdc.TrackHistory?.Names ?? []) Named(column, "TRACK HISTORY ON", given, stored);
        if (Cdc.Type == 2 && stored.Find(static c => Is(c, CdcOutput.Start) || Is(c, CdcOutput.End)) is { } taken)
            flow.File.Report(DiagnosticCodes.CdcColumn, Cdc.Start, $"The source of {flow.Name} has a column {taken}, which a history has of its own.", $"Leave it out: COLUMNS * EXCEPT ({taken}).");
    }

    /// <summary>Where only the run sees the source's columns, COLUMNS still says what it leaves out.</summary>
    private void LeftOut()
    {
        var choice = CdcOutput.Columns(flow);
        Hold(Cdc.Keys, "KEYS");
        if (Cdc.IgnoreNulls is { Choice.IsExcept: false } nulls) Hold(nulls.Names, "IGNORE NULL UPDATES ON");
        if (Cdc.TrackHistory is { Choice.IsExcept: false } tracked) Hold(tracked.Names, "TRACK HISTORY ON");

        void Hold(IEnumerable<PlacedName> names, string clause)
        {
            foreach (var name in names.Where(n => !choice.Has(n.Name))) Unstored(name, clause);
        }
    }

    private void Unstored(PlacedName column, string clause) =>
        flow.File.Report(DiagnosticCodes.CdcColumn, column.Offset, $"{clause} names '{column.Name}', which COLUMNS leaves out.", "Store it too.");

    private void Named(PlacedName column, string clause, List<string> given, List<string> allowed)
    {
        if (allowed.Exists(c => Is(c, column.Name))) return;
        if (given.Exists(c => Is(c, column.Name)))
        {
            Unstored(column, clause);
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
        else if (ChanceOf(unit, seen) is { } chance)
            unit.Report(DiagnosticCodes.CdcClause, 0, $"The condition depends on {chance}, so that the same event would delete today and not tomorrow: what the table holds is to follow from its events alone.", chance.EndsWith("time of the run", StringComparison.Ordinal) ? "Compare the event's own times, or write the moment into a column of the events." : "Write a condition about the event's columns.");
        else
        {
            var relation = new BoundRelation { Alias = dataset.Name.Name, Columns = flow.Query.Bound.Columns, Openness = flow.Query.Bound.Openness };
            new QueryBinder(unit, new BindWorld(new Dictionary<int, TableReference>(), _ => BoundQuery.Unknown, new Dictionary<string, string>())).BindPredicate(relation);
        }
    }

    /// <summary>What of chance or the run's time a condition is about; null where it is about the event alone.</summary>
    private string? ChanceOf(QueryUnit unit, ReferenceCollector seen)
    {
        if (seen.Functions.FirstOrDefault(FunctionStability.IsVolatile) is { } chance) return $"{chance}(), which gives another value with each call";
        // Of two times their distance is always the same; of one it is that from today.
        if (seen.Functions.FirstOrDefault(static f => f != "age" && FunctionStability.IsTime(f)) is { } time) return $"{time}(), the time of the run";
        return seen.UsesTime && !TimeWords(flow.Query.Bound).Any() ? "the time of the run" : null;

        static IEnumerable<string> TimeWords(BoundQuery bound) => bound.Columns.Select(static c => c.Name).Where(FunctionStability.IsTimeWord);
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
