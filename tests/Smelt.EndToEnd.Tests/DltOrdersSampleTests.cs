using System.Globalization;
using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>The Delta Live Tables specification as a sample, held against a plain program over its files.</summary>
public sealed class DltOrdersSampleTests
{
    [Fact]
    public void Two_days_give_what_a_plain_program_gives_and_a_third_run_makes_only_what_tells_the_time()
    {
        using var folder = PipelineFolder.Sample("dlt-orders");
        folder.Update();
        HoldAgainstFiles(folder);
        Assert.Equal("122", folder.Scalar("SELECT count(*) FROM silver.silver_orders"));
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.quarantine_orders"));
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM silver.refused_orders__quarantine"));
        Assert.Equal("30 insert", folder.Scalar("SELECT count(*) || ' ' || any_value(_change_type) FROM silver.customer_changes"));

        folder.SecondDay();
        folder.Update();
        HoldAgainstFiles(folder);
        Assert.Equal("183", folder.Scalar("SELECT count(*) FROM silver.silver_orders"));
        Assert.Equal("3", folder.Scalar("SELECT count(*) FROM silver.quarantine_orders"));
        Assert.Equal("5", folder.Scalar("SELECT count(*) FROM silver.refused_orders__quarantine"));
        Assert.Equal("delete 3, insert 3", folder.Scalar("SELECT string_agg(t || ' ' || n, ', ' ORDER BY t) FROM (SELECT _change_type AS t, count(*) AS n FROM silver.customer_changes WHERE _commit_version > 0 GROUP BY ALL)"));
        var third = folder.Update().GetProperty("steps").EnumerateArray().Where(static s => s.GetProperty("status").GetString() == "completed").Select(static s => s.GetProperty("dataset").GetString());
        Assert.Equal(["gold.data_quality_metrics"], third);
    }

    [Fact]
    public void The_tables_have_the_documents_columns()
    {
        using var folder = PipelineFolder.Sample("dlt-orders");
        folder.Update();
        Assert.Equal("date, region, order_count, total_sales, avg_order_value, unique_customers", Columns(folder, "gold.gold_daily_sales"));
        Assert.Equal("customer_id, customer_name, customer_segment, total_orders, lifetime_value, first_order_date, last_order_date, avg_order_value", Columns(folder, "gold.gold_customer_lifetime_value"));
        Assert.Equal("table_name, total_records, null_order_ids, invalid_amounts, measured_at", Columns(folder, "gold.data_quality_metrics"));
        Assert.Contains("ingestion_timestamp", Columns(folder, "bronze.bronze_orders"));
        Assert.Contains("source_file", Columns(folder, "bronze.bronze_orders"));
        var detail = folder.Smelt("table", "detail", "gold.gold_orders_by_customer", "--json").Expect(0).Json;
        Assert.Equal(["customer_id", "order_date"], detail.GetProperty("clusteringColumns").EnumerateArray().Select(static c => c.GetString()));
        Assert.Equal("bronze", folder.Smelt("table", "detail", "bronze.bronze_orders", "--json").Expect(0).Json.GetProperty("properties").GetProperty("quality").GetString());
    }

    /// <summary>The numbers of gold, by reading the landing files in their order.</summary>
    private static void HoldAgainstFiles(PipelineFolder folder)
    {
        var orders = new Dictionary<long, (long? Customer, decimal Amount, string Status, DateOnly Day)>();
        foreach (var line in Directory.EnumerateFiles(folder.File("landing/orders")).Order(StringComparer.Ordinal).SelectMany(File.ReadLines))
        {
            var order = JsonDocument.Parse(line).RootElement;
            if (order.GetProperty("order_id").ValueKind == JsonValueKind.Null || order.GetProperty("amount").ValueKind == JsonValueKind.Null || order.GetProperty("amount").GetDecimal() <= 0) continue;
            _ = orders.TryAdd(order.GetProperty("order_id").GetInt64(), (order.GetProperty("customer_id").ValueKind == JsonValueKind.Null ? null : order.GetProperty("customer_id").GetInt64(),
                order.GetProperty("amount").GetDecimal(), order.GetProperty("status").GetString()!, DateOnly.FromDateTime(order.GetProperty("order_date").GetDateTime())));
        }
        var regions = folder.Query("SELECT customer_id, region FROM read_files('landing/customers', format => 'parquet')").ToDictionary(static r => r.GetProperty("customer_id").GetInt64(), static r => r.GetProperty("region").GetString());
        var expected = orders.Values.Where(static o => o.Status == "completed").GroupBy(o => (o.Day, Region: o.Customer is { } c ? regions.GetValueOrDefault(c) : null))
            .Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Key.Day:yyyy-MM-dd} {g.Key.Region} {g.Count()} {g.Sum(static o => o.Amount):0.00} {g.Where(static o => o.Customer is not null).Select(static o => o.Customer).Distinct().Count()}")).Order(StringComparer.Ordinal);
        var found = folder.Query("SELECT concat_ws(' ', date, coalesce(region, ''), order_count, total_sales, unique_customers) AS row FROM gold.gold_daily_sales").Select(static r => r.GetProperty("row").GetString()!).Order(StringComparer.Ordinal);
        Assert.Equal(expected, found);
        Assert.Equal(orders.Count.ToString(CultureInfo.InvariantCulture), folder.Scalar("SELECT total_records FROM gold.data_quality_metrics"));
        Assert.Equal(orders.Values.Count(static o => o.Status == "completed").ToString(CultureInfo.InvariantCulture), folder.Scalar("SELECT sum(total_orders) FROM gold.gold_customer_lifetime_value"));
    }

    private static string Columns(PipelineFolder folder, string table) => folder.Scalar($"SELECT string_agg(column_name, ', ') FROM (DESCRIBE {table})")!;
}
