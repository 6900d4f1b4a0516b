using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.EndToEnd.Tests.Writers;

/// <summary>Others write to the lake while, or between when, the pipeline does.</summary>
public sealed class OtherWriterTests(Spark spark)
{
    private const string Foreign = "SELECT 99999::BIGINT AS order_id, 'foreign' AS customer, 5::DECIMAL(10,2) AS amount";

    [Fact]
    public void Two_gold_tables_of_one_update_read_one_version_although_another_writer_commits_between_them()
    {
        using var folder = SmallPipeline.Create().AddDay(1).Write("gold/counts.sql", "SELECT count(*) AS orders FROM silver.orders");
        var written = 0;
        LocalUpdate.RunWith(folder.Path, point =>
        {
            // After the first of the two has bound its input, before the second does.
            if (point.StartsWith("gold.", StringComparison.Ordinal) && point.EndsWith(":before-data", StringComparison.Ordinal) && written++ == 0) Append(folder);
        }, static options => options with { Parallel = 1 });
        Assert.Equal(2, written);
        Agree(folder, foreignOrders: 0);
        LocalUpdate.Run(folder.Path);
        Agree(folder, foreignOrders: 1);
    }

    [Theory]
    [InlineData("silver.orders:after-data")]
    [InlineData("silver.orders:before-commit-0")]
    public void Another_writers_append_in_the_middle_of_a_streaming_step_is_kept_beside_its_batch(string point)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path, reached =>
        {
            if (reached == point) Append(folder);
        });
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(1, lake.Count("SELECT count(*) FROM silver.orders WHERE customer = 'foreign'"));
        Assert.Equal(SmallPipeline.Undisturbed(2)["silver.orders"].Split('\n').Length + 1, lake.Count("SELECT count(*) FROM silver.orders"));
        Assert.Equal(0, lake.Count("SELECT count(*) FROM (SELECT order_id FROM silver.orders GROUP BY ALL HAVING count(*) > 1)"));
    }

    [Fact]
    public void A_materialized_view_that_another_writer_changes_in_the_middle_of_its_step_equals_its_query_all_the_same()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        var written = 0;
        LocalUpdate.Run(folder.AddDay(2).Path, reached =>
        {
            if (reached != "silver.customers:before-commit-0" || written++ > 0) return;
            using var lake = new OpenLake(folder.Path);
            lake.Write("silver.customers", "SELECT 'foreign' AS customer, 1::BIGINT AS orders");
        });
        Assert.True(written > 1, "the step did not start over");
        Assert.Equal(SmallPipeline.Undisturbed(2), OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void Inputs_that_delta_rs_compacts_run_nothing_and_streams_go_on_from_where_they_were()
    {
        Repository.SharedPath("peers/peers.sh");
        using var folder = TwoDays();
        foreach (var table in new[] { "bronze/orders", "silver/orders" })
            Assert.Equal("1", DeltaRs.Run("import sys; from deltalake import DeltaTable; t = DeltaTable(sys.argv[1]); print(t.optimize.compact()['numFilesAdded'])", folder.File("lake/" + table)));
        GoesOn(folder);
    }

    [Fact]
    public async Task Inputs_that_Spark_optimizes_run_nothing_and_streams_go_on_from_where_they_were()
    {
        Repository.SharedPath("spark/spark.sh");
        using var folder = TwoDays();
        spark.Run(from table in new[] { "bronze/orders", "silver/orders" } select $"OPTIMIZE delta.`{folder.File("lake/" + table)}`");
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal("OPTIMIZE", (await lake.Table("bronze.orders").HistoryAsync(1))[0].Operation);
            Assert.Equal("OPTIMIZE", (await lake.Table("silver.orders").HistoryAsync(1))[0].Operation);
        }
        GoesOn(folder);
    }

    [Fact]
    public async Task Many_appenders_and_updates_of_one_table_lose_no_commit()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        var appenders = Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            using var lake = new OpenLake(folder.Path);
            for (var i = 0; i < 5; i++) AppendBlindly(lake, writer * 100 + i);
        })).ToList();
        for (var day = 2; day <= 4; day++) LocalUpdate.Run(folder.AddDay(day).Path);
        await Task.WhenAll(appenders);
        LocalUpdate.Run(folder.Path);
        using var after = new OpenLake(folder.Path);
        Assert.Equal(20, after.Count("SELECT count(DISTINCT order_id) FROM silver.orders WHERE customer = 'foreign'"));
        Assert.Equal(20, after.Count("SELECT count(*) FROM silver.orders WHERE customer = 'foreign'"));
        Assert.Equal(20, after.Count("SELECT orders FROM gold.totals WHERE customer = 'foreign'"));
        Assert.Equal(SmallPipeline.Undisturbed(4)["silver.orders"].Split('\n').Length + 20, after.Count("SELECT count(*) FROM silver.orders"));
    }

    private static void AppendBlindly(OpenLake lake, int id) => lake.Write("silver.orders", $"SELECT {1_000_000 + id}::BIGINT AS order_id, 'foreign' AS customer, 5::DECIMAL(10,2) AS amount");

    private static void Append(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        lake.Write("silver.orders", Foreign);
    }

    private static void Agree(PipelineFolder folder, int foreignOrders)
    {
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(lake.Count("SELECT orders FROM gold.counts"), lake.Count("SELECT sum(orders) FROM gold.totals"));
        Assert.Equal(foreignOrders, lake.Count("SELECT count(*) FROM gold.totals WHERE customer = 'foreign'"));
        Assert.Equal(1, lake.Count("SELECT count(*) FROM silver.orders WHERE customer = 'foreign'"));
    }

    private static PipelineFolder TwoDays()
    {
        var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        return folder;
    }

    private static void GoesOn(PipelineFolder folder)
    {
        LocalUpdate.Run(folder.Path).NothingRan();
        var next = LocalUpdate.Run(folder.AddDay(3).Path);
        Assert.Equal(20, next.Made("silver.orders").Counts.RowsIn);
        Assert.Equal(SmallPipeline.Undisturbed(3), OpenLake.ContentOf(folder.Path));
    }
}
