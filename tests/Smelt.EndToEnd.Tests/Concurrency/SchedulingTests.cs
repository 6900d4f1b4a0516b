using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Concurrency;

/// <summary>What runs beside what, and what a failure stops.</summary>
public sealed class SchedulingTests
{
    [Fact]
    public void Independent_datasets_run_at_once()
    {
        using var folder = new PipelineFolder().Write("gold/one.sql", "SELECT 1 AS n").Write("gold/other.sql", "SELECT 2 AS n");
        using var both = new Barrier(2);
        var met = 0;
        LocalUpdate.Run(folder.Path, point =>
        {
            // Each waits in the middle of its step for the other: one after the other would never meet.
            if (point.EndsWith(":after-data", StringComparison.Ordinal) && both.SignalAndWait(20_000)) Interlocked.Increment(ref met);
        });
        Assert.Equal(2, met);
    }

    [Fact]
    public void A_failing_dataset_stops_what_depends_on_it_and_nothing_else()
    {
        using var folder = SmallPipeline.Create().AddDay(1)
            .Write("silver/broken.sql", "SELECT customer::INTEGER AS customer FROM bronze.orders")
            .Write("silver/view.sql", "CREATE VIEW silver.looks AS SELECT * FROM silver.broken")
            .Write("gold/needs_broken.sql", "SELECT count(*) AS n FROM silver.looks")
            .Write("gold/needs_both.sql", "SELECT count(*) AS n FROM gold.needs_broken, gold.totals");
        var run = folder.Smelt("run", "--json").Expect(1).Json;
        var ended = run.GetProperty("steps").EnumerateArray().ToDictionary(static s => s.GetProperty("dataset").GetString()!, static s => s.GetProperty("status").GetString());
        Assert.False(run.GetProperty("succeeded").GetBoolean());
        Assert.Equal("failed", ended["silver.broken"]);
        Assert.Equal("blocked", ended["gold.needs_broken"]);
        Assert.Equal("blocked", ended["gold.needs_both"]);
        foreach (var other in new[] { "bronze.orders", "silver.orders", "silver.customers", "gold.totals" }) Assert.Equal("completed", ended[other]);
        Assert.Equal(SmallPipeline.Undisturbed(1), OpenLake.ContentOf(folder.Path));

        folder.Write("silver/broken.sql", "SELECT customer AS customer FROM bronze.orders");
        var mended = LocalUpdate.Run(folder.Path);
        Assert.IsType<FlowResult.Completed>(mended.Of("gold.needs_both"));
        Assert.IsType<FlowResult.Skipped>(mended.Of("gold.totals"));
    }

    [Fact]
    public void An_expectation_that_fails_the_update_commits_nothing_of_its_batch_and_the_mended_rule_reads_it_once()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        LocalUpdate.Run(folder.Path);
        var before = OpenLake.ContentOf(folder.Path);
        var files = Files(folder);
        folder.Write("silver/orders.sql", SmallPipeline.SilverOrders.Replace("CONSTRAINT positive", "CONSTRAINT small EXPECT (order_id < 205) ON VIOLATION FAIL UPDATE, CONSTRAINT positive", StringComparison.Ordinal));
        for (var again = 0; again < 2; again++)
        {
            var told = LocalUpdate.TryRun(again == 0 ? folder.AddDay(2).Path : folder.Path).Failed("silver.orders", EngineCodes.ExpectationFailed);
            Assert.Contains("small", told, StringComparison.Ordinal);
            var after = OpenLake.ContentOf(folder.Path);
            foreach (var table in new[] { "silver.orders", "silver.orders__quarantine", "gold.totals" }) Assert.Equal(before[table], after[table]);
            Assert.Equal(files, Files(folder));
        }
        folder.Write("silver/orders.sql", SmallPipeline.SilverOrders);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(SmallPipeline.Undisturbed(2), OpenLake.ContentOf(folder.Path));
    }

    private static List<string> Files(PipelineFolder folder) =>
        [.. new[] { "silver/orders", "silver/orders__quarantine" }.SelectMany(t => Directory.EnumerateFiles(folder.File("lake/" + t), "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
}
