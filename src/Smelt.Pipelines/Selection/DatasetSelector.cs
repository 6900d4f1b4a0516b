namespace Smelt.Pipelines;

/// <summary>dbt's selection syntax over the graph.</summary>
public static class DatasetSelector
{
    /// <summary>
    /// What <paramref name="select"/> chooses, less <paramref name="exclude"/>; null or blank select means everything. Space unites, comma intersects;
    /// <c>+m</c>, <c>m+</c>, <c>2+m</c>, <c>m+3</c>, <c>@m</c>; <c>layer:</c>, <c>tag:</c>, <c>path:</c>, <c>kind:</c>, <c>state:modified</c>,
    /// <c>state:new</c>; names may hold <c>*</c> and <c>?</c>.
    /// </summary>
    public static SelectionResult Select(PipelineGraph graph, string? select, string? exclude, SelectionState? state = null) =>
        throw new NotImplementedException();
}
