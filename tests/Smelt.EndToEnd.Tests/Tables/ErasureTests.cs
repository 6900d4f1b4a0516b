using Smelt.Lake;

namespace Smelt.EndToEnd.Tests;

/// <summary>Erasure beside readers that have not read all, by folders, and where copies stay.</summary>
public sealed class ErasureTests
{
    [Theory]
    [InlineData("STREAM bronze.o")]
    [InlineData("STREAM read_delta('lake/bronze/o')")]
    public void Nobody_is_erased_while_a_stream_has_still_to_read_them(string source)
    {
        using var folder = Pipeline(source);
        folder.Write("landing/2.csv", "id,name\n4,d\n").Smelt("run", "--select", "bronze.o").Expect(0);
        var refused = folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '4'").Expect(2).Err;
        Assert.Contains("silver.o has not read version 1 of it", refused);
        Assert.Contains("smelt run --select silver.o", refused);
        Assert.Equal("1 2 3 4", Ids(folder, "bronze.o"));
        folder.Smelt("run", "--select", "silver.o").Expect(0);
        Assert.Contains("silver.o streams bronze.o", folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '4'; DELETE FROM silver.o WHERE id = 4").Expect(0).Err);
        folder.Smelt("run").Expect(0);
        Assert.Equal("1 2 3", Ids(folder, "silver.o"));
    }

    [Fact]
    public void Days_do_not_bring_back_what_was_erased_further_down_only()
    {
        using var folder = new PipelineFolder("name: e\n").Write("bronze/o.sql", "SELECT id::INT AS id, d::DATE AS d FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/s.sql", "CREATE STREAMING TABLE silver.s TBLPROPERTIES ('smelt.day_column' = 'd') AS SELECT id, d FROM STREAM bronze.o").Write("landing/1.csv", "id,d\n1,2024-01-01\n2,2024-01-02\n");
        folder.Smelt("run").Expect(0);
        Assert.Contains("silver.s is made of bronze.o, which may hold the rows too", folder.Smelt("sql", "--erasure", "DELETE FROM silver.s WHERE id = 1").Expect(0).Err);
        var refused = folder.Smelt("backfill", "silver.s", "--start", "2024-01-01", "--end", "2024-01-01").Expect(1);
        Assert.Contains("SM6244", refused.Out + refused.Err);
        Assert.Equal("2", Ids(folder, "silver.s"));
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = 1").Expect(0);
        folder.Smelt("backfill", "silver.s", "--start", "2024-01-01", "--end", "2024-01-02").Expect(0);
        Assert.Equal("2", Ids(folder, "silver.s"));
    }

    [Fact]
    public void A_full_refresh_says_which_erased_rows_its_inputs_may_bring_back()
    {
        using var folder = Pipeline("STREAM bronze.o");
        folder.Smelt("sql", "--erasure", "DELETE FROM silver.o WHERE id = 1").Expect(0);
        var run = folder.Smelt("run", "--full-refresh", "silver.o").Expect(0);
        Assert.Contains("and none from bronze.o, which it reads: those that are there come back", run.Out + run.Err);
    }

    [Theory]
    [InlineData("silver.o:after-intent")]
    [InlineData("silver.o:after-prepared")]
    public void Nobody_is_erased_while_a_batch_that_read_them_is_open(string point)
    {
        using var folder = Pipeline("STREAM bronze.o");
        folder.Write("landing/2.csv", "id,name\n4,d\n");
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + point }, "run").ExitCode);
        Assert.Contains("silver.o has a batch that is not finished", folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '4'").Expect(2).Err);
        folder.Smelt("run").Expect(0);
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '4'").Expect(0);
    }

    [Fact]
    public async Task A_stream_stops_where_what_it_has_still_to_read_was_erased_all_the_same()
    {
        using var folder = Pipeline("STREAM bronze.o");
        folder.Write("landing/2.csv", "id,name\n4,d\n5,e\n").Smelt("run", "--select", "bronze.o").Expect(0);
        using (var lake = new OpenLake(folder.Path))
        {
            // Another program's erasure, or one that was between two of ours.
            var table = lake.Table("bronze.o");
            using var connection = table.Lake.Connect();
            var options = new DmlOptions { LiftsAppendOnly = true, Tags = CommitMarks.Of(CommitMarks.Erasure) };
            Assert.True(Assert.IsType<DmlResult.Committed>(await table.ChangeAsync(new DeleteRows("id = '4'"), options, connection, null, TestContext.Current.CancellationToken)).LiftedAppendOnly);
        }
        var said = folder.Smelt("run").Expect(1).Out;
        Assert.Contains("SM6101", said);
        Assert.Contains("erased rows that it had not read yet", said);
        folder.Smelt("run", "--full-refresh", "silver.o").Expect(0);
        Assert.Equal("1 2 3 5", Ids(folder, "silver.o"));
    }

    [Fact]
    public void A_folder_that_is_a_datasets_table_is_that_dataset_and_others_keep_their_property()
    {
        using var folder = Pipeline("STREAM bronze.o").Write("silver/n.sql", "SELECT count(*) AS n FROM bronze.o");
        folder.Smelt("run").Expect(0);
        Assert.Contains("silver.n is a materialized view", folder.Smelt("sql", "--erasure", "DELETE FROM delta.`lake/silver/n` WHERE n = 3").Expect(2).Err);
        Assert.Contains("silver.o streams bronze.o", folder.Smelt("sql", "--erasure", "DELETE FROM delta.`lake/bronze/o/` WHERE id = '2'").Expect(0).Err);
        using var other = new PipelineFolder("name: q\n");
        var refused = other.Smelt("sql", "--erasure", $"DELETE FROM delta.`{folder.File("lake/bronze/o")}` WHERE id = '1'").Expect(2).Err;
        Assert.Contains("is append-only and no dataset of this pipeline", refused);
        Assert.Equal("1 3", Ids(folder, "bronze.o"));
    }

    [Fact]
    public void Failing_rows_that_tests_keep_and_sources_that_cannot_be_read_again_are_named()
    {
        using var folder = Pipeline("STREAM bronze.o").Write("silver/properties.yml", "models:\n  - name: o\n    columns:\n      - name: id\n        data_tests: [{not_null: {config: {store_failures: true}}}]\n")
            .Write("silver/c.sql", "CREATE STREAMING TABLE c; CREATE FLOW f AS AUTO CDC INTO silver.c FROM STREAM(bronze.o) KEYS (id) SEQUENCE BY name COLUMNS id, name");
        folder.Write("smelt.yml", "name: p\nretention: {bronze: 30 days}\n").Smelt("run").Expect(0);
        Assert.Contains("rows that failed its tests are in _smelt.test_failures", folder.Smelt("sql", "--erasure", "DELETE FROM silver.o WHERE id = 2").Expect(0).Err);
        Assert.Contains("Where retention took rows out of bronze.o", folder.Smelt("sql", "--erasure", "DELETE FROM silver.c WHERE id = '2'").Expect(2).Err);
    }

    [Fact]
    public async Task Erasures_at_the_same_time_all_commit_and_their_marks_rise()
    {
        using var folder = Pipeline("STREAM bronze.o");
        await Task.WhenAll(new[] { "1", "2", "3" }.Select(id => Task.Run(() => folder.Smelt("sql", "--erasure", $"DELETE FROM bronze.o WHERE id = '{id}'").Expect(0))));
        Assert.Equal("", Ids(folder, "bronze.o"));
        var marks = Directory.GetFiles(folder.File("lake/bronze/o/_delta_log"), "*.json").Order(StringComparer.Ordinal).SelectMany(File.ReadLines)
            .Where(static l => l.Contains("\"smelt.erased\"", StringComparison.Ordinal)).Select(static l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("txn").GetProperty("version").GetInt64()).ToList();
        Assert.Equal(3, marks.Count);
        Assert.Equal(marks.Distinct().Order(), marks);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(marks[^1], lake.Snapshot("bronze.o").Transactions["smelt.erased"].Version);
        Assert.Equal("true", lake.Snapshot("bronze.o").Metadata.Configuration["delta.appendOnly"]);
    }

    private static PipelineFolder Pipeline(string source)
    {
        var folder = new PipelineFolder("name: p\n").Write("bronze/o.sql", "SELECT id, name FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/o.sql", $"SELECT id::BIGINT AS id FROM {source}").Write("landing/1.csv", "id,name\n1,a\n2,b\n3,c\n");
        folder.Smelt("run", "--select", "bronze.o").Expect(0);
        folder.Smelt("run").Expect(0);
        return folder;
    }

    private static string Ids(PipelineFolder folder, string table) => folder.Scalar($"SELECT string_agg(id, ' ' ORDER BY id::BIGINT) FROM {table}") ?? "";
}
