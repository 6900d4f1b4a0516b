using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A query of a person's, or a dataset's query for a look, bound to today's tables and files. Nothing is written.</summary>
public static class BoundQuery
{
    /// <param name="catalog">Where its inputs are bound.</param>
    /// <param name="query">References, sources and AS OF as compiled.</param>
    /// <returns>SQL that runs in the catalog.</returns>
    /// <exception cref="EngineException">An input has no data yet.</exception>
    public static async Task<string> BindAsync(UpdateContext context, StepCatalog catalog, DatasetQuery query, CancellationToken cancel)
    {
        var binder = new InputBinder(context, catalog) { WithStreams = true };
        return await binder.BindAsync(query, cancel) is { } bindings
            ? QueryRendering.RenderSql(query, bindings)
            : throw new EngineException(EngineCodes.InputMissing, $"{string.Join(", ", binder.Missing)} has no table yet. `smelt run` makes it.");
    }
}
