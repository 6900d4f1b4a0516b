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
    public void A_full_refresh_replaces_the_rows_of_all_flows_in_one_commit_and_none_where_one_fails()
    {
        using var folder = FlowPipeline.Create().AddFlowDay(1);
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal(2, lake.Snapshot("silver.orders").Version);
        // Another order of columns and a column less: what the table had besides is gone with its rows.
        folder.Write("silver/orders.sql", FlowPipeline.Orders.Replace("AS SELECT order_id::BIGINT AS order_id, amount", "AS SELECT 'w' AS way, order_id::BIGINT AS order_id, amount", StringComparison.Ordinal));
        var made = LocalUpdate.Run(folder.Path, null, "silver.orders").Made("silver.orders");
        Assert.Equal((4, 2), (made.Counts.RowsOut, made.Counts.RowsQuarantined));
        Assert.Equal(["orders 1", "phone 1", "archive 2"], made.Flows.Select(static f => $"{f.Flow.Name} {((Smelt.Engine.FlowResult.Completed)f.Result).Counts.RowsOut}").Order(StringComparer.Ordinal).OrderBy(static f => f[^1]));
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal(3, lake.Snapshot("silver.orders").Version);
            Assert.Equal(3, lake.Snapshot("silver.orders").Transactions.Keys.Count(static k => k.EndsWith(":g2", StringComparison.Ordinal)));
            Assert.Equal(["way", "order_id", "amount", "channel"], lake.Snapshot("silver.orders").Schema.Fields.Select(static f => f.Name));
            Assert.Equal("1 archive, 2 archive, 101 w, 111 phone", lake.Text("SELECT string_agg(order_id || ' ' || coalesce(way, channel), ', ' ORDER BY order_id) FROM silver.orders"));
            Assert.Equal("102 orders, 112 phone", lake.Text("SELECT string_agg(order_id || ' ' || _flow, ', ' ORDER BY order_id) FROM silver.orders__quarantine"));
        }
        folder.Write("archive/more.csv", "id\nthree\n");
        Assert.Contains("The flow archive:", LocalUpdate.TryRun(folder.Path, null, "silver.orders").Failed("silver.orders", "SM6004"), StringComparison.Ordinal);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal(3, lake.Snapshot("silver.orders").Version);
        LocalUpdate.Run(folder.Path).NothingRan();
        File.Delete(folder.File("archive/more.csv"));
        Directory.Move(folder.File("lake/bronze/phone"), folder.File("lake/bronze/phone-away"));
        Assert.Contains("would lose the rows of phone", LocalUpdate.RunWith(folder.Path, null, static o => o with
        {
            Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.orders")], FullRefresh = new HashSet<Smelt.Pipelines.DatasetName> { o.Selected.Single(static d => d.Name.ToString() == "silver.orders").Name },
        }).Failed("silver.orders", "SM6208"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_refresh_of_bronze_and_one_without_repeats_are_one_commit_too()
    {
        using var folder = new PipelineFolder("name: f\n").Write("a/1.csv", "id,x\n1,a\n2,a\n2,a\n").Write("b/1.csv", "id,y\n2,b\n3,b\n").Write("bronze/t.sql", """
            CREATE STREAMING TABLE bronze.t;
            CREATE FLOW one AS INSERT INTO bronze.t BY NAME SELECT DISTINCT ON (id) id, x FROM STREAM read_files('a', format => 'csv') ORDER BY id;
            CREATE FLOW two AS INSERT INTO bronze.t BY NAME SELECT DISTINCT ON (id) id, y FROM STREAM read_files('b', format => 'csv') ORDER BY id;
            """);
        LocalUpdate.Run(folder.Path);
        const string Rows = "SELECT string_agg(id || coalesce(x, '') || coalesce(y, ''), ' ' ORDER BY id) FROM bronze.t";
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1a 2a 3b", lake.Text(Rows));
        var before = LocalUpdate.Run(folder.Path, null, "bronze.t").Made("bronze.t").Version;
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal("1a 2a 3b", lake.Text(Rows));
            // The commit that replaces lifts delta.appendOnly, and the next sets it again.
            Assert.Equal((2, 3), (before, lake.Snapshot("bronze.t").Version));
            Assert.Equal("true", lake.Snapshot("bronze.t").Metadata.Configuration["delta.appendOnly"]);
        }
        folder.Write("b/2.csv", "id,y\n1,c\n4,c\n");
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1a 2a 3b 4c", lake.Text(Rows));
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
