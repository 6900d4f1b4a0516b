using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The SQL of a dataset as DuckDB gets it: references qualified, streams and sources under the names they are bound to, what can raise wrapped.</summary>
public static class CompiledSql
{
    /// <summary>
    /// For a streaming table the query as rewritten. Where its tables exist the rewriting is proved against them, as in a run; where not, or where it reads files, which are
    /// not opened for a look, it is what the rewriting gives unproved.
    /// </summary>
    /// <returns>Of several flows each under its name as a comment.</returns>
    public static async Task<string> OfAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        if (dataset.Flows.Count == 0) return await OfAsync(context, FlowKind.Complete, dataset.Query, cancel);
        if (dataset.Flows is [var only]) return await OfAsync(context, only.Kind, only.Query, cancel);
        var texts = new List<string>();
        foreach (var flow in dataset.Flows) texts.Add($"-- {flow.Name.ReplaceLineEndings(" ")}\n{await OfAsync(context, flow.Kind, flow.Query, cancel)};");
        return string.Join("\n\n", texts);
    }

    private static async Task<string> OfAsync(UpdateContext context, FlowKind kind, DatasetQuery query, CancellationToken cancel)
    {
        var streams = query.References.Where(static r => r.IsStream).ToList();
        var sources = query.Sources.ToList();
        var bindings = new QueryBindings
        {
            Table = reference => reference.IsStream ? SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{streams.IndexOf(reference)}") : StepCatalog.QualifiedName(reference),
            Source = call => BoundSources.ViewOf(sources.IndexOf(call)),
        };
        if (kind is FlowKind.Complete or FlowKind.Once) return QueryRendering.RenderSql(query, bindings);
        using var catalog = new StepCatalog(context.Database());
        var isBound = sources.Count == 0 && await new InputBinder(context, catalog) { WithStreams = true }.BindAsync(query, cancel) is not null;
        for (var i = 0; isBound && i < streams.Count; i++)
        {
            var table = SqlText.Identifier(streams[i].Dataset!.Schema, streams[i].Dataset!.Name);
            var columns = catalog.Describe($"SELECT * FROM {table}").Select(static c => c.Name);
            catalog.BindSql(StepCatalog.OwnSchema, $"stream_{i}", $"SELECT *, {BoundSources.Row(columns)} FROM {table}");
        }
        return StreamingRewriter.Rewrite(query, new StreamingRewriteOptions { Bindings = bindings, Carry = [StreamedRow.Column] }, catalog.Connection).Sql;
    }
}
