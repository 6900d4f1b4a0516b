using Smelt.DuckDb;
using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>A person's query, compiled; or what is wrong with it.</summary>
public sealed record AdHocCompilation(DatasetQuery? Query, IReadOnlyList<Diagnostic> Diagnostics);

/// <summary>Compiles a query that is in no file: it may read every dataset, quarantine tables, tables that no file defines, and sources.</summary>
public static class AdHocQuery
{
    private const string FileName = "query";

    public static AdHocCompilation Compile(Pipeline pipeline, string sql, DuckDbDatabase database)
    {
        var scope = new VariableScope(new Dictionary<string, string>(pipeline.Variables));
        var file = StatementParser.Parse(SourceText.Read(FileName, sql, scope));
        QueryDraft? query = null;
        if (file.Datasets.Count == 1 && file.Datasets[0].Kind is null && file.Macros.Count == 0) query = new QueryDraft(QueryUnit.OfQuery(file, file.Datasets[0].Body));
        else if (file.Diagnostics.Count == 0) file.Report(DiagnosticCodes.NotAQuery, 0, "This is not one query.", "Give one SELECT.");
        if (query is not null) Resolve(query, pipeline, database);
        var diagnostics = file.Diagnostics.Concat(scope.Diagnostics).ToList();
        if (query is null || diagnostics.Exists(static d => d.Severity == Severity.Error)) return new AdHocCompilation(null, diagnostics);
        var built = query.Build();
        var usesMacros = query.Seen!.Functions.Overlaps(pipeline.Macros.Select(static m => m.Name.ToLowerInvariant()));
        return new AdHocCompilation(usesMacros ? WithMacros(built, pipeline.Macros) : built, diagnostics);
    }

    private static void Resolve(QueryDraft query, Pipeline pipeline, DuckDbDatabase database)
    {
        SqlSerializer.Parse([query.Unit], database);
        query.Seen = ReferenceCollector.Of(query.Unit);
        SourceCalls.Read(query);
        for (var i = 0; i < query.Sources.Count; i++)
        {
            if (query.Sources[i] is { Function: "table_changes", Arguments: [{ } named, ..] } call && Named(named.Text, pipeline.Graph) is { } dataset) query.Sources[i] = call with { Dataset = dataset };
        }
        foreach (var keyword in query.Unit.Mask.Streams.Values)
            query.Unit.Report(DiagnosticCodes.StreamInView, keyword, "STREAM in a query: a query reads whole tables.", "Leave STREAM out.");
        foreach (var raw in query.Seen.References)
        {
            var (dataset, system) = Meaning(raw, query.Unit, pipeline.Graph);
            query.References[raw.Offset] = new TableReference(raw.Parts, dataset, system, raw.Alias, false, query.Unit.Mask.Versions.GetValueOrDefault(raw.Offset),
                query.Unit.Mask.NameSpan(raw.Offset), query.Unit.Position(raw.Offset)) { Condition = query.Conditions.GetValueOrDefault(raw.Offset) };
        }
    }

    // What is no dataset's name is a path.
    private static DatasetName? Named(string text, PipelineGraph graph)
    {
        var parts = text.Split('.');
        return parts.Length == 2 && DatasetName.TryLayer(parts[0], out var layer) ? graph.Find(new DatasetName(layer, parts[1]))?.Name ?? new DatasetName(layer, parts[1])
            : parts.Length == 1 ? graph.Find(text)?.Name : null;
    }

    private static (DatasetName? Dataset, string? System) Meaning(RawReference raw, QueryUnit unit, PipelineGraph graph)
    {
        if (raw.Parts.Length == 2 && raw.Parts[0].Equals("_smelt", StringComparison.OrdinalIgnoreCase)) return (null, raw.Parts[1]);
        if (raw.Parts.Length == 2 && DatasetName.TryLayer(raw.Parts[0], out var layer))
        {
            var named = new DatasetName(layer, raw.Parts[1]);
            return (graph.Find(named)?.Name ?? named, null);
        }
        if (raw.Parts.Length == 1 && graph.Find(raw.Parts[0]) is { } found) return (found.Name, null);
        var written = string.Join('.', raw.Parts);
        var near = NearestName.Of(written, raw.Parts.Length == 1 ? graph.Datasets.Select(static d => d.Name.Name) : graph.Datasets.Select(static d => d.Name.ToString()));
        unit.Report(DiagnosticCodes.UnknownDataset, raw.Offset, $"There is no dataset '{written}'.", near is not null ? $"Did you mean '{near}'?" : "Tables are named bronze.x, silver.x, gold.x or _smelt.x; a folder is read with read_delta('path').");
        return (null, null);
    }

    private static DatasetQuery WithMacros(DatasetQuery query, IReadOnlyList<Macro> macros) => new()
    {
        Text = query.Text,
        References = query.References,
        MacroReferences = [.. macros.SelectMany(static m => m.Reads).Distinct()],
        Sources = query.Sources,
        Macros = macros,
        Columns = query.Columns,
        IsOpen = query.IsOpen,
    };
}
