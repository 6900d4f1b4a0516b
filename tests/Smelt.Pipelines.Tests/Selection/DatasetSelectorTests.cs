namespace Smelt.Pipelines.Tests.Selection;

public class DatasetSelectorTests
{
    private static Pipeline Sample()
    {
        using var pipeline = new TestPipeline(
            ("bronze/a.sql", "SELECT 1 AS x"), ("bronze/b.sql", "SELECT 2 AS x"), ("silver/g1/c.sql", "SELECT x FROM bronze.a"),
            ("silver/d.sql", "SELECT c.x FROM silver.c JOIN bronze.b USING (x)"), ("gold/e.sql", "SELECT x FROM silver.d"),
            ("silver/properties.yml", "models:\n- name: c\n  tags: [nightly]\n"));
        return pipeline.CompileClean();
    }

    [Theory]
    [InlineData("", "bronze.a bronze.b silver.c silver.d gold.e")]
    [InlineData("c", "silver.c")]
    [InlineData("silver.C", "silver.c")]
    [InlineData("+c", "bronze.a silver.c")]
    [InlineData("c+", "silver.c silver.d gold.e")]
    [InlineData("c+1", "silver.c silver.d")]
    [InlineData("1+d", "bronze.b silver.c silver.d")]
    [InlineData("+d+", "bronze.a bronze.b silver.c silver.d gold.e")]
    [InlineData("@c", "bronze.a bronze.b silver.c silver.d gold.e")]
    [InlineData("layer:silver", "silver.c silver.d")]
    [InlineData("layer:silver,+c", "silver.c")]
    [InlineData("a e", "bronze.a gold.e")]
    [InlineData("tag:nightly+", "silver.c silver.d gold.e")]
    [InlineData("path:silver/g1", "silver.c")]
    [InlineData("silver.*", "silver.c silver.d")]
    [InlineData("kind:materialized_view,layer:gold", "gold.e")]
    public void A_selector_chooses_what_dbt_s_would(string select, string expected)
    {
        var result = DatasetSelector.Select(Sample().Graph, select, null);
        Assert.Empty(result.Diagnostics);
        Assert.Equal(expected, string.Join(' ', result.Datasets.Select(d => d.Name)));
    }

    [Fact]
    public void Exclude_takes_away_and_state_compares_definitions()
    {
        var graph = Sample().Graph;
        Assert.Equal(["silver.d"], DatasetSelector.Select(graph, "layer:silver", "c").Datasets.Select(d => d.Name.ToString()));
        var hashes = graph.Datasets.ToDictionary(d => d.Name, d => d.DefinitionHash);
        hashes[new DatasetName(Layer.Silver, "d")] = "other";
        Assert.Equal(["silver.d", "gold.e"], DatasetSelector.Select(graph, "state:modified+", null, new SelectionState { PreviousHashes = hashes }).Datasets.Select(d => d.Name.ToString()));
    }

    [Theory]
    [InlineData("cc", "SM5011")]
    [InlineData("size:9", "SM5012")]
    [InlineData("+", "SM5012")]
    [InlineData("state:old", "SM5012")]
    public void A_selector_that_means_nothing_is_a_diagnostic(string select, string code) =>
        Assert.Equal(code, Assert.Single(DatasetSelector.Select(Sample().Graph, select, null).Diagnostics).Code);
}
