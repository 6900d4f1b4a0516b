namespace Smelt.Pipelines.Tests;

/// <summary>Folders and names that a sink's files cannot have.</summary>
public sealed class SinkTests
{
    [Theory]
    [InlineData("", "cannot be empty")]
    [InlineData(" ", "cannot be empty")]
    [InlineData(".", "the pipeline's own folder")]
    [InlineData("lake", "in the storage of the target local (lake)")]
    [InlineData("out/../lake/silver/s/", "in the storage of the target local (lake)")]
    [InlineData("bronze", "in the folder bronze")]
    [InlineData("tests/expected", "in the folder tests")]
    [InlineData("functions", "in the folder functions")]
    [InlineData("variants/b/gold", "in the folder variants")]
    [InlineData("landing", "bronze.x reads files from 'landing/*/in'")]
    [InlineData("landing/a", "bronze.x reads files from 'landing/*/in'")]
    [InlineData("landing/a/in/done", "bronze.x reads files from 'landing/*/in'")]
    [InlineData("all/a/b", "silver.y reads files from 'all/**/*.csv'")]
    [InlineData("listed", "silver.y reads files from 'listed'")]
    public void A_folder_that_the_pipeline_reads_or_keeps_is_no_sinks(string path, string why)
    {
        using var pipeline = Pipeline($"path = '{path}', format = 'json'");
        var diagnostic = Assert.Single(pipeline.Compile().Diagnostics);
        Assert.Equal((DiagnosticCodes.BadOption, "gold/sk.sql", 2), (diagnostic.Code, diagnostic.File, diagnostic.Line));
        Assert.Contains(why, diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("out")]
    [InlineData("lakes")]
    [InlineData("landing/a/out")]
    [InlineData("bronzed")]
    [InlineData("listed2")]
    [InlineData("../out")]
    // One file by its name, which the sink's have not.
    [InlineData("ref")]
    public void A_folder_beside_them_is_one(string path)
    {
        using var pipeline = Pipeline($"path = '{path}', format = 'json'");
        pipeline.CompileClean();
    }

    [Fact]
    public void A_file_that_a_source_names_is_not_written()
    {
        using var pipeline = Pipeline("path = 'ref', format = 'csv', file = 'countries.csv'");
        Assert.Contains("silver.y reads files from 'ref/countries.csv'", Assert.Single(pipeline.Diagnose()), StringComparison.Ordinal);
    }

    [Fact]
    public void Storage_of_its_own_that_a_layer_has_is_no_sinks()
    {
        using var pipeline = Pipeline("path = 'apart/s', format = 'json'");
        pipeline.Write("platform.yml", "default_target: dev\ntargets:\n  dev:\n    storage: {root: kept, silver: apart}\n");
        Assert.Contains("in the storage of the target dev (apart)", Assert.Single(pipeline.Diagnose()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{id")]
    [InlineData("a-{}.json")]
    [InlineData("{ }.json")]
    [InlineData("{{id}}.json")]
    [InlineData("{date}-{id.json")]
    public void A_placeholder_has_a_name_and_an_end(string file)
    {
        using var pipeline = Pipeline($"path = 'out', format = 'json', file = '{file}'");
        Assert.Contains("a placeholder in it is empty, or its brace is not closed", Assert.Single(pipeline.Diagnose()), StringComparison.Ordinal);
    }

    private static TestPipeline Pipeline(string options) => new(
        ("bronze/x.sql", "SELECT * FROM STREAM read_files('landing/*/in', format => 'csv', schema => 'id BIGINT')"),
        ("silver/y.sql", "SELECT id FROM read_files(['all/**/*.csv', 'listed', 'ref/countries.csv'], format => 'csv', schema => 'id BIGINT')"),
        ("gold/sk.sql", $"CREATE SINK out OPTIONS (\n{options});\nCREATE FLOW f AS INSERT INTO out BY NAME SELECT id FROM STREAM bronze.x;"));
}
