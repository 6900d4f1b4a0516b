using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>Real data: orders of a Brazilian marketplace, with what is known of them in facts.json.</summary>
public sealed class OlistTests
{
    /// <summary>Facts that are tables: the query whose rows are the fact.</summary>
    private static readonly Dictionary<string, string> s_tables = new(StringComparer.Ordinal)
    {
        ["orders.by_status"] = "FROM gold.orders_by_status ORDER BY 1",
        ["orders.by_month"] = "SELECT month, orders FROM gold.orders_by_month ORDER BY 1",
        ["orders.delivered_by_month"] = "SELECT month, delivered FROM gold.orders_by_month WHERE delivered > 0 ORDER BY 1",
        ["orders.without_payments"] = "SELECT order_id FROM silver.orders ANTI JOIN silver.payments USING (order_id)",
        ["items.revenue_by_month_all"] = "SELECT month, price, freight, items, orders FROM gold.revenue_by_month ORDER BY 1",
        ["items.revenue_by_month_delivered"] = "SELECT month, delivered_price, delivered_orders FROM gold.revenue_by_month WHERE delivered_orders > 0 ORDER BY 1",
        ["items.top10_products_by_revenue"] = "FROM gold.revenue_by_product ORDER BY revenue DESC, product_id LIMIT 10",
        ["items.revenue_by_customer_state"] = "FROM gold.revenue_by_state ORDER BY 1",
        ["items.revenue_by_category"] = "FROM gold.revenue_by_category ORDER BY revenue DESC, category LIMIT 20",
        ["customers.by_state"] = "FROM gold.customers_by_state ORDER BY 1",
        ["sellers.dirty_city"] = "SELECT city FROM silver.sellers WHERE regexp_matches(city, '[0-9/\\\\@,]') ORDER BY 1",
        ["payments.by_type"] = "FROM gold.payments_by_type ORDER BY 1",
        ["reviews.scores"] = "FROM gold.reviews_by_score ORDER BY 1",
    };

    [Fact]
    public void Real_orders_give_the_facts_that_are_known_of_them()
    {
        var data = Repository.SharedPath("data/olist-sample");
        using var olist = new PipelineFolder(null);
        PipelineFolder.CopyTree(Path.Combine(AppContext.BaseDirectory, "Pipelines", "olist"), olist.Path, static _ => true);
        var update = olist.Update("--var", $"data={data}");
        Assert.All(update.GetProperty("steps").EnumerateArray(), static s => Assert.Equal("completed", s.GetProperty("status").GetString()));

        using var facts = JsonDocument.Parse(File.ReadAllText(Path.Combine(data, "facts.json")));
        var known = facts.RootElement.GetProperty("facts").EnumerateObject().ToDictionary(static f => f.Name, static f => Lines(f.Value.GetProperty("value")), StringComparer.Ordinal);
        var found = olist.Query("FROM gold.figures").GroupBy(static r => r.GetProperty("fact").GetString()!)
            .ToDictionary(static f => f.Key, static f => f.Select(static r => $"{r.GetProperty("field").GetString()}={r.GetProperty("value").GetString()}").Order().ToList(), StringComparer.Ordinal);
        Assert.Equal([], s_tables.Keys.Intersect(found.Keys));
        foreach (var (fact, sql) in s_tables) found[fact] = [.. olist.Query($"SELECT concat_ws('|', *COLUMNS(*)) AS line FROM ({sql})").Select(static r => r.GetProperty("line").GetString()!)];

        Assert.True(found.Count >= 25, $"{found.Count} facts");
        foreach (var (fact, lines) in found) Assert.True(known[fact].SequenceEqual(lines), $"{fact}\nknown {string.Join("; ", known[fact])}\nfound {string.Join("; ", lines)}");
        Assert.Equal(["customers.people_with_several_states_or_cities", "customers.repeat_people", "products.nulls"], known.Keys.Except(found.Keys).Order());
    }

    /// <summary>A fact as lines: a table's rows in their order, an object's fields by name, a single value as the field "value".</summary>
    private static List<string> Lines(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(static row => string.Join('|', row.EnumerateArray().Select(static v => v.ToString())))],
        JsonValueKind.Object => [.. value.EnumerateObject().Select(static f => $"{f.Name}={f.Value}").Order()],
        _ => [$"value={value}"],
    };
}
