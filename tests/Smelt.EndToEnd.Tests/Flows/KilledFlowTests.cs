namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>kill -9 at the named points of a table's several flows.</summary>
public sealed class KilledFlowTests
{
    private static readonly Lazy<PipelineFolder> s_firstDay = new(static () =>
    {
        var folder = FlowPipeline.Create().AddFlowDay(1);
        LocalUpdate.Run(folder.Path);
        return folder;
    });

    private static readonly Lazy<SortedDictionary<string, string>> s_undisturbed = new(static () =>
    {
        using var folder = s_firstDay.Value.Copy().AddFlowDay(2);
        LocalUpdate.Run(folder.Path);
        return OpenLake.ContentOf(folder.Path);
    });

    public static TheoryData<string> FewPoints() => Points(["before-prepared", "after-prepared", "after-commit-0", "before-done"]);

    [Theory]
    [MemberData(nameof(FewPoints))]
    public void A_first_update_killed_in_a_flow_and_run_again_leaves_the_table_of_an_undisturbed_one(string point)
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1).AddFlowDay(2);
        folder.RunKilledAt(point);
        LocalUpdate.Run(folder.Path);
        TableDifference.None(s_undisturbed.Value, OpenLake.ContentOf(folder.Path), point);
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    /// <summary>The named points of a full refresh: those of the first flow, which commits for all, and those at which each flow is staged and told that it is done.</summary>
    public static TheoryData<string> RefreshPoints() =>
    [
        .. from label in FlowPipeline.Labels from point in (string[])["before-data", "after-data"] select $"{label}:{point}",
        .. from point in (string[])["before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "after-commit-1", "before-done-of-archive", "before-done-of-phone", "before-done", "after-done"] select $"silver.orders:{point}",
    ];

    [Theory]
    [MemberData(nameof(RefreshPoints))]
    public void A_full_refresh_killed_anywhere_leaves_the_table_whole_and_is_finished_by_the_next_run(string point)
    {
        using var folder = s_firstDay.Value.Copy().AddFlowDay(2);
        folder.RunKilledAt(point, "--full-refresh", "silver.orders");
        using (var lake = new OpenLake(folder.Path)) Assert.Contains(lake.Count("SELECT count(*) FROM silver.orders"), (long[])[4, 6]);
        LocalUpdate.Run(folder.Path);
        TableDifference.None(s_undisturbed.Value, OpenLake.ContentOf(folder.Path), point);
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    public void A_full_refresh_after_one_that_was_killed_finishes_that_one_and_loses_nothing_in_silence(string point)
    {
        using var folder = s_firstDay.Value.Copy().AddFlowDay(2);
        folder.RunKilledAt("silver.orders:" + point, "--full-refresh", "silver.orders");
        File.Move(folder.File("archive/old.csv"), folder.File("old.csv"));
        Assert.Contains("archive/old.csv", LocalUpdate.TryRun(folder.Path, null, "silver.orders").Failed("silver.orders", "SM6208"), StringComparison.Ordinal);
        TableDifference.None(s_undisturbed.Value, OpenLake.ContentOf(folder.Path), point);
        File.Move(folder.File("old.csv"), folder.File("archive/old.csv"));
        LocalUpdate.Run(folder.Path, null, "silver.orders");
        TableDifference.None(s_undisturbed.Value, OpenLake.ContentOf(folder.Path), point);
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_full_refresh_of_one_flow_after_one_that_was_killed_loses_no_file_in_silence()
    {
        using var folder = s_firstDay.Value.Copy().AddFlowDay(2);
        folder.RunKilledAt("bronze.shop:after-prepared", "--full-refresh", "bronze.shop");
        File.Delete(folder.File("landing/shop/1.csv"));
        Assert.Contains("landing/shop/1.csv", LocalUpdate.TryRun(folder.Path, null, "bronze.shop").Failed("bronze.shop", "SM6208"), StringComparison.Ordinal);
        Assert.Equal("101 102 201 202", folder.Scalar("SELECT string_agg(order_id, ' ' ORDER BY order_id) FROM bronze.shop"));
    }

    [Fact]
    public void A_full_refresh_whose_first_flow_was_removed_stops_by_its_name_and_is_finished_once_it_is_back()
    {
        using var folder = s_firstDay.Value.Copy().AddFlowDay(2);
        folder.RunKilledAt("silver.orders:after-prepared", "--full-refresh", "silver.orders");
        folder.Write("silver/orders.sql", FlowPipeline.Orders.Replace("AS SELECT order_id::BIGINT AS order_id, amount::DECIMAL(10,2) AS amount FROM STREAM bronze.shop", "", StringComparison.Ordinal));
        Assert.Contains("the query that silver.orders had of its own", LocalUpdate.TryRun(folder.Path).Failed("silver.orders", "SM6267"), StringComparison.Ordinal);
        Assert.Contains("the query that silver.orders had of its own", LocalUpdate.TryRun(folder.Path, null, "silver.orders").Failed("silver.orders", "SM6208"), StringComparison.Ordinal);
        folder.Write("silver/orders.sql", FlowPipeline.Orders);
        LocalUpdate.Run(folder.Path);
        TableDifference.None(s_undisturbed.Value, OpenLake.ContentOf(folder.Path), "brought back");
    }

    private static TheoryData<string> Points(string[] points) => [.. from label in FlowPipeline.Labels from point in points select $"{label}:{point}"];
}
