using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The SQL of a dataset as DuckDB gets it: references qualified, streams and sources under the names they are bound to, what can raise wrapped.</summary>
public static class CompiledSql
{
    /// <summary>For a streaming table whose inputs exist the query as rewritten; before the first run, with its references replaced only.</summary>
    public static async Task<string> OfAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        var streams = dataset.Query.References.Where(static r => r.IsStream).ToList();
        var sources = dataset.Query.Sources.ToList();
        var bindings = new QueryBindings
        {
            Table = reference => reference.IsStream ? SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{streams.IndexOf(reference)}") : StepCatalog.QualifiedName(reference),
            Source = call => BoundSources.ViewOf(sources.IndexOf(call)),
        };
        var plain = QueryRendering.RenderSql(dataset.Query, bindings);
        if (dataset.Kind != DatasetKind.StreamingTable || sources.Count > 0) return plain;
        using var catalog = new StepCatalog(context.Database());
        if (await new InputBinder(context, catalog) { WithStreams = true }.BindAsync(dataset.Query, cancel) is null) return plain;
        for (var i = 0; i < streams.Count; i++)
        {
            var table = SqlText.Identifier(streams[i].Dataset!.Value.Schema, streams[i].Dataset!.Value.Name);
            var columns = catalog.Describe($"SELECT * FROM {table}").Select(static c => c.Name);
            catalog.BindSql(StepCatalog.OwnSchema, $"stream_{i}", $"SELECT *, {BoundSources.Row(columns)} FROM {table}");
        }
        return StreamingRewriter.Rewrite(dataset.Query, new StreamingRewriteOptions { Bindings = bindings, Carry = [StreamedRow.Column] }, catalog.Connection).Sql;
    }
}
