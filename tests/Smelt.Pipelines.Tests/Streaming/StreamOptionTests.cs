namespace Smelt.Pipelines.Tests.Streaming;

public class StreamOptionTests
{
    [Theory]
    [InlineData("FROM STREAM bronze.a WITH (skipChangeCommits) AS x")]
    [InlineData("FROM STREAM(bronze.a) WITH (SKIPCHANGECOMMITS = true) x")]
    [InlineData("FROM STREAM a WITH ('skipChangeCommits' => 'true')")]
    public void Options_stand_after_a_streamed_table(string from)
    {
        using var pipeline = new TestPipeline(("bronze/a.sql", "SELECT 1 AS id FROM STREAM read_files('a.csv')"), ("silver/t.sql", "SELECT id " + from));
        var reference = Assert.Single(pipeline.CompileClean().Graph.Find("silver.t")!.Query.References);
        Assert.True(reference.IsStream);
        Assert.Equal(new StreamOptions { SkipChangeCommits = true }, reference.Stream);
    }

    [Fact]
    public void A_foreign_table_and_a_change_feed_are_streams_with_options()
    {
        using var pipeline = new TestPipeline(("bronze/a.sql", "SELECT 1 AS id FROM STREAM read_files('a.csv', maxFilesPerTrigger => 3)"),
            ("silver/t.sql", "SELECT id FROM STREAM read_delta('/d', startingVersion => 3, maxFilesPerTrigger => 2, maxBytesPerTrigger => '10k')"),
            ("silver/c.sql", "SELECT id, _change_type FROM STREAM table_changes(bronze.a, 5)"), ("silver/d.sql", "SELECT id FROM STREAM table_changes('/d', '2025-01-01')"));
        var graph = pipeline.CompileClean().Graph;
        Assert.Equal(new StreamOptions { StartingVersion = 3, MaxFiles = 2, MaxBytes = 10240 }, Assert.Single(graph.Find("silver.t")!.Query.Sources).Stream);
        var changes = Assert.Single(graph.Find("silver.c")!.Query.Sources);
        Assert.Equal((5L, "bronze.a"), (changes.Stream.StartingVersion, changes.Dataset!.ToString()));
        Assert.Equal("bronze.a", Assert.Single(graph.Upstream(new DatasetName(Layer.Silver, "c"))).Name.ToString());
        Assert.Equal("2025-01-01", Assert.Single(graph.Find("silver.d")!.Query.Sources).Stream.StartingTimestamp);
    }

    [Theory]
    [InlineData("STREAM bronze.a WITH (skipChanges)", "SM5001")]
    [InlineData("STREAM bronze.a WITH (maxFilesPerTrigger = 0)", "SM5002")]
    [InlineData("STREAM bronze.a WITH (maxBytesPerTrigger = 'much')", "SM5002")]
    [InlineData("STREAM bronze.a WITH (startingVersion = 1, startingTimestamp = '2025-01-01')", "SM5002")]
    [InlineData("STREAM bronze.a WITH (startingTimestamp = 'soon')", "SM5002")]
    [InlineData("STREAM read_delta('/d', version => 3)", "SM5001")]
    [InlineData("STREAM read_delta()", "SM5003")]
    [InlineData("STREAM table_changes(bronze.a, 1, 2)", "SM5003")]
    [InlineData("STREAM table_changes(bronze.a) WITH (skipChangeCommits)", "SM5002")]
    public void A_wrong_option_is_told(string stream, string code)
    {
        using var pipeline = new TestPipeline(("bronze/a.sql", "SELECT 1 AS id FROM STREAM read_files('a.csv')"), ("silver/t.sql", $"SELECT id FROM {stream} AS s"));
        Assert.Equal(code, Assert.Single(pipeline.Compile().Diagnostics).Code);
    }
}
