using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The SQL of a dataset as DuckDB gets it: references qualified, streams and sources under the names they are bound to, what can raise wrapped.</summary>
public static class CompiledSql
{
    public static string Of(Dataset dataset, DuckDbDatabase database)
    {
        var streams = dataset.Query.References.Where(static r => r.IsStream).ToList();
        var sources = dataset.Query.Sources.ToList();
        var bindings = new QueryBindings
        {
            Table = reference => reference.IsStream ? SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{streams.IndexOf(reference)}") : StepCatalog.QualifiedName(reference),
            Source = call => BoundSources.ViewOf(sources.IndexOf(call)),
        };
        if (dataset.Kind != DatasetKind.StreamingTable) return QueryRendering.RenderSql(dataset.Query, bindings);
        using var connection = database.Connect();
        return StreamingRewriter.Rewrite(dataset.Query, new StreamingRewriteOptions { Bindings = bindings, Carry = [StreamedRow.Column] }, connection).Sql;
    }
}
