using System.Text.Json;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Several flows into one table.</summary>
public sealed class FlowTests
{
    [Fact]
    public void Each_flow_reads_its_rows_once_and_one_that_runs_once_runs_once()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run").Expect(0);
        Assert.Equal("1a 2a 101 111p", folder.Rows());
        Assert.Equal("102 112", folder.Refused());
        folder.AddFlowDay(2).Write("archive/more.csv", "id\n3\n");
        var step = folder.Update().GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == "silver.orders");
        Assert.Equal("orders completed 1, archive skipped, phone completed 1", string.Join(", ", step.GetProperty("flows").EnumerateArray().Select(f =>
            $"{f.GetProperty("flow").GetString()} {f.GetProperty("status").GetString()} {(f.TryGetProperty("rowsOut", out var rows) ? rows.ToString() : "")}".TrimEnd())));
        Assert.Equal(2, step.GetProperty("rowsOut").GetInt32());
        Assert.Equal("1a 2a 101 111p 201 211p", folder.Rows());
        Assert.Equal("102 112 202 212", folder.Refused());
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void Plan_history_and_event_log_name_the_flows()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run", "--select", "layer:bronze").Expect(0);
        var plan = folder.Smelt("plan").Expect(0).Out;
        Assert.Contains("orders: all rows of bronze.shop; archive: runs once; phone: all rows of bronze.phone", plan);
        folder.Smelt("run").Expect(0);
        Assert.Equal("archive completed 2, orders completed 1, phone completed 1", folder.Scalar(
            "SELECT string_agg(name || ' ' || status || ' ' || rows_out, ', ' ORDER BY name) FROM _smelt.event_log WHERE kind = 'flow' AND dataset = 'silver.orders'"));
        var commits = folder.Smelt("history", "silver.orders", "--json").Expect(0).Json.GetProperty("commits").EnumerateArray();
        Assert.Equal(["phone", "archive", "orders"], commits.Select(c => c.GetProperty("tags").GetProperty("smelt.flow").GetString()));
        Assert.Contains("-- phone", folder.Smelt("compile", "silver.orders").Expect(0).Out);
    }

    [Fact]
    public void A_full_refresh_runs_every_flow_again()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run").Expect(0);
        folder.Write("archive/more.csv", "id\n3\n").AddFlowDay(2);
        folder.Smelt("run", "--full-refresh", "silver.orders").Expect(0);
        Assert.Equal("1a 2a 3a 101 111p 201 211p", folder.Rows());
        Assert.Equal("102 112 202 212", folder.Refused());
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void A_full_refresh_that_would_lose_what_a_flow_brought_replaces_nothing()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run").Expect(0);
        File.Delete(folder.File("archive/old.csv"));
        folder.Write("archive/new.csv", "id\n9\n");
        var refused = folder.Smelt("run", "--full-refresh", "silver.orders").Expect(1);
        Assert.Contains("SM6208", refused.Out + refused.Err);
        Assert.Equal("1a 2a 101 111p", folder.Rows());
        File.Delete(folder.File("silver/archive.sql"));
        refused = folder.Smelt("run", "--full-refresh", "silver.orders").Expect(1);
        Assert.Contains("the flow archive, which no file defines any more", refused.Out + refused.Err);
        Assert.Equal("1a 2a 101 111p", folder.Rows());
    }

    [Fact]
    public void A_flow_that_ran_once_over_rows_that_are_gone_is_not_run_again()
    {
        using var folder = new PipelineFolder("name: f\n").Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv')").Write("silver/base.sql", "SELECT id::BIGINT AS id FROM STREAM bronze.o")
            .Write("silver/t.sql", "CREATE STREAMING TABLE t; CREATE FLOW f AS INSERT INTO ONCE t BY NAME SELECT id FROM silver.base").Write("landing/1.csv", "id\n1\n2\n");
        folder.Smelt("run").Expect(0);
        folder.Smelt("run", "--full-refresh", "silver.t").Expect(0);
        folder.Smelt("sql", "DELETE FROM silver.base WHERE id = 1").Expect(0);
        Assert.Contains("lost or changed rows since (version 1, DELETE)", folder.Smelt("run", "--full-refresh", "silver.t").Expect(1).Out);
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.t"));
    }

    [Fact]
    public void A_flow_whose_statement_is_gone_leaves_its_rows_and_goes_on_when_it_is_back()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run").Expect(0);
        File.Delete(folder.File("silver/archive.sql"));
        var plan = folder.Smelt("plan").Expect(0).Out;
        Assert.Contains("the flow archive is no longer defined; its rows stay", plan);
        folder.AddFlowDay(2).Smelt("run").Expect(0);
        folder.Write("silver/archive.sql", FlowPipeline.Archive.Replace("'archive' AS", "'A' AS")).Smelt("run").Expect(0);
        Assert.Equal("1a 2a 101 111p 201 211p", folder.Rows());
        Assert.Contains("ran once and its definition changed", folder.Smelt("plan").Expect(0).Out);
    }

    [Fact]
    public void A_flow_that_fails_stops_no_other_and_one_that_waits_neither()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Write("silver/orders.sql", FlowPipeline.Orders.Replace("FROM STREAM bronze.shop", "FROM STREAM bronze.shop WHERE error('no') IS NULL"));
        File.Delete(folder.File("archive/old.csv"));
        var failed = folder.Smelt("run", "--json").Expect(1).Json.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == "silver.orders");
        Assert.StartsWith("The flow orders:", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("111p", folder.Rows());
        folder.Write("silver/orders.sql", FlowPipeline.Orders).Write("archive/old.csv", "id\n1\n").Smelt("run").Expect(0);
        Assert.Equal("1a 101 111p", folder.Rows());
    }

    [Fact]
    public void Flows_alone_fill_a_table_and_a_rename_takes_their_states_along()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Write("silver/orders.sql", "CREATE STREAMING TABLE orders;\n" + FlowPipeline.Orders[FlowPipeline.Orders.IndexOf("CREATE FLOW", StringComparison.Ordinal)..]);
        folder.Smelt("run").Expect(0);
        Assert.Equal("1a 2a 111p", folder.Rows());
        folder.Write("silver/orders.sql", folder.Read("silver/orders.sql").Replace("TABLE orders;", "TABLE sales TBLPROPERTIES ('smelt.moved_from' = 'silver.orders');").Replace("INTO orders", "INTO sales"))
            .Write("silver/archive.sql", FlowPipeline.Archive.Replace("silver.orders", "silver.sales"));
        folder.AddFlowDay(2).Smelt("run").Expect(0);
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM silver.sales"));
        File.Delete(folder.File("silver/orders.sql"));
        File.Delete(folder.File("silver/archive.sql"));
        folder.Smelt("drop", "silver.sales", "--yes").Expect(0);
        Assert.False(Directory.Exists(folder.File("lake/_smelt/flows/silver.sales")));
    }

    [Fact]
    public void A_flow_whose_state_is_lost_stops_with_a_code()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        folder.Smelt("run").Expect(0);
        Directory.Delete(folder.File("lake/_smelt/flows/silver.orders/named/phone"), recursive: true);
        var stopped = folder.AddFlowDay(2).Smelt("run", "--json").Expect(1).Json.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == "silver.orders");
        Assert.Equal("SM6201", stopped.GetProperty("flows").EnumerateArray().First(f => f.GetProperty("flow").GetString() == "phone").GetProperty("code").GetString());
        Assert.Equal("1a 2a 101 111p 201", folder.Rows());
        folder.Smelt("run", "--full-refresh", "silver.orders").Expect(0);
        Assert.Equal("1a 2a 101 111p 201 211p", folder.Rows());
    }
}
