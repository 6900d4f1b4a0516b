using System.Diagnostics;

namespace Smelt.Pipelines.Tests.Compiling;

public class CompileTests(ITestOutputHelper output)
{
    [Fact]
    public void The_design_s_example_compiles_into_a_graph_with_lineage()
    {
        using var pipeline = new TestPipeline(
            ("bronze/orders.sql", "CREATE OR REFRESH STREAMING TABLE bronze.orders\nPARTITIONED BY (_ingestion_date)\nAS SELECT * FROM STREAM read_files('landing/orders', format => 'csv', header => true);\n"),
            ("silver/orders.sql", """
                CREATE OR REFRESH STREAMING TABLE silver.orders (
                  CONSTRAINT valid_order_id EXPECT (order_id IS NOT NULL) ON VIOLATION QUARANTINE ROW,
                  CONSTRAINT valid_amount   EXPECT (amount > 0)           ON VIOLATION DROP ROW,
                  CONSTRAINT known_status   EXPECT (status IN ('pending', 'completed', 'cancelled')) ON VIOLATION FAIL UPDATE,
                  CONSTRAINT has_customer   EXPECT (customer_id IS NOT NULL)
                )
                COMMENT 'Orders'
                CLUSTER BY (customer_id, order_id)
                TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true', quality = silver)
                AS SELECT order_id::BIGINT AS order_id, customer_id, amount::DECIMAL(10,2) AS amount, lower(status) AS status FROM STREAM(bronze.orders);
                """),
            ("gold/daily.sql", "SELECT customer_id, sum(amount) AS total, count(*) AS n FROM silver.orders GROUP BY ALL"));
        var graph = pipeline.CompileClean().Graph;
        Assert.Equal(["bronze.orders", "silver.orders", "gold.daily"], graph.Datasets.Select(d => d.Name.ToString()));
        var orders = graph.Find("silver.orders")!;
        Assert.Equal(DatasetKind.StreamingTable, orders.Kind);
        Assert.Equal([ViolationAction.QuarantineRow, ViolationAction.DropRow, ViolationAction.FailUpdate, ViolationAction.Warn], orders.Expectations.Select(e => e.Action));
        Assert.Equal("amount > 0", orders.Expectations[1].Predicate);
        Assert.Equal("Orders", orders.Description);
        Assert.Equal("silver", orders.Properties["quality"]);
        Assert.Equal(["customer_id", "order_id"], orders.Clustering.Columns);
        Assert.False(orders.Query.IsOpen);
        Assert.Equal(["order_id", "customer_id", "amount", "status"], orders.Query.Columns.Select(c => c.Name));
        Assert.Equal(new ColumnOrigin(new DatasetName(Layer.Bronze, "orders"), "status", LineageKind.Derived), Assert.Single(orders.Query.Columns[3].Origins));
        var daily = graph.Find("daily")!;
        Assert.Equal(DatasetKind.MaterializedView, daily.Kind);
        Assert.Equal("silver.orders.amount Derived", string.Join(";", daily.Query.Columns[1].Origins.Select(o => $"{o.Dataset}.{o.Column} {o.Kind}")));
        Assert.True(graph.Find("bronze.orders")!.Query.Sources.Single().IsStream);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once_with_its_place()
    {
        using var pipeline = new TestPipeline(
            ("bronze/a.sql", "SELECT 1 AS id, 'x' AS name"),
            ("bronze/b.sql", "SELECT * FROM silver.c"),
            ("silver/c.sql", "SELECT 'ü' AS u, nmae, a.idd FROM bronze.a AS a"),
            ("silver/d.sql", "SELECT id FROM ordres"),
            ("silver/e.sql", "SELECT id FROM\n  bronze.aa WHERE"),
            ("gold/x.sql", "SELECT * FROM gold.y"),
            ("gold/y.sql", "SELECT * FROM gold.x"),
            ("silver/dup/D.sql", "SELECT 1 AS q"));
        var lines = pipeline.Diagnose();
        output.WriteLine(string.Join("\n", lines));
        Assert.Contains(lines, l => l.StartsWith("bronze/b.sql:1:15: error SM2006"));
        Assert.Contains(lines, l => l.StartsWith("silver/c.sql:1:18: error SM2003: Unknown column 'nmae' in 'a'. Did you mean 'name'?"));
        Assert.Contains(lines, l => l.StartsWith("silver/c.sql:1:24: error SM2003: Unknown column 'idd' in 'a'. Did you mean 'id'?"));
        Assert.Contains(lines, l => l.StartsWith("silver/d.sql:1:16: error SM2001"));
        Assert.Contains(lines, l => l.StartsWith("silver/e.sql:2:") && l.Contains("SM1004"));
        Assert.Contains(lines, l => l.Contains("SM2007") && l.Contains("gold.x → gold.y → gold.x"));
        Assert.Contains(lines, l => l.Contains("SM2005"));
    }

    /// <summary>The times are those of a machine that does other work too; alone it takes a fifth (see benchmarks).</summary>
    [Theory]
    [InlineData(1000, 6000)]
    [InlineData(10000, 20000)]
    public void Many_models_compile_with_lineage_in_little_time(int count, int milliseconds)
    {
        var tool = SharedFolder.Find("tools/many-models.py");
        Assert.SkipUnless(tool is not null, "the folder shared/tools is not here");
        using var pipeline = new TestPipeline();
        using (var python = Process.Start(new ProcessStartInfo("python3", [tool, $"{count}", pipeline.Folder]))!) python.WaitForExit();
        var folder = Path.Combine(pipeline.Folder, "smelt");
        var watch = Stopwatch.StartNew();
        var compilation = PipelineCompiler.Compile(folder, new CompileOptions(), () => TestPipeline.Database);
        output.WriteLine($"{count} models: {watch.ElapsedMilliseconds} ms");
        Assert.Empty(compilation.Diagnostics);
        Assert.Equal(count, compilation.Pipeline.Graph.Datasets.Count);
        Assert.All(compilation.Pipeline.Graph.Datasets, d => Assert.Equal(10, d.Query.Columns.Count));
        Assert.True(watch.ElapsedMilliseconds < milliseconds, $"{watch.ElapsedMilliseconds} ms");
    }
}
