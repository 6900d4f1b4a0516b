using Smelt.Lake;

namespace Smelt.EndToEnd.Tests;

/// <summary>A materialized view that follows the changes of its tables holds what its query gives.</summary>
public sealed class IncrementalRefreshTests
{
    /// <summary>Views that follow changes of all three tables, but where the name says otherwise.</summary>
    private static readonly SortedDictionary<string, string> s_views = new(StringComparer.Ordinal)
    {
        ["filtered"] = "SELECT id, amount * 2 AS twice, upper(status) FROM silver.orders WHERE amount > 20",
        ["equal_rows"] = "SELECT status, customer_id FROM silver.orders",
        ["joined"] = "SELECT o.id, c.name, o.amount FROM silver.orders o JOIN silver.customers c ON o.customer_id = c.customer_id",
        ["left_joined"] = "SELECT o.id, c.name, o.amount FROM silver.orders AS o LEFT JOIN silver.customers AS c USING (customer_id)",
        ["two_left_joins"] = "SELECT o.id, c.name, r.region FROM silver.orders o LEFT JOIN silver.customers c ON c.customer_id = o.customer_id LEFT JOIN silver.regions r ON r.region_id = c.region_id",
        ["comma_joined"] = "SELECT o.*, c.name FROM silver.orders o, silver.customers c WHERE o.customer_id = c.customer_id AND o.amount > 10 ORDER BY 1",
        ["joined_to_itself"] = "SELECT a.id, b.id AS other FROM silver.orders a JOIN silver.orders b ON a.customer_id = b.customer_id AND a.day = b.day",
        ["by_status"] = "SELECT status, sum(amount) AS total, count(*) AS orders, min(amount) AS least, max(day) AS latest FROM silver.orders GROUP BY status",
        ["by_status_all"] = "SELECT status, day, count(amount) AS orders, bool_or(amount > 50) AS any_big FROM silver.orders GROUP BY ALL",
        ["by_region"] = "SELECT r.region, sum(o.amount) AS total, avg(o.amount)::DECIMAL(18,6) AS mean, count(DISTINCT o.customer_id) AS customers "
            + "FROM silver.orders o LEFT JOIN silver.customers c ON o.customer_id = c.customer_id LEFT JOIN silver.regions r ON c.region_id = r.region_id GROUP BY r.region",
        ["by_month"] = "SELECT date_trunc('month', day)::DATE AS month, list(id ORDER BY id, amount) AS ids FROM silver.orders GROUP BY 1",
        ["by_alias"] = "SELECT amount > 40 AS is_big, customer_id AS customer, count(*) AS n FROM silver.orders GROUP BY is_big, customer",
        ["with_having"] = "SELECT customer_id, count(*) AS n FROM silver.orders GROUP BY customer_id HAVING count(*) > 4",
        ["distinct_rows"] = "SELECT DISTINCT o.status, c.region_id FROM silver.orders o JOIN silver.customers c USING (customer_id)",
        ["latest"] = "SELECT customer_id, id, amount FROM silver.orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY day DESC, id DESC, amount DESC, status) = 1",
        ["ranked"] = "SELECT id, day, amount, sum(amount) OVER (PARTITION BY day ORDER BY id, amount, status, customer_id ROWS UNBOUNDED PRECEDING) AS running FROM silver.orders",
        ["from_cte"] = "WITH big AS (SELECT * FROM silver.orders WHERE amount > 25), named(k, n) AS (SELECT customer_id, name FROM silver.customers) SELECT n, sum(amount) AS total FROM big JOIN named ON k = customer_id GROUP BY n",
        ["from_view"] = "SELECT customer, count(*) AS n FROM big_orders GROUP BY customer",
        ["united"] = "SELECT id, amount, 'order' AS what FROM silver.orders UNION ALL SELECT customer_id, 0.5, name FROM silver.customers UNION ALL SELECT region_id, 1, region FROM silver.regions",
        ["semi_joined"] = "SELECT o.id FROM silver.orders o SEMI JOIN silver.customers c ON o.customer_id = c.customer_id",
        ["with_exists"] = "SELECT id FROM silver.orders o WHERE EXISTS (SELECT 1 FROM silver.customers c WHERE c.customer_id = o.customer_id)",
        ["of_all"] = "SELECT sum(amount) AS total, count(*) AS n FROM silver.orders",
        ["rolled_up"] = "SELECT status, day, sum(amount) AS total FROM silver.orders GROUP BY ROLLUP (status, day)",
        ["full_joined"] = "SELECT c.name, r.region FROM silver.customers c FULL JOIN silver.regions r USING (region_id)",
    };

    /// <summary>Those whose changes never follow, or only some do.</summary>
    private static readonly HashSet<string> s_full = ["rolled_up", "full_joined"];

    [Theory]
    [InlineData(1, "", "")]
    [InlineData(2, "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')")]
    [InlineData(3, "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')", "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = 'true')")]
    [InlineData(4, "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = 'true')", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableRowTracking' = 'true')")]
    public async Task After_any_changes_every_view_holds_what_its_query_gives(int seed, string properties, string viewProperties)
    {
        using var lake = new ChangingLake(seed, s_views, properties, viewProperties);
        LocalUpdate.Run(lake.Folder.Path);
        var rounds = Repository.IsDeep ? 400 : 8;
        for (var round = 1; round <= rounds; round++)
        {
            var what = lake.Change();
            LocalUpdate.Run(lake.Folder.Path);
            HoldAgainstQueries(lake.Folder.Path, $"seed {seed}, round {round}: {what}");
        }
        using var open = new OpenLake(lake.Folder.Path);
        foreach (var name in s_views.Keys.Except(s_full))
        {
            var modes = (await open.Table("gold." + name).HistoryAsync(cancel: TestContext.Current.CancellationToken)).Select(static c => c.OperationParameters.GetValueOrDefault("mode")).ToList();
            Assert.True(modes.Any(static m => m is "Change" or "Append"), $"{name} was never refreshed by its changes: {string.Join(", ", modes)}");
        }
    }

    private static void HoldAgainstQueries(string folder, string what)
    {
        using var open = new OpenLake(folder);
        open.Rows("CREATE OR REPLACE VIEW silver.big_orders AS SELECT id, customer_id AS customer, amount FROM silver.orders WHERE amount > 30");
        foreach (var (name, sql) in s_views)
        {
            var query = sql.Replace("FROM big_orders", "FROM silver.big_orders", StringComparison.Ordinal);
            var columns = string.Join(", ", open.Rows($"DESCRIBE gold.{name}").Select(static r => $"\"{r[0]}\""));
            var wanted = $"(SELECT {columns} FROM ({query}))";
            var lacks = open.Rows($"{wanted} EXCEPT ALL (SELECT {columns} FROM gold.{name})");
            var extra = open.Rows($"(SELECT {columns} FROM gold.{name}) EXCEPT ALL {wanted}");
            Assert.True(lacks.Count + extra.Count == 0, $"{what}\ngold.{name} lacks {lacks.Count} rows: {Few(lacks)}\nand has {extra.Count} besides: {Few(extra)}");
        }
    }

    private static string Few(List<object?[]> rows) => string.Join(" | ", rows.Take(5).Select(static r => string.Join(",", r)));
}
