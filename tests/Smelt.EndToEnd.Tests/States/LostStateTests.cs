using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.EndToEnd.Tests.States;

/// <summary>State, target and upstream that no longer tell the same story: a code and what to do, and nothing lost or doubled.</summary>
public sealed class LostStateTests
{
    private static readonly Lazy<SortedDictionary<string, string>> s_twoDays = new(static () => SmallPipeline.Undisturbed(2));

    [Fact]
    public void A_lake_without_its_state_stops_streaming_tables_and_comes_back_by_full_refresh()
    {
        using var folder = TwoDays();
        Directory.Delete(folder.File("lake/_smelt"), recursive: true);
        var stopped = LocalUpdate.TryRun(folder.Path);
        Assert.Contains("--full-refresh bronze.orders", stopped.Failed("bronze.orders", EngineCodes.StateGone), StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        Assert.Contains("--full-refresh silver.orders", LocalUpdate.OnlyOf(folder.Path, "silver.orders").Failed("silver.orders", EngineCodes.StateGone), StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        // A materialized view without its state is made again: it equals its query either way.
        Assert.True(LocalUpdate.OnlyOf(folder.Path, "silver.customers").Succeeded);
        LocalUpdate.Run(folder.Path, null, "bronze.orders", "silver.orders");
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Theory]
    [InlineData("restored by delta-rs")]
    [InlineData("restored from a copy")]
    [InlineData("overwritten")]
    [InlineData("made anew")]
    [InlineData("removed")]
    public void A_target_behind_its_state_stops_its_flow_until_a_full_refresh(string what)
    {
        using var folder = TwoDays();
        var table = folder.File("lake/silver/orders");
        switch (what)
        {
            case "restored by delta-rs":
                DeltaRs.Run("import sys; from deltalake import DeltaTable; DeltaTable(sys.argv[1]).restore(0)", table);
                break;
            case "restored from a copy":
                File.Delete(Path.Combine(table, "_delta_log/00000000000000000001.json"));
                break;
            case "overwritten":
                Write(folder, "silver.orders", PlanKind.Overwrite);
                break;
            case "made anew":
                Directory.Delete(table, recursive: true);
                Write(folder, "silver.orders", PlanKind.Append);
                break;
            default:
                Directory.Delete(table, recursive: true);
                break;
        }
        var before = OpenLake.ContentOf(folder.Path);
        Assert.Contains("--full-refresh silver.orders", LocalUpdate.TryRun(folder.AddDay(3).Path).Failed("silver.orders", EngineCodes.StateAhead), StringComparison.Ordinal);
        var after = OpenLake.ContentOf(folder.Path);
        Assert.Equal(before.GetValueOrDefault("silver.orders"), after.GetValueOrDefault("silver.orders"));
        Assert.Equal(before["gold.totals"], after["gold.totals"]);
        Assert.Equal(1, folder.Smelt("plan").ExitCode);
        if (what == "made anew")
        {
            // Somebody else's table is never replaced: its owner moves it away.
            LocalUpdate.TryRun(folder.Path, null, "silver.orders").Failed("silver.orders", EngineCodes.ForeignTable);
            Directory.Delete(table, recursive: true);
        }
        LocalUpdate.Run(folder.Path, null, "silver.orders");
        Assert.Equal(SmallPipeline.Undisturbed(3), OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void An_upstream_that_was_fully_refreshed_alone_stops_its_stream_until_that_is_refreshed_too()
    {
        using var folder = TwoDays();
        var stopped = LocalUpdate.TryRun(folder.Path, null, "bronze.orders");
        Assert.Contains("--full-refresh silver.orders", stopped.Failed("silver.orders", EngineCodes.StreamChanged), StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.Path, null, "silver.orders");
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
        LocalUpdate.Run(folder.AddDay(3).Path);
        Assert.Equal(SmallPipeline.Undisturbed(3), OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void An_upstream_that_was_restored_stops_its_stream()
    {
        using var folder = TwoDays();
        DeltaRs.Run("import sys; from deltalake import DeltaTable; DeltaTable(sys.argv[1]).restore(0)", folder.File("lake/bronze/orders"));
        var told = LocalUpdate.OnlyOf(folder.Path, "silver.orders").Failed("silver.orders", EngineCodes.StreamChanged);
        Assert.Contains("restored", told, StringComparison.Ordinal);
        Assert.Contains("--full-refresh silver.orders", told, StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value["silver.orders"], OpenLake.ContentOf(folder.Path)["silver.orders"]);
    }

    [Fact]
    public void An_upstream_whose_rows_were_deleted_stops_its_stream()
    {
        using var folder = TwoDays();
        DeltaRs.Run("""
            import sys
            from deltalake import DeltaTable
            t = DeltaTable(sys.argv[1]); t.alter.set_table_properties({'delta.appendOnly': 'false'}); t.delete("order_id = '101'")
            """, folder.File("lake/bronze/orders"));
        Assert.Contains("--full-refresh silver.orders", LocalUpdate.OnlyOf(folder.Path, "silver.orders").Failed("silver.orders", EngineCodes.StreamChanged), StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value["silver.orders"], OpenLake.ContentOf(folder.Path)["silver.orders"]);
    }

    [Fact]
    public void An_upstream_that_was_dropped_and_made_again_stops_its_stream()
    {
        using var folder = TwoDays();
        Directory.Delete(folder.File("lake/bronze/orders"), recursive: true);
        Directory.Delete(folder.File("lake/_smelt/flows/bronze.orders"), recursive: true);
        Assert.Contains("--full-refresh silver.orders", LocalUpdate.TryRun(folder.Path).Failed("silver.orders", EngineCodes.StreamReplaced), StringComparison.Ordinal);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
    }

    [Theory]
    [InlineData("bronze.orders")]
    [InlineData("silver.orders")]
    [InlineData("silver.customers")]
    public void A_table_that_somebody_else_made_in_a_datasets_place_is_left_alone(string dataset)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        Write(folder, dataset, PlanKind.Append);
        var before = OpenLake.ContentOf(folder.Path)[dataset];
        LocalUpdate.TryRun(folder.Path).Failed(dataset, EngineCodes.ForeignTable);
        LocalUpdate.TryRun(folder.Path).Failed(dataset, EngineCodes.ForeignTable);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path)[dataset]);
    }

    [Theory]
    [InlineData("silver.orders")]
    [InlineData("silver.customers")]
    public void A_table_that_somebody_else_makes_in_the_middle_of_the_first_step_is_left_alone(string dataset)
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        var made = false;
        var result = LocalUpdate.TryRun(folder.Path, point =>
        {
            if (point != dataset + ":before-commit-0" || made) return;
            made = true;
            Write(folder, dataset, PlanKind.Append);
        });
        result.Failed(dataset, EngineCodes.ForeignTable);
        LocalUpdate.TryRun(folder.Path).Failed(dataset, EngineCodes.ForeignTable);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal(1, lake.Count($"SELECT count(*) FROM {dataset}"));
        Directory.Delete(folder.File("lake/" + dataset.Replace('.', '/')), recursive: true);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(SmallPipeline.Undisturbed(1), OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void A_materialized_view_whose_table_was_removed_is_made_again_with_its_quarantine()
    {
        using var folder = TwoDays();
        Directory.Delete(folder.File("lake/silver/customers"), recursive: true);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(s_twoDays.Value, OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void A_materialized_view_put_back_from_a_copy_is_made_again_and_so_is_what_reads_it()
    {
        using var folder = SmallPipeline.Create().AddDay(1).Write("gold/known.sql", "SELECT sum(orders) AS orders FROM silver.customers");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        var before = OpenLake.ContentOf(folder.Path);
        File.Delete(folder.File("lake/silver/customers/_delta_log/00000000000000000001.json"));
        LocalUpdate.Run(folder.Path);
        Assert.Equal(before, OpenLake.ContentOf(folder.Path));
        // And where its content is another when it comes to the same version again.
        File.Delete(folder.File("lake/silver/customers/_delta_log/00000000000000000001.json"));
        LocalUpdate.Run(folder.AddDay(3).Path);
        var after = OpenLake.ContentOf(folder.Path);
        Assert.True(after.Remove("gold.known", out var known));
        Assert.Equal(SmallPipeline.Undisturbed(3), after);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(lake.Count("SELECT sum(orders) FROM silver.customers"), lake.Count("SELECT orders FROM gold.known"));
        Assert.NotEqual(before["gold.known"], known);
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_stream_of_a_table_that_was_put_back_from_a_copy_and_fully_refreshed_stops()
    {
        using var folder = TwoDays();
        File.Delete(folder.File("lake/bronze/orders/_delta_log/00000000000000000001.json"));
        LocalUpdate.TryRun(folder.Path).Failed("bronze.orders", EngineCodes.StateAhead);
        // The log comes to the version again at which silver stands, with other content.
        LocalUpdate.TryRun(folder.AddDay(3).Path, null, "bronze.orders").Failed("silver.orders", EngineCodes.StreamReplaced);
        LocalUpdate.Run(folder.Path, null, "silver.orders");
        Assert.Equal(SmallPipeline.Undisturbed(3), OpenLake.ContentOf(folder.Path));
    }

    private static void Write(PipelineFolder folder, string table, PlanKind kind)
    {
        using var lake = new OpenLake(folder.Path);
        lake.Write(table, "SELECT 99999::BIGINT AS order_id, 'foreign' AS customer, 5::DECIMAL(10,2) AS amount, 1::BIGINT AS orders", kind);
    }

    private static PipelineFolder TwoDays()
    {
        var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.AddDay(2).Path);
        return folder;
    }
}
