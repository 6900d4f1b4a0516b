using System.Globalization;

namespace Smelt.EndToEnd.Tests;

/// <summary>Full refreshes of streams whose tables gave up rows since they were read: what would be lost is known before.</summary>
public sealed class RemovedRowsTests
{
    [Fact]
    public void A_file_that_was_written_over_and_holds_less_stops_a_full_refresh_until_the_rows_are_given_up()
    {
        using var folder = new PipelineFolder("name: r\n").Write("bronze/x.sql", "SELECT id, v FROM STREAM read_files('landing', format => 'csv')").Write("landing/1.csv", "id,v\n1,a\n2,b\n3,c\n").Write("landing/2.csv", "id,v\n4,d\n");
        folder.Smelt("run").Expect(0);
        folder.Write("landing/1.csv", "id,v\n1,a\n");
        var said = folder.Smelt("run", "--full-refresh", "bronze.x").Expect(1).Out;
        Assert.Contains("SM6208", said);
        Assert.Contains("landing/1.csv (9 bytes, 17 then)", said);
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM bronze.x"));
        folder.Smelt("drop", "bronze.x", "--yes").Expect(2);
        folder.Smelt("drop", "bronze.x", "--yes", "--defined").Expect(0);
        folder.Smelt("run").Expect(0);
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM bronze.x"));
        // One that holds as much is read as it is now, and that is said.
        folder.Write("landing/2.csv", "id,v\n9,later\n");
        var read = folder.Smelt("run", "--full-refresh", "bronze.x").Expect(0);
        Assert.Contains("read as they are now, and not as they were: landing/2.csv", read.Out + read.Err);
        Assert.Equal("1 9", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM bronze.x"));
    }

    [Fact]
    public void A_full_refresh_does_not_lose_what_retention_took_before_an_ordinary_change_stopped_the_stream()
    {
        using var folder = Chain("");
        folder.Smelt("maintain", "--no-optimize", "--no-vacuum").Expect(0);
        folder.Smelt("sql", "UPDATE silver.a SET id = 10 WHERE id = 1").Expect(0);
        Assert.Contains("SM6101", folder.Smelt("run").Expect(1).Out);
        var said = folder.Smelt("run", "--full-refresh", "silver.b").Expect(1).Out;
        Assert.Contains("SM6208", said);
        Assert.Contains("retention took them out of it (2 rows of 1 day before", said);
        Assert.Equal("1 2 3", Ids(folder));
    }

    [Fact]
    public void A_full_refresh_that_an_ordinary_change_asks_for_brings_the_change_in()
    {
        using var folder = Chain("");
        folder.Smelt("sql", "UPDATE silver.a SET id = 30 WHERE id = 3").Expect(0);
        Assert.Contains("SM6101", folder.Smelt("run").Expect(1).Out);
        folder.Smelt("run", "--full-refresh", "silver.b").Expect(0);
        Assert.Equal("1 2 30", Ids(folder));
    }

    [Theory]
    [InlineData("DELETE FROM silver.a WHERE id = 3", false)]
    [InlineData("DELETE FROM silver.a WHERE id = 3", true)]
    public void A_stream_that_passes_changes_over_does_not_lose_what_they_took(string change, bool expires)
    {
        using var folder = Chain(" WITH (skipChangeCommits)");
        folder.Smelt("sql", change).Expect(0);
        if (expires) folder.Smelt("maintain", "--no-optimize", "--no-vacuum").Expect(0);
        var said = folder.Smelt("run", "--full-refresh", "silver.b").Expect(1).Out;
        Assert.Contains("SM6208", said);
        Assert.Contains("(DELETE)", said);
        Assert.Equal(expires, said.Contains("retention", StringComparison.Ordinal));
        Assert.Equal("1 2 3", Ids(folder));
    }

    [Fact]
    public void A_source_that_got_another_name_is_found_by_its_table()
    {
        using var folder = Chain("");
        var sql = folder.Read("silver/a.sql");
        File.Delete(folder.File("silver/a.sql"));
        folder.Write("silver/c.sql", sql.Replace("TABLE a TBLPROPERTIES (", "TABLE c TBLPROPERTIES ('smelt.moved_from' = 'silver.a', ", StringComparison.Ordinal)).Write("silver/b.sql", "SELECT id FROM STREAM silver.c").Write("smelt.yml", "name: p\nretention: {silver.c: 10 days}\n");
        folder.Smelt("run", "--select", "silver.c").Expect(0);
        folder.Smelt("maintain", "--no-optimize", "--no-vacuum").Expect(0);
        Assert.Contains("SM6208", folder.Smelt("run", "--full-refresh", "silver.b").Expect(1).Out);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("retention: {silver.a: 10 days}\n", false)]
    public async Task Where_the_log_is_gone_only_tables_that_lose_rows_stop_a_full_refresh(string retention, bool goesOn)
    {
        using var folder = Chain("", retention);
        folder.Write("landing/2.csv", $"id,day\n4,{Day(0)}\n").Smelt("run", "--select", "bronze.o silver.a").Expect(0);
        using (var lake = new OpenLake(folder.Path)) await lake.Table("silver.a").CheckpointAsync(lake.Snapshot("silver.a"), TestContext.Current.CancellationToken);
        foreach (var file in Directory.EnumerateFiles(folder.File("lake/silver/a/_delta_log"), "*.json")) File.Delete(file);
        Assert.Contains("SM6103", folder.Smelt("run").Expect(1).Out);
        var said = folder.Smelt("run", "--full-refresh", "silver.b");
        Assert.Contains(goesOn ? "nobody can tell whether rows were taken out of it" : "SM6208", said.Expect(goesOn ? 0 : 1).Out + said.Err);
        Assert.Equal(goesOn ? "1 2 3 4" : "1 2 3", Ids(folder));
    }

    [Fact]
    public void What_runs_once_runs_again_over_a_table_that_somebody_was_erased_from()
    {
        using var folder = Chain("");
        folder.Write("silver/once.sql", "CREATE STREAMING TABLE once; CREATE FLOW f AS INSERT INTO ONCE silver.once BY NAME SELECT id FROM silver.a");
        folder.Smelt("run").Expect(0);
        folder.Smelt("sql", "--erasure", "DELETE FROM silver.a WHERE id = 3").Expect(0);
        folder.Smelt("run", "--full-refresh", "silver.once").Expect(0);
        Assert.Equal("1 2", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.once"));
        folder.Smelt("maintain", "--no-optimize", "--no-vacuum").Expect(0);
        Assert.Contains("gave up rows since (1 row of 1 day before", folder.Smelt("run", "--full-refresh", "silver.once").Expect(1).Out);
    }

    /// <summary>silver.b streams silver.a, of whose three rows two came twenty days ago.</summary>
    private static PipelineFolder Chain(string with, string retention = "retention: {silver.a: 10 days}\n")
    {
        var folder = new PipelineFolder("name: p\n" + retention).Write("bronze/o.sql", "SELECT id, day FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/a.sql", "CREATE STREAMING TABLE a TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id::BIGINT AS id, day::DATE AS day FROM STREAM bronze.o")
            .Write("silver/b.sql", $"SELECT s.id FROM STREAM silver.a{with} AS s")
            .Write("landing/1.csv", $"id,day\n1,{Day(0)}\n2,{Day(-20)}\n3,{Day(-20)}\n");
        folder.Smelt("run").Expect(0);
        return folder;
    }

    private static string Day(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Ids(PipelineFolder folder) => folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.b") ?? "";
}
