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
        ["by_status_as_stored"] = "SELECT status, sum(amount)::DECIMAL(20,4) AS total, CAST(count(*) AS INTEGER) AS orders, sum(amount)::DECIMAL(18,0) AS whole FROM silver.orders GROUP BY status",
        ["by_status_widened"] = "SELECT status, sum(amount)::DECIMAL(20,4) AS total, CAST(count(*) AS INTEGER) AS orders FROM silver.orders GROUP BY status",
        ["by_region"] = "SELECT r.region, sum(o.amount) AS total, avg(o.amount)::DECIMAL(18,6) AS mean, count(DISTINCT o.customer_id) AS customers "
            + "FROM silver.orders o LEFT JOIN silver.customers c ON o.customer_id = c.customer_id LEFT JOIN silver.regions r ON c.region_id = r.region_id GROUP BY r.region",
        ["by_month"] = "SELECT date_trunc('month', day)::DATE AS month, list(id ORDER BY id, amount) AS ids FROM silver.orders GROUP BY 1",
        ["by_alias"] = "SELECT amount > 40 AS is_big, customer_id AS customer, count(*) AS n FROM silver.orders GROUP BY is_big, customer",
        ["with_having"] = "SELECT customer_id, count(*) AS n FROM silver.orders GROUP BY customer_id HAVING count(*) > 4",
        ["where_of_an_alias"] = "SELECT lower(status) AS st, count(*) AS n, avg(amount)::DECIMAL(18,6) AS mean FROM silver.orders WHERE st <> 'open' GROUP BY st",
        ["as_json"] = "SELECT customer_id, json_array_length(json_group_array(id)) AS n FROM silver.orders GROUP BY customer_id",
        ["distinct_rows"] = "SELECT DISTINCT o.status, c.region_id FROM silver.orders o JOIN silver.customers c USING (customer_id)",
        ["latest"] = "SELECT customer_id, id, amount FROM silver.orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY day DESC, id DESC, amount DESC, status) = 1",
        ["ranked"] = "SELECT id, day, amount, sum(amount) OVER (PARTITION BY day ORDER BY id, amount, status, customer_id ROWS UNBOUNDED PRECEDING) AS running FROM silver.orders",
        ["from_cte"] = "WITH big AS (SELECT * FROM silver.orders WHERE amount > 25), named(k, n) AS (SELECT customer_id, name FROM silver.customers) SELECT n, sum(amount) AS total FROM big JOIN named ON k = customer_id GROUP BY n",
        ["from_view"] = "SELECT customer, count(*) AS n FROM big_orders GROUP BY customer",
        ["united"] = "SELECT id, amount, 'order' AS what FROM silver.orders UNION ALL SELECT customer_id, 0.5, name FROM silver.customers UNION ALL SELECT region_id, 1, region FROM silver.regions",
        ["cte_read_twice"] = "WITH c AS (SELECT * FROM silver.orders WHERE amount > 15) SELECT a.id, b.id AS other FROM c AS a JOIN c AS b ON a.customer_id = b.customer_id AND a.day = b.day",
        ["cte_counted_and_read"] = "WITH c AS (SELECT * FROM silver.orders) SELECT o.id, a.n FROM (SELECT customer_id, count(*) AS n FROM c GROUP BY 1) AS a JOIN c AS o ON o.customer_id = a.customer_id",
        ["united_with_a_count"] = "SELECT id, amount FROM silver.orders UNION ALL SELECT -1, count(*) FROM silver.regions",
        ["numbered"] = "SELECT id, amount, row_number() OVER (PARTITION BY 1 ORDER BY id, amount, day, status, customer_id) AS n FROM silver.orders",
        ["partition_named_as_a_column"] = "SELECT customer_id % 3 AS status, id, row_number() OVER (PARTITION BY status ORDER BY id, amount, day, customer_id) AS n FROM silver.orders",
        ["group_named_as_an_aggregate"] = "SELECT max(amount) AS id, count(*) AS n FROM silver.orders GROUP BY id",
        ["key_of_a_key"] = "SELECT date_trunc('month', day)::DATE AS m, year(m) AS y, avg(amount)::DECIMAL(18,6) AS mean FROM silver.orders GROUP BY ALL",
        ["asof_right"] = "SELECT o.id, c.name FROM silver.orders AS o ASOF RIGHT JOIN (SELECT customer_id, region_id, min(name) AS name FROM silver.customers GROUP BY ALL) AS c ON o.customer_id = c.customer_id AND o.id >= c.region_id",
        ["greatest_of_an_enum"] = "SELECT customer_id, max(status::ENUM('sent', 'paid', 'open')) AS most FROM silver.orders GROUP BY customer_id",
        ["distinct_unnested"] = "SELECT DISTINCT unnest([status, 'x']) AS s FROM silver.orders",
        ["semi_joined"] = "SELECT o.id FROM silver.orders o SEMI JOIN silver.customers c ON o.customer_id = c.customer_id",
        ["with_exists"] = "SELECT id FROM silver.orders o WHERE EXISTS (SELECT 1 FROM silver.customers c WHERE c.customer_id = o.customer_id)",
        ["of_all"] = "SELECT sum(amount) AS total, count(*) AS n FROM silver.orders",
        ["rolled_up"] = "SELECT status, day, sum(amount) AS total FROM silver.orders GROUP BY ROLLUP (status, day)",
        ["full_joined"] = "SELECT c.name, r.region FROM silver.customers c FULL JOIN silver.regions r USING (region_id)",
    };

    /// <summary>Those whose changes never follow, or only some do.</summary>
    private static readonly HashSet<string> s_full = ["rolled_up", "full_joined", "cte_counted_and_read", "numbered", "partition_named_as_a_column", "group_named_as_an_aggregate", "key_of_a_key", "asof_right", "distinct_unnested"];

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

    [Fact]
    public void A_change_that_a_collation_of_the_query_does_not_see_is_a_change_of_the_view()
    {
        const string Query = "AS SELECT id, name COLLATE NOCASE AS name FROM silver.o";
        using var folder = new PipelineFolder("name: c\n").Write("in/1.csv", "id,name\n1,Zed\n2,Bo\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("silver/o.sql", "SELECT id::INT AS id, name FROM STREAM bronze.o")
            .Write("gold/a.sql", $"CREATE MATERIALIZED VIEW a REFRESH POLICY INCREMENTAL {Query}").Write("gold/b.sql", $"CREATE MATERIALIZED VIEW b REFRESH POLICY FULL TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') {Query}");
        LocalUpdate.Run(folder.Path);
        folder.Smelt("sql", "UPDATE silver.o SET name = 'zed' WHERE id = 1").Expect(0);
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("Bo zed, Bo zed", lake.Text("SELECT (SELECT string_agg(name, ' ' ORDER BY id DESC) FROM gold.a) || ', ' || (SELECT string_agg(name, ' ' ORDER BY id DESC) FROM gold.b)"));
    }

    [Fact]
    public void A_table_that_keeps_a_change_feed_s_columns_as_its_own_is_read_whole()
    {
        using var folder = new PipelineFolder("name: c\n").Write("in/1.csv", "id\n1\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("silver/o.sql", "CREATE STREAMING TABLE o TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT id::INT AS id FROM STREAM bronze.o").Write("silver/audit.sql", "SELECT * FROM STREAM table_changes(silver.o)")
            .Write("gold/a.sql", "CREATE MATERIALIZED VIEW a REFRESH POLICY INCREMENTAL AS SELECT id, _change_type AS what FROM silver.audit");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Write("in/2.csv", "id\n2\n").Path);
        folder.Smelt("sql", "DELETE FROM silver.o WHERE id = 1").Expect(0);
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1 delete, 1 insert, 2 insert", lake.Text("SELECT string_agg(id || ' ' || what, ', ' ORDER BY id, what) FROM gold.a"));
    }

    [Fact]
    public void A_group_that_a_rule_dropped_comes_back_with_all_its_rows()
    {
        using var lake = new ChangingLake(5, new Dictionary<string, string> { ["plain"] = "SELECT 1 AS one" }, "", "");
        lake.Folder.Write("gold/big.sql", "CREATE MATERIALIZED VIEW big (CONSTRAINT big EXPECT (total > 1000000) ON VIOLATION DROP ROW) REFRESH POLICY INCREMENTAL AS SELECT status, sum(amount) AS total FROM silver.orders GROUP BY status");
        LocalUpdate.Run(lake.Folder.Path);
        using (var open = new OpenLake(lake.Folder.Path))
        {
            Assert.Equal(0, open.Count("SELECT count(*) FROM gold.big"));
            open.Write("silver.orders", "SELECT 9999::BIGINT AS id, 1::BIGINT AS customer_id, 'paid' AS status, 999999.00::DECIMAL(12,2) AS amount, DATE '2024-01-01' AS day");
        }
        LocalUpdate.Run(lake.Folder.Path);
        using var after = new OpenLake(lake.Folder.Path);
        Assert.Equal(after.Text("SELECT string_agg(status || total, ',') FROM (SELECT status, sum(amount) AS total FROM silver.orders GROUP BY status) WHERE total > 1000000"), after.Text("SELECT string_agg(status || total, ',') FROM gold.big"));
        Assert.Equal(1, after.Count("SELECT count(*) FROM gold.big"));
    }

    [Fact]
    public void Plan_says_how_a_view_is_refreshed_and_why_and_STRICT_stops_where_it_cannot()
    {
        using var lake = new ChangingLake(6, new Dictionary<string, string> { ["by_status"] = s_views["by_status"], ["rolled_up"] = s_views["rolled_up"] }, "", "", "INCREMENTAL");
        lake.Folder.Write("gold/strict.sql", $"CREATE MATERIALIZED VIEW strict REFRESH POLICY INCREMENTAL STRICT AS {s_views["rolled_up"]}").Write("gold/always.sql", $"CREATE MATERIALIZED VIEW always REFRESH POLICY FULL AS {s_views["by_status"]}")
            .Write("gold/auto.sql", $"CREATE MATERIALIZED VIEW auto AS {s_views["by_status"]}");
        LocalUpdate.Run(lake.Folder.Path);
        using (var open = new OpenLake(lake.Folder.Path)) open.Write("silver.orders", "SELECT 9999::BIGINT AS id, 1::BIGINT AS customer_id, 'paid' AS status, 1.00::DECIMAL(12,2) AS amount, DATE '2024-01-01' AS day");
        var plan = lake.Folder.Smelt("plan").Out;
        Assert.Contains("silver.orders changed; incremental: by adding the new rows to the groups", plan);
        Assert.Contains("silver.orders changed; full: it groups by several sets", plan);
        Assert.Contains("silver.orders changed; full: REFRESH POLICY FULL", plan);
        Assert.Contains("silver.orders changed; full: its inputs are small", plan);
        var result = LocalUpdate.TryRun(lake.Folder.Path);
        Assert.Contains("cannot be refreshed incrementally now: it groups by several sets", result.Failed("gold.strict", "SM6280"));
        Assert.Contains("REFRESH POLICY", lake.Folder.Write("gold/v.sql", "CREATE VIEW v REFRESH POLICY FULL AS SELECT 1 AS one").Smelt("validate").Expect(2).Err);
    }

    [Fact]
    public void Sums_under_a_cast_that_rounds_nothing_are_added_to_and_others_made_again()
    {
        using var lake = new ChangingLake(7, new Dictionary<string, string> { ["by_status_as_stored"] = s_views["by_status_as_stored"], ["by_status_widened"] = s_views["by_status_widened"] }, "", "", "INCREMENTAL");
        LocalUpdate.Run(lake.Folder.Path);
        using (var open = new OpenLake(lake.Folder.Path)) open.Write("silver.orders", "SELECT 9999::BIGINT AS id, 1::BIGINT AS customer_id, 'paid' AS status, 1.37::DECIMAL(12,2) AS amount, DATE '2024-01-01' AS day");
        string Why(string view) => lake.Folder.Smelt("plan", "--select", "gold." + view).Expect(0).Out;
        Assert.Contains("incremental: by the groups that changed", Why("by_status_as_stored"));
        Assert.Contains("incremental: by adding the new rows to the groups", Why("by_status_widened"));
        LocalUpdate.Run(lake.Folder.Path);
        using var after = new OpenLake(lake.Folder.Path);
        foreach (var view in (string[])["by_status_as_stored", "by_status_widened"])
            Assert.Equal(after.Text($"SELECT string_agg(t::VARCHAR, ',' ORDER BY status) FROM ({s_views[view]}) AS t"), after.Text($"SELECT string_agg(t::VARCHAR, ',' ORDER BY status) FROM gold.{view} AS t"));
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
