using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.States;

/// <summary>Datasets that get another name, and those whose file goes.</summary>
public sealed class RenameTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_dataset_renamed_with_moved_from_reads_nothing_again_even_where_the_rename_was_cut_short(int partsDone)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        var before = OpenLake.ContentOf(folder.Path);
        Rename(folder, "TBLPROPERTIES ('smelt.moved_from' = 'silver.orders')");
        // What a crash between the parts of the rename leaves.
        string[] parts = ["lake/silver/orders", "lake/silver/orders__quarantine"];
        foreach (var part in parts.Take(partsDone)) Directory.Move(folder.File(part), folder.File(part.Replace("orders", "sales", StringComparison.Ordinal)));

        Assert.Contains("silver.orders", folder.Smelt("plan", "--json").Expect(0).Json.GetProperty("moves")[0].GetString(), StringComparison.Ordinal);
        Assert.IsType<FlowResult.Skipped>(LocalUpdate.Run(folder.Path).Of("silver.sales"));
        var after = OpenLake.ContentOf(folder.Path);
        Assert.Equal(before["silver.orders"], after["silver.sales"]);
        Assert.Equal(before["silver.orders__quarantine"], after["silver.sales__quarantine"]);
        Assert.Equal(before["gold.totals"], after["gold.totals"]);
        Assert.DoesNotContain("silver.orders", after.Keys);
        Assert.DoesNotContain("silver.orders__quarantine", after.Keys);
        Assert.False(Directory.Exists(folder.File("lake/_smelt/flows/silver.orders")));

        Assert.Equal(20, LocalUpdate.Run(folder.AddDay(2).Path).Made("silver.sales").Counts.RowsIn);
        Assert.Equal(SmallPipeline.Undisturbed(2)["silver.orders"], OpenLake.ContentOf(folder.Path)["silver.sales"]);
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_streamed_table_that_is_renamed_is_not_read_again_by_its_readers()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        File.Delete(folder.File("bronze/orders.sql"));
        folder.Write("bronze/raw.sql", """
            CREATE OR REFRESH STREAMING TABLE bronze.raw TBLPROPERTIES ('smelt.moved_from' = 'bronze.orders')
            AS SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true)
            """);
        foreach (var file in new[] { "silver/orders.sql", "silver/customers.sql" })
            folder.Write(file, File.ReadAllText(folder.File(file)).Replace("bronze.orders", "bronze.raw", StringComparison.Ordinal));
        var renamed = LocalUpdate.Run(folder.Path);
        Assert.IsType<FlowResult.Skipped>(renamed.Of("bronze.raw"));
        Assert.IsType<FlowResult.Skipped>(renamed.Of("silver.orders"));
        LocalUpdate.Run(folder.AddDay(2).Path);
        Assert.Equal(SmallPipeline.Undisturbed(2)["silver.orders"], OpenLake.ContentOf(folder.Path)["silver.orders"]);
    }

    [Fact]
    public void Both_names_having_a_table_is_refused_and_touches_neither()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        Rename(folder, "");
        LocalUpdate.Run(folder.Path);
        var before = OpenLake.ContentOf(folder.Path);
        Rename(folder, "TBLPROPERTIES ('smelt.moved_from' = 'silver.orders')");
        Assert.Contains(EngineCodes.MoveRefused, folder.Smelt("run").Expect(1).Err, StringComparison.Ordinal);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void Without_moved_from_the_old_table_is_an_orphan_until_drop_removes_it()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        var before = OpenLake.ContentOf(folder.Path);
        Rename(folder, "");
        var orphans = folder.Smelt("plan", "--json").Expect(0).Json.GetProperty("orphans").EnumerateArray().Select(static o => o.GetString()).ToList();
        Assert.Equal(["silver.orders", "silver.orders__quarantine"], orphans);
        LocalUpdate.Run(folder.Path);
        var after = OpenLake.ContentOf(folder.Path);
        Assert.Equal(before["silver.orders"], after["silver.orders"]);
        Assert.Equal(before["silver.orders"], after["silver.sales"]);

        folder.Smelt("drop", "silver.sales", "--yes").Expect(2);
        folder.Smelt("drop", "silver.orders").Expect(2);
        Assert.Equal(after, OpenLake.ContentOf(folder.Path));
        folder.Smelt("drop", "silver.orders", "--yes").Expect(0);
        Assert.False(Directory.Exists(folder.File("lake/silver/orders")));
        Assert.False(Directory.Exists(folder.File("lake/silver/orders__quarantine")));
        Assert.False(Directory.Exists(folder.File("lake/_smelt/flows/silver.orders")));
        Assert.Empty(folder.Smelt("plan", "--json").Expect(0).Json.GetProperty("orphans").EnumerateArray());
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    private static void Rename(PipelineFolder folder, string properties)
    {
        File.Delete(folder.File("silver/orders.sql"));
        folder.Write("silver/sales.sql", SmallPipeline.SilverOrders.Replace("silver.orders", "silver.sales", StringComparison.Ordinal).Replace(") AS SELECT", $") {properties} AS SELECT", StringComparison.Ordinal));
        folder.Write("gold/totals.sql", "SELECT customer, sum(amount) AS total, count(*) AS orders FROM silver.sales GROUP BY customer");
    }
}
