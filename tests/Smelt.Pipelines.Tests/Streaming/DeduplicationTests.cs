namespace Smelt.Pipelines.Tests.Streaming;

public class DeduplicationTests
{
    private static Compilation Compile(string sql)
    {
        using var pipeline = new TestPipeline(("bronze/a.sql", "SELECT 1 AS id, 2 AS seen FROM STREAM read_files('a.csv')"), ("silver/t.sql", sql));
        return pipeline.Compile();
    }

    [Fact]
    public void Keys_and_order_are_columns_of_the_output()
    {
        var compilation = Compile("SELECT DISTINCT ON (id, x.seen) id + 1 AS id, seen FROM STREAM bronze.a AS x ORDER BY seen DESC, id");
        Assert.Empty(compilation.Diagnostics);
        var unique = compilation.Pipeline.Graph.Find("silver.t")!.Query.Unique!;
        Assert.Equal(["id", "seen"], unique.Keys);
        Assert.Equal([("seen", true), ("id", false)], unique.Order);
    }

    [Theory]
    [InlineData("SELECT DISTINCT ON (id % 2) id FROM STREAM bronze.a", "SM3021")]
    [InlineData("SELECT DISTINCT ON (id) id FROM STREAM bronze.a ORDER BY seen", "SM3021")]
    [InlineData("SELECT DISTINCT id FROM STREAM bronze.a", "SM3001")]
    [InlineData("SELECT id FROM STREAM bronze.a ORDER BY id", "SM3001")]
    [InlineData("SELECT DISTINCT ON (id) id FROM STREAM bronze.a LIMIT 3", "SM3001")]
    [InlineData("SELECT id FROM (SELECT DISTINCT ON (id) id FROM STREAM bronze.a)", "SM3001")]
    [InlineData("CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.dedup_window' = 'long', 'smelt.dedup_time' = 'seen') AS SELECT DISTINCT ON (id) id, seen FROM STREAM bronze.a", "SM5007")]
    [InlineData("CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.dedup_window' = '1 day') AS SELECT DISTINCT ON (id) id, seen FROM STREAM bronze.a", "SM5007")]
    [InlineData("CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.dedup_window' = '1 day', 'smelt.dedup_time' = 'sen') AS SELECT DISTINCT ON (id) id, seen FROM STREAM bronze.a", "SM5007")]
    [InlineData("CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id, seen FROM STREAM bronze.a", "SM5007")]
    public void What_cannot_be_is_told(string sql, string code) => Assert.Equal(code, Assert.Single(Compile(sql).Diagnostics).Code);

    [Fact]
    public void What_cannot_be_incremental_names_the_view_to_write_instead()
    {
        var told = Assert.Single(Compile("SELECT id, count(*) AS n FROM STREAM bronze.a GROUP BY id").Diagnostics, static d => d.Message.StartsWith("GROUP BY", StringComparison.Ordinal));
        Assert.Contains("CREATE MATERIALIZED VIEW silver.t", told.Hint);
    }
}
