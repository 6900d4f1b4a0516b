namespace Smelt.EndToEnd.Tests;

/// <summary>
/// One of each kind of step over a few rows: a streaming bronze table, a streaming silver table and a materialized view that both quarantine rows, a gold table. Every day
/// brings twenty orders of which some break each rule.
/// </summary>
public static class SmallPipeline
{
    public const string SilverOrders = """
        CREATE OR REFRESH STREAMING TABLE silver.orders (
          CONSTRAINT has_customer EXPECT (customer IS NOT NULL) ON VIOLATION QUARANTINE ROW,
          CONSTRAINT positive EXPECT (amount > 0) ON VIOLATION DROP ROW
        ) AS SELECT order_id::BIGINT AS order_id, customer, amount::DECIMAL(10,2) AS amount FROM STREAM bronze.orders
        """;

    public static PipelineFolder Create() => new PipelineFolder("name: small\n")
        .Write("bronze/orders.sql", "CREATE OR REFRESH STREAMING TABLE bronze.orders AS SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true)")
        .Write("silver/orders.sql", SilverOrders)
        .Write("silver/customers.sql", """
            CREATE OR REFRESH MATERIALIZED VIEW silver.customers (CONSTRAINT has_name EXPECT (customer IS NOT NULL) ON VIOLATION QUARANTINE ROW)
            AS SELECT customer, count(*) AS orders FROM bronze.orders GROUP BY customer
            """)
        .Write("gold/totals.sql", "SELECT customer, sum(amount) AS total, count(*) AS orders FROM silver.orders GROUP BY customer");

    public static PipelineFolder AddDay(this PipelineFolder folder, int day)
    {
        var lines = Enumerable.Range(day * 100, 20).Select(static id =>
            $"{id},{(id % 7 == 3 ? "" : $"c{id % 5}")},{(id % 5 == 4 ? "n/a" : id % 6 == 1 ? $"-{id}.50" : $"{id}.25")}");
        return folder.Write($"landing/orders/day-{day}.csv", "order_id,customer,amount\n" + string.Join('\n', lines) + "\n");
    }

    /// <summary>The tables after so many days, each its own update that nothing disturbed.</summary>
    public static SortedDictionary<string, string> Undisturbed(int days)
    {
        using var folder = Create();
        for (var day = 1; day <= days; day++) LocalUpdate.Run(folder.AddDay(day).Path);
        return OpenLake.ContentOf(folder.Path);
    }

    /// <summary>Every named point of a step of each kind, in the order in which they are passed.</summary>
    public static IEnumerable<string> Points(string dataset)
    {
        var isStream = dataset is "bronze.orders" or "silver.orders";
        var tables = dataset.StartsWith("silver", StringComparison.Ordinal) ? 2 : 1;
        if (isStream) yield return dataset + ":before-intent";
        if (isStream) yield return dataset + ":after-intent";
        foreach (var point in new[] { "before-data", "after-data", "before-prepared", "after-prepared" }) yield return $"{dataset}:{point}";
        for (var table = 0; table < tables; table++)
        {
            yield return $"{dataset}:before-commit-{table}";
            yield return $"{dataset}:after-commit-{table}";
        }
        yield return dataset + ":before-done";
        yield return dataset + ":after-done";
    }

    public static IEnumerable<string> AllPoints() =>
        new[] { "bronze.orders", "silver.orders", "silver.customers", "gold.totals" }.SelectMany(Points).Concat(["update:before-event-log", "update:after-event-log"]);

    /// <summary>Runs the program with a fault that ends it as <c>kill -9</c> does; fails where the point was never reached.</summary>
    public static void RunKilledAt(this PipelineFolder folder, string point, params string[] arguments)
    {
        var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + point }, ["run", "--no-tests", .. arguments]);
        Assert.True(killed.ExitCode == 137, $"kill@{point}: exit code {killed.ExitCode}\n{killed.Out}\n{killed.Err}");
    }

    /// <summary>A copy of the folder with its lake, as <c>cp -r</c> makes it.</summary>
    public static PipelineFolder Copy(this PipelineFolder folder)
    {
        var copy = new PipelineFolder(null);
        PipelineFolder.CopyTree(folder.Path, copy.Path, static _ => true);
        return copy;
    }
}
