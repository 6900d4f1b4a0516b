using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.Quarantines;

/// <summary>Refused rows of a table that several flows write: each goes through the query of its own flow.</summary>
public sealed class ReplayedFlowTests
{
    private static readonly Lazy<PipelineFolder> s_refused = new(static () =>
    {
        var folder = Orders();
        LocalUpdate.Run(folder.Path);
        return Mended(folder);
    });

    private static readonly string[] s_labels = ["silver.orders", "silver.orders/archive", "silver.orders/phone"];

    private static PipelineFolder Orders() => new PipelineFolder("name: flows\n")
        .Write("bronze/shop.sql", "SELECT * FROM STREAM read_files('landing/shop', format => 'csv')")
        .Write("bronze/phone.sql", "SELECT * FROM STREAM read_files('landing/phone', format => 'csv')")
        .Write("landing/shop/1.csv", "order_id,amount\n101,5.00\n102,-1.00\n103,-9.00\n")
        .Write("landing/phone/1.csv", "caller,price\n111,7.00\n112,x\n")
        .Write("archive/old.csv", "id,worth\n1,2.50\n2,0\n")
        .Write("silver/orders.sql", Sql("amount > 0", "amount", "price"));

    private static string Sql(string rule, string shop, string phone) => $"""
        CREATE OR REFRESH STREAMING TABLE silver.orders (CONSTRAINT positive EXPECT ({rule}) ON VIOLATION QUARANTINE ROW)
        AS SELECT order_id::BIGINT AS order_id, {shop}::DECIMAL(10,2) AS amount FROM STREAM bronze.shop;
        CREATE FLOW phone AS INSERT INTO orders BY NAME SELECT caller::BIGINT AS order_id, {phone}::DECIMAL(10,2) AS amount, 'phone' AS channel FROM STREAM bronze.phone;
        CREATE FLOW archive AS INSERT INTO ONCE orders BY NAME SELECT id::BIGINT AS order_id, worth::DECIMAL(10,2) AS amount, 'archive' AS channel FROM read_files('archive/*.csv');
        """;

    /// <summary>Zero is good, a minus of the shop is a slip, and the telephone's x is a three; what the shop gives away stays refused.</summary>
    private static PipelineFolder Mended(PipelineFolder folder) =>
        folder.Write("silver/orders.sql", Sql("amount BETWEEN 0 AND 8", "replace(amount, '-', '')", "replace(price, 'x', '3')"));

    private static void Replay(PipelineFolder folder)
    {
        var result = LocalUpdate.RunWith(folder.Path, null, static o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.orders")], Replay = new ReplayOptions(null) });
        Assert.True(result.Succeeded, LocalUpdate.Told(result));
    }

    private static (string? Rows, string? Refused) Of(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return (lake.Text("SELECT string_agg(order_id || coalesce(channel[1], '') || '=' || amount, ' ' ORDER BY order_id) FROM silver.orders"),
            lake.Text("SELECT string_agg(order_id || ' ' || _flow, ' ' ORDER BY order_id) FROM silver.orders__quarantine"));
    }

    [Fact]
    public void Each_row_goes_through_the_query_of_the_flow_that_refused_it()
    {
        using var folder = s_refused.Value.Copy();
        Assert.Equal(("1a=2.50 101=5.00 111p=7.00", "2 archive 102 orders 103 orders 112 phone"), Of(folder));
        var step = folder.Smelt("quarantine", "replay", "silver.orders", "--json").Expect(0).Json.GetProperty("steps")[0];
        Assert.Equal((4, 3), (step.GetProperty("rowsIn").GetInt32(), step.GetProperty("rowsOut").GetInt32()));
        Assert.Equal(("1a=2.50 2a=0.00 101=5.00 102=1.00 111p=7.00 112p=3.00", "103 orders"), Of(folder));
        // Nobody reads again what it has read, and a full refresh knows what each flow has read.
        folder.Write("landing/phone/2.csv", "caller,price\n113,x\n");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        const string All = "1a=2.50 2a=0.00 101=5.00 102=1.00 111p=7.00 112p=3.00 113p=3.00";
        Assert.Equal((All, "103 orders"), Of(folder));
        LocalUpdate.Run(folder.Path, null, "silver.orders");
        Assert.Equal((All, "103 orders"), Of(folder));
        File.Delete(folder.File("archive/old.csv"));
        Assert.Contains("archive/old.csv", LocalUpdate.TryRun(folder.Path, null, "silver.orders").Failed("silver.orders", "SM6208"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_whose_flow_is_not_known_or_no_longer_defined_is_judged_as_it_was_kept()
    {
        using var folder = s_refused.Value.Copy();
        folder.Smelt("sql", "UPDATE 'lake/silver/orders__quarantine' SET _flow = NULL WHERE order_id = 2").Expect(0);
        var sql = File.ReadAllText(folder.File("silver/orders.sql"));
        folder.Write("silver/orders.sql", string.Join('\n', sql.Split('\n').Where(static l => !l.Contains("FLOW phone", StringComparison.Ordinal))).Replace("BETWEEN 0 AND 8", ">= -5", StringComparison.Ordinal));
        Replay(folder);
        // 102 and 103 by their query, 2 as it was kept; what the telephone's cast failed on is in no kept row.
        Assert.Equal(("1a=2.50 2a=0.00 101=5.00 102=1.00 103=9.00 111p=7.00", "112 phone"), Of(folder));
    }

    [Fact]
    public void The_rows_of_a_table_that_got_another_name_are_still_its_own_querys()
    {
        using var folder = s_refused.Value.Copy();
        var sql = File.ReadAllText(folder.File("silver/orders.sql"));
        File.Delete(folder.File("silver/orders.sql"));
        folder.Write("silver/sales.sql", sql.Replace("silver.orders", "silver.sales", StringComparison.Ordinal).Replace("orders BY NAME", "sales BY NAME", StringComparison.Ordinal).Replace("AS SELECT order_id", "TBLPROPERTIES ('smelt.moved_from' = 'silver.orders') AS SELECT order_id", StringComparison.Ordinal));
        LocalUpdate.Run(folder.Path);
        folder.Smelt("quarantine", "replay", "silver.sales").Expect(0);
        Assert.Equal("1 2 101 102 111 112", folder.Scalar("SELECT string_agg(order_id, ' ' ORDER BY order_id) FROM silver.sales"));
    }

    [Fact]
    public void A_column_of_the_table_with_the_name_of_the_flows_tells_no_flow()
    {
        using var folder = Orders();
        string Sql(string rule) => ReplayedFlowTests.Sql(rule, "amount", "price").Replace("AS amount", "AS amount, 'phone' AS _flow", StringComparison.Ordinal);
        LocalUpdate.Run(folder.Write("silver/orders.sql", Sql("amount > 0")).Path);
        folder.Write("silver/orders.sql", Sql("amount > -5"));
        Replay(folder);
        // As they were kept: the shop's row is none of the telephone's.
        Assert.Equal(("1a=2.50 2a=0.00 101=5.00 102=-1.00 111p=7.00", "103 phone 112 phone"), Of(folder));
    }

    public static TheoryData<string> Points() => [.. from label in s_labels
        from point in Repository.IsDeep ? (string[])["before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-done", "after-done"] : ["after-prepared", "after-commit-0"]
        select $"{label}:{point}"];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_replay_killed_in_a_flow_lets_each_row_in_once_whether_an_update_or_a_replay_comes_next(string point)
    {
        foreach (var isUpdateNext in new[] { true, false })
        {
            using var folder = s_refused.Value.Copy();
            var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + point }, "quarantine", "replay", "silver.orders", "--no-tests");
            Assert.True(killed.ExitCode == 137, $"kill@{point}: exit code {killed.ExitCode}\n{killed.Out}\n{killed.Err}");
            if (isUpdateNext) LocalUpdate.Run(folder.Path);
            Replay(folder);
            LocalUpdate.Run(folder.Path).NothingRan();
            Assert.Equal(("1a=2.50 2a=0.00 101=5.00 102=1.00 111p=7.00 112p=3.00", "103 orders"), Of(folder));
        }
    }

    [Theory]
    [InlineData("before-commit-0")]
    [InlineData("after-commit-0")]
    public void A_killed_replay_that_others_change_the_quarantine_under_takes_out_its_own_rows_and_no_others(string point)
    {
        using var folder = s_refused.Value.Copy();
        var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.orders:" + point }, "quarantine", "replay", "silver.orders", "--no-tests");
        Assert.Equal(137, killed.ExitCode);
        const string Quarantine = "'lake/silver/orders__quarantine'";
        folder.Smelt("sql", $"DELETE FROM {Quarantine} WHERE order_id = 2").Expect(0);
        folder.Smelt("sql", $"INSERT INTO {Quarantine} BY NAME SELECT 500 AS order_id, 'phone' AS _flow, ['positive'] AS _broken_expectations").Expect(0);
        folder.Smelt("sql", $"OPTIMIZE {Quarantine}").Expect(0);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(("1a=2.50 101=5.00 102=1.00 111p=7.00", "103 orders 112 phone 500 phone"), Of(folder));
        Assert.Contains("| replayed 20", folder.Scalar("SELECT _reason FROM silver.orders__quarantine WHERE order_id = 103"), StringComparison.Ordinal);
        LocalUpdate.Run(folder.Path).NothingRan();
        Replay(folder);
        Assert.Equal(("1a=2.50 101=5.00 102=1.00 111p=7.00 112p=3.00", "103 orders 500 phone"), Of(folder));
    }
}
