using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>The retail sample after its first update: tests that only look share it, others change a copy.</summary>
public sealed class RetailUpdate : IDisposable
{
    public RetailUpdate()
    {
        Folder = PipelineFolder.Retail();
        First = Folder.Update();
    }

    public PipelineFolder Folder { get; }

    public JsonElement First { get; }

    public void Dispose() => Folder.Dispose();
}

public sealed class RetailSampleTests(RetailUpdate update) : IClassFixture<RetailUpdate>
{
    [Fact]
    public void The_sample_runs_from_raw_files_to_gold_and_a_second_run_finds_nothing_new()
    {
        using var retail = update.Folder.Copy();
        var first = update.First;
        Assert.Equal(15, first.GetProperty("steps").EnumerateArray().Count(static s => s.GetProperty("status").GetString() == "completed"));
        Assert.True(first.GetProperty("tests").GetArrayLength() >= 20);
        var before = retail.Content();
        var second = retail.Update();
        Assert.All(second.GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
        Assert.Equal(before, retail.Content());
    }

    [Fact]
    public void An_order_comes_out_of_quarantine_when_its_customer_arrives()
    {
        using var retail = update.Folder.Copy();
        var order = retail.Scalar("SELECT min(order_id) FROM silver.orders__quarantine WHERE customer_id = 99999 AND list_contains(_broken_expectations, 'known_customer')");
        Assert.NotNull(order);
        Assert.Equal("0", retail.Scalar($"SELECT count(*) FROM silver.orders WHERE order_id = {order}"));
        retail.Write("landing/customers/customers_late.csv", "customer_id,name,email,segment,region,updated_at,phone\n99999,Late Comer,late@example.com,consumer,north,2025-01-16 08:00:00,\n");
        retail.Update();
        Assert.Equal("1", retail.Scalar($"SELECT count(*) FROM silver.orders WHERE order_id = {order}"));
        Assert.Equal("0", retail.Scalar($"SELECT count(*) FROM silver.orders__quarantine WHERE order_id = {order}"));
    }

    [Fact]
    public void The_template_of_init_is_the_sample_and_runs_at_once()
    {
        using var folder = new PipelineFolder(null);
        folder.Smelt("init", "shop").Expect(0);
        Assert.Contains("succeeded", SmeltProgram.Run(folder.Path, "run", "shop").Expect(0).Out, StringComparison.Ordinal);
        folder.Smelt("init", "shop").Expect(2);
    }

    [Fact]
    public void Kept_and_quarantined_and_dropped_rows_add_up_to_the_rows_read()
    {
        var retail = update.Folder;
        foreach (var step in update.First.GetProperty("steps").EnumerateArray())
        {
            if (step.GetProperty("dataset").GetString() is not ("silver.products" or "silver.order_items")) continue;
            long Of(string name) => step.GetProperty(name).GetInt64();
            Assert.Equal(Of("rowsIn"), Of("rowsOut") + Of("rowsDropped") + Of("rowsQuarantined"));
            Assert.True(Of("rowsQuarantined") > 0);
        }
        Assert.Equal("[\"cast:list_price\",\"has_name\",\"positive_price\"]", retail.Scalar("SELECT to_json(list_sort(_broken_expectations)) FROM silver.products__quarantine WHERE product_id = 9002"));
        Assert.Equal("n/a", retail.Scalar("SELECT _input::JSON ->> 'list_price' FROM silver.products__quarantine WHERE product_id = 9002"));
    }

    [Fact]
    public void Cancellations_duplicates_and_bad_rows_land_where_the_rules_say()
    {
        var retail = update.Folder;
        var steps = update.First.GetProperty("steps").EnumerateArray().ToDictionary(static s => s.GetProperty("dataset").GetString()!);
        string Figures(string dataset) => string.Join(' ', new[] { "rowsOut", "rowsDropped", "rowsQuarantined" }.Select(n => steps[dataset].GetProperty(n).GetInt64())
            .Select(static n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)).Concat(steps[dataset].GetProperty("expectations").EnumerateArray()
                .Where(static r => r.GetProperty("violated").GetInt64() > 0).Select(static r => $"{r.GetProperty("name").GetString()}:{r.GetProperty("violated")}")));
        // 434 lines are 400 orders, of which the latest of each counts: 366 stay.
        Assert.Equal("434 400", retail.Scalar("SELECT count(*) || ' ' || count(DISTINCT order_id) FROM bronze.orders"));
        // Cancellations of either spelling are orders of one status.
        Assert.Equal("cancelled 74", retail.Scalar("SELECT string_agg(s, ';') FROM (SELECT order_status || ' ' || count(*) AS s FROM silver.orders WHERE order_status LIKE 'cancel%' GROUP BY order_status)"));
        Assert.Equal("366 0 34 valid_date:15 valid_amount:14 known_customer:5", Figures("silver.orders"));
        Assert.Equal("1008 0 2 cast:quantity:1 cast:line_total:1 positive_quantity:2", Figures("silver.order_items"));
        Assert.Equal("49 0 2 cast:list_price:1 has_name:1 positive_price:2", Figures("silver.products"));
        Assert.Equal("114 0 0 has_email:8", Figures("silver.customers"));
    }
}
