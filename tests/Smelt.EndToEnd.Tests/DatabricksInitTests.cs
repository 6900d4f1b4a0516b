namespace Smelt.EndToEnd.Tests;

/// <summary>A Delta Live Tables pipeline read by <c>smelt init --from-databricks</c>.</summary>
public sealed class DatabricksInitTests
{
    private const string Notebook = """
        -- Databricks notebook source
        -- MAGIC %md # Bronze and silver
        -- COMMAND ----------
        SET demo.region = 'north';
        CREATE OR REFRESH STREAMING LIVE TABLE raw_orders
        TBLPROPERTIES ("quality" = "bronze")
        AS SELECT * FROM cloud_files("landing", "csv", map("cloudFiles.inferColumnTypes", "true", "header", "true"));
        -- COMMAND ----------
        -- What is kept of an order
        CREATE OR REFRESH STREAMING LIVE TABLE silver_orders (
          CONSTRAINT valid EXPECT (id IS NOT NULL) ON VIOLATION DROP ROW
        )
        AS SELECT CAST(id AS BIGINT) AS id, `amount` FROM STREAM(LIVE.raw_orders);
        -- COMMAND ----------
        -- MAGIC %python
        -- MAGIC print(1)
        -- COMMAND ----------
        CREATE OR REFRESH STREAMING TABLE silver_latest;
        APPLY CHANGES INTO LIVE.silver_latest FROM STREAM(LIVE.silver_orders) KEYS (id) SEQUENCE BY amount STORED AS SCD TYPE 1;
        """;

    [Fact]
    public void Every_key_is_mapped_or_named_and_SQL_notebooks_become_datasets_that_run()
    {
        using var folder = new PipelineFolder(null)
            .Write("dlt/pipeline.json", """{"id": "p1", "name": "Shop", "storage": "/mnt/x", "configuration": {"my.day": "2025-01-01", "spark.sql.x": "1", "pipelines.applyChangesPreviewEnabled": "true"}, "clusters": [], "libraries": [{"notebook": {"path": "/Users/me/orders"}}, {"notebook": {"path": "/Users/me/gold"}}, {"jar": "x.jar"}], "target": "db", "continuous": true, "development": true, "photon": true, "edition": "ADVANCED", "nonsense": 1}""")
            .Write("dlt/Users/me/orders.sql", Notebook).Write("dlt/gold.py", "import dlt\n");
        var said = folder.Smelt("init", "--from-databricks", "dlt/pipeline.json", "shop", "--json").Expect(0).Json;
        var keys = said.GetProperty("keys").EnumerateArray().ToDictionary(static k => k.GetProperty("key").GetString()!, static k => (k.GetProperty("outcome").GetString(), k.GetProperty("told").GetString()!));
        Assert.Equal("mapped", keys["name"].Item1);
        Assert.Equal("mapped", keys["development"].Item1);
        Assert.Equal("later", keys["continuous"].Item1);
        Assert.Equal(("mapped", "the variable my_day, ${my_day} in SQL"), keys["configuration.my.day"]);
        Assert.Equal("not needed", keys["configuration.spark.sql.x"].Item1);
        Assert.Equal("not needed", keys["clusters"].Item1);
        Assert.Equal("by hand", keys["nonsense"].Item1);
        Assert.Contains("4 datasets; 1 cell of another language", keys["libraries[0].notebook"].Item2);
        Assert.Contains("/Users/me/gold is Python", keys["libraries[1].notebook"].Item2);
        Assert.Equal("by hand", keys["libraries[2].jar"].Item1);
        Assert.Contains("default_target: dev", File.ReadAllText(folder.File("shop/platform.yml")));
        Assert.Contains("-- What is kept of an order", File.ReadAllText(folder.File("shop/silver/silver_orders.sql")));
        Assert.Contains("FROM STREAM read_files('landing', format => 'csv', header => true)", File.ReadAllText(folder.File("shop/bronze/raw_orders.sql")));

        folder.Write("shop/landing/a.csv", "id,amount\n1,5\n,7\n1,6\n");
        SmeltProgram.Run(folder.Path, "run", "shop").Expect(0);
        Assert.Equal("1 6", SmeltProgram.Run(folder.Path, "query", "-p", "shop", "SELECT id || ' ' || amount AS row FROM silver.silver_latest", "--json").Expect(0).Json.GetProperty("rows")[0].GetProperty("row").GetString());
    }

    [Fact]
    public void What_is_no_pipeline_is_refused()
    {
        using var folder = new PipelineFolder(null).Write("a.json", "{").Write("b.json", "[1]").Write("c.json", """{"name": "Old Shop"}""");
        Assert.Contains("not JSON", folder.Smelt("init", "--from-databricks", "a.json", "x").Expect(2).Err);
        Assert.Contains("JSON object", folder.Smelt("init", "--from-databricks", "b.json", "x").Expect(2).Err);
        Assert.Contains("no file", folder.Smelt("init", "--from-databricks", "d.json", "x").Expect(2).Err);
        folder.Smelt("init", "--from-databricks", "c.json").Expect(0);
        Assert.True(File.Exists(folder.File("old-shop/smelt.yml")));
        folder.Smelt("init", "--from-databricks", "c.json").Expect(2);
    }
}
