using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>How a step is run that ran out of memory: in parts where its groups can be divided, else with one thread, which holds one set of buffers.</summary>
internal static class FrugalQuery
{
    /// <summary>Four bytes or so of each row stay in memory while DuckDB groups by a text: 50 MB a part.</summary>
    private const long RowsOfPart = 12_000_000;

    private const int LeastParts = 5, MostParts = 127;

    /// <param name="frugality">From 1; each step up divides by four more.</param>
    /// <returns>The query to run in the batch's place.</returns>
    public static string Of(UpdateContext context, Dataset dataset, IStepBatch batch, int frugality)
    {
        var rows = Math.Max(batch.RowsIn / RowsOfPart, LeastParts) << (2 * (frugality - 1));
        var divided = IsSameEveryTime(context, dataset) ? QueryDivision.Divide(batch.Sql, (int)Math.Min(rows, MostParts) | 1, batch.Catalog.Connection) : null;
        if (divided is null || frugality > 1) context.Database().SetThreads(1);
        return divided ?? batch.Sql;
    }

    /// <summary>Whether what the query reads by name is: tables at their versions are; views, macros and sources are queries of their own, which nobody looked into.</summary>
    private static bool IsSameEveryTime(UpdateContext context, Dataset dataset) =>
        dataset is { Kind: DatasetKind.MaterializedView, Query: { IsVolatile: false, Macros.Count: 0, Sources.Count: 0 } query }
        && query.References.All(r => r.Dataset is not { } name || context.Pipeline.Graph.Find(name) is not { IsView: true });
}
