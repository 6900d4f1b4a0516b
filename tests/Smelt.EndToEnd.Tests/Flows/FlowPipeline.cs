namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>One table that three flows write: its own, one that reads another table, one that runs once. Their rows and columns differ.</summary>
public static class FlowPipeline
{
    public const string Orders = """
        CREATE OR REFRESH STREAMING TABLE silver.orders (
          CONSTRAINT positive EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW
        ) AS SELECT order_id::BIGINT AS order_id, amount::DECIMAL(10,2) AS amount FROM STREAM bronze.shop;
        CREATE FLOW phone AS INSERT INTO orders BY NAME
        SELECT order_id::BIGINT AS order_id, amount::DECIMAL(10,2) AS amount, 'phone' AS channel FROM STREAM bronze.phone;
        """;

    public const string Archive = "CREATE FLOW archive AS INSERT INTO ONCE silver.orders BY NAME SELECT id::BIGINT AS order_id, 1.50::DECIMAL(10,2) AS amount, 'archive' AS channel FROM read_files('archive/*.csv')";

    public static readonly string[] Labels = ["silver.orders", "silver.orders/archive", "silver.orders/phone"];

    public static PipelineFolder Create() => new PipelineFolder("name: flows\n")
        .Write("bronze/shop.sql", "SELECT * FROM STREAM read_files('landing/shop', format => 'csv')")
        .Write("bronze/phone.sql", "SELECT * FROM STREAM read_files('landing/phone', format => 'csv')")
        .Write("silver/orders.sql", Orders)
        .Write("silver/archive.sql", Archive)
        .Write("archive/old.csv", "id\n1\n2\n");

    public static PipelineFolder AddFlowDay(this PipelineFolder folder, int day) => folder
        .Write($"landing/shop/{day}.csv", $"order_id,amount\n{day}01,5.00\n{day}02,-1.00\n")
        .Write($"landing/phone/{day}.csv", $"order_id,amount\n{day}11,7.00\n{day}12,x\n");

    /// <summary>Order ids and channels of the table, in order.</summary>
    public static string Rows(this PipelineFolder folder) => folder.Scalar("SELECT string_agg(order_id || coalesce(channel[1], ''), ' ' ORDER BY order_id) FROM silver.orders") ?? "";

    public static string Refused(this PipelineFolder folder) => folder.Scalar("SELECT string_agg(order_id, ' ' ORDER BY order_id) FROM silver.orders__quarantine") ?? "";
}
