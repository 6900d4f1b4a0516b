namespace Smelt.EndToEnd.Tests;

public sealed class RetailSampleTests
{
    [Fact]
    public void The_sample_runs_from_raw_files_to_gold_and_a_second_run_finds_nothing_new()
    {
        using var retail = PipelineFolder.Retail();
        var first = retail.Update();
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
        using var retail = PipelineFolder.Retail();
        retail.Update();
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
        using var retail = PipelineFolder.Retail();
        foreach (var step in retail.Update().GetProperty("steps").EnumerateArray())
        {
            if (step.GetProperty("dataset").GetString() is not ("silver.products" or "silver.order_items")) continue;
            long Of(string name) => step.GetProperty(name).GetInt64();
            Assert.Equal(Of("rowsIn"), Of("rowsOut") + Of("rowsDropped") + Of("rowsQuarantined"));
            Assert.True(Of("rowsQuarantined") > 0);
        }
        Assert.Equal("[\"cast:list_price\",\"has_name\",\"positive_price\"]", retail.Scalar("SELECT to_json(list_sort(_broken_expectations)) FROM silver.products__quarantine WHERE product_id = 9002"));
        Assert.Equal("n/a", retail.Scalar("SELECT _input::JSON ->> 'list_price' FROM silver.products__quarantine WHERE product_id = 9002"));
    }
}
