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
        Assert.Equal(("mapped", "the variable my.day, ${my.day} in SQL as before"), keys["configuration.my.day"]);
        Assert.Equal("not needed", keys["configuration.spark.sql.x"].Item1);
        Assert.Equal("not needed", keys["clusters"].Item1);
        Assert.Equal("by hand", keys["nonsense"].Item1);
        Assert.Contains("4 datasets; 1 cell of another language", keys["libraries[0].notebook"].Item2);
        Assert.Contains("/Users/me/gold is Python", keys["libraries[1].notebook"].Item2);
        Assert.Equal("by hand", keys["libraries[2].jar"].Item1);
        Assert.Contains("default_target: dev", File.ReadAllText(folder.File("shop/platform.yml")));
        Assert.Contains("-- What is kept of an order", File.ReadAllText(folder.File("shop/silver/silver_orders.sql")));
        Assert.Contains("FROM STREAM read_files('landing', format => 'csv', inferColumnTypes => true, header => true)", File.ReadAllText(folder.File("shop/bronze/raw_orders.sql")));

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

    private static Dictionary<string, (string? Outcome, string Told)> Init(PipelineFolder folder, string settings, string notebook)
    {
        folder.Write("dlt/pipeline.json", settings).Write("dlt/n.sql", notebook);
        return folder.Smelt("init", "--from-databricks", "dlt/pipeline.json", "shop", "--json").Expect(0).Json.GetProperty("keys").EnumerateArray().GroupBy(static k => k.GetProperty("key").GetString()!)
            .ToDictionary(static k => k.Key, static k => (k.First().GetProperty("outcome").GetString(), string.Join("\n", k.Select(static one => one.GetProperty("told").GetString()!))));
    }

    private const string OneNotebook = "\"libraries\": [{\"notebook\": {\"path\": \"/n\"}}]";

    [Fact]
    public void Options_of_files_that_Smelt_has_are_written_and_every_other_one_is_told_with_file_and_line()
    {
        using var folder = new PipelineFolder(null);
        var keys = Init(folder, "{" + OneNotebook + "}", """
            CREATE OR REFRESH STREAMING TABLE bronze_a AS
            SELECT * FROM STREAM(cloud_files("landing", 'csv', map("header", "true", "sep", ";", "pathGlobFilter", "*.csv", "cloudFiles.schemaHints", "id BIGINT", "nullValue", "-", "quote", "'", "skipRows", "1",
              "encoding", "UTF-8", "multiLine", "true", "rescuedDataColumn", "_rescued", "cloudFiles.maxFilesPerTrigger", "10", "cloudFiles.allowOverwrites", "true", "badRecordsPath", "/bad", "cloudFiles.schemaLocation", "/s", "sep", ",")));
            CREATE OR REFRESH STREAMING TABLE bronze_b AS SELECT * FROM STREAM read_files('other', format => 'json', schema => 'id BIGINT', modifiedAfter => '2025-01-01', delimiter => ';');
            CREATE OR REFRESH STREAMING TABLE bronze_c AS SELECT * FROM cloud_files('c', 'csv', map_from_arrays(array('a'), array('b')));
            """);
        Assert.Contains("read_files('landing', format => 'csv', header => true, delimiter => ';', pathGlobFilter => '*.csv', schemaHints => 'id BIGINT', nullValue => '-', quote => '''', skipRows => 1, "
            + "encoding => 'utf-8', multiLine => true, rescuedDataColumn => '_rescued', maxFilesPerTrigger => 10, allowOverwrites => true);", folder.Read("shop/bronze/bronze_a.sql"));
        var (outcome, told) = keys["bronze/bronze_a.sql:2"];
        Assert.Equal("by hand", outcome);
        Assert.Equal(3, told.Split('\n').Length);
        Assert.Contains("the option badRecordsPath was left out, as read_files has none of that name; what cannot be read is kept in the column _rescued_data", told);
        Assert.Contains("the option cloudFiles.schemaLocation was left out", told);
        Assert.Contains("the option sep was left out, as delimiter is given already", told);
        Assert.Contains("STREAM read_files('other', format => 'json', schema => 'id BIGINT');", folder.Read("shop/bronze/bronze_b.sql"));
        Assert.Contains("the option modifiedAfter was left out", keys["bronze/bronze_b.sql:1"].Told);
        Assert.Contains("the option delimiter was left out, as delimiter is for csv, not for json", keys["bronze/bronze_b.sql:1"].Told);
        // Databricks reads a header only where it is told to.
        Assert.Contains("STREAM read_files('c', format => 'csv', header => false);", folder.Read("shop/bronze/bronze_c.sql"));
        Assert.Contains("map_from_arrays(array('a'), array('b')) was left out", keys["bronze/bronze_c.sql:1"].Told);
        folder.Smelt("validate", "shop").Expect(0);
    }

    [Fact]
    public void Names_of_three_parts_become_those_of_layers_and_texts_and_comments_stay_as_they_are()
    {
        using var folder = new PipelineFolder(null);
        var keys = Init(folder, "{\"catalog\": \"main\", \"target\": \"sales\", " + OneNotebook + "}", """
            CREATE OR REFRESH MATERIALIZED VIEW `main`.`sales`.`gold_x` COMMENT 'a `quoted` text' AS
            SELECT r.id, main.sales.silver_y.id AS y, "it's `so`, \"or\" not" AS t /* current_date() of `x`, it's */ FROM main.sales.raw_orders AS r JOIN `main`.`sales`.`silver_y` ON r.id = silver_y.id; CREATE MATERIALIZED VIEW silver_y AS SELECT 1 AS id;
            CREATE MATERIALIZED VIEW main.sales.raw_orders TBLPROPERTIES (quality = 'bronze') AS SELECT 1 AS id, 'cloud_files(`x`)' AS t;
            CREATE MATERIALIZED VIEW gold_z AS SELECT EXTRACT(year FROM c.day) AS y FROM hr.people.cities AS c;
            """);
        Assert.Equal("""
            CREATE OR REFRESH MATERIALIZED VIEW gold_x COMMENT 'a `quoted` text' AS
            SELECT r.id, silver_y.id AS y, 'it''s `so`, "or" not' AS t /* current_date() of `x`, it's */ FROM bronze.raw_orders AS r JOIN silver.silver_y ON r.id = silver_y.id;

            """, folder.Read("shop/gold/gold_x.sql"));
        Assert.Equal("CREATE MATERIALIZED VIEW silver_y AS SELECT 1 AS id;\n", folder.Read("shop/silver/silver_y.sql"));
        Assert.Contains("SELECT 1 AS id, 'cloud_files(`x`)' AS t;", folder.Read("shop/bronze/raw_orders.sql"));
        Assert.Contains("hr.people.cities is made by none of the notebooks", keys["gold/gold_z.sql:1"].Told);
        Assert.DoesNotContain("c.day", keys["gold/gold_z.sql:1"].Told);
        File.Delete(folder.File("shop/gold/gold_z.sql"));
        folder.Smelt("run", "shop").Expect(0);
    }

    [Fact]
    public void Functions_that_DuckDB_calls_otherwise_are_rewritten_and_the_files_of_rows_are_those_of_Smelt()
    {
        using var folder = new PipelineFolder(null);
        var keys = Init(folder, "{" + OneNotebook + "}", """
            CREATE OR REFRESH STREAMING TABLE bronze_a AS SELECT a, input_file_name() AS file, _metadata.file_path,
              upper(_metadata.file_name) AS name, current_timestamp() AS made_at, current_date() AS day FROM STREAM read_files('landing', format => 'csv', header => true);
            CREATE OR REFRESH STREAMING TABLE bronze_b AS SELECT *, _metadata.file_size FROM STREAM read_files('landing', format => 'csv', header => true);
            CREATE OR REFRESH MATERIALIZED VIEW gold_a AS SELECT
              input_file_name() AS file FROM LIVE.bronze_a;
            """);
        Assert.Contains("_metadata.file_size is not in Smelt", keys["bronze/bronze_b.sql:1"].Told);
        Assert.Contains("input_file_name() is about files, and this query reads tables", keys["gold/gold_a.sql:2"].Told);
        File.Delete(folder.File("shop/bronze/bronze_b.sql"));
        File.Delete(folder.File("shop/gold/gold_a.sql"));
        folder.Write("shop/landing/x.csv", "a\n1\n").Smelt("run", "shop").Expect(0);
        var row = folder.Smelt("query", "-p", "shop", "SELECT file, file_path, name, made_at <= now() AND day <= current_date AS known FROM bronze.bronze_a", "--json").Expect(0).Json.GetProperty("rows")[0];
        Assert.Equal(["landing/x.csv", "landing/x.csv", "X.CSV", "True"], row.EnumerateObject().Select(static c => c.Value.ToString()));
    }

    [Fact]
    public void Keys_of_the_configuration_keep_their_values_and_SQL_finds_them_whatever_their_names_are()
    {
        using var folder = new PipelineFolder(null);
        var keys = Init(folder, "{\"configuration\": {\"a b\": \"4\", \"a.b\": \"1\", \"a_b\": \"2\", \"start.date\": \"2025-01-01\"}, " + OneNotebook + "}", """
            SET a.c = 'it''s';
            CREATE MATERIALIZED VIEW gold_x AS SELECT DATE '${start.date}' AS day, "${a.b}${a_b}${a b}" AS numbers, '${a.c}' AS text;
            """);
        Assert.Equal("the variable start.date, ${start.date} in SQL as before", keys["configuration.start.date"].Told);
        Assert.StartsWith("the variable a_b_2, because", keys["configuration.a b"].Told, StringComparison.Ordinal);
        folder.Smelt("run", "shop").Expect(0);
        Assert.Equal("2025-01-01 124 it's", folder.Smelt("query", "-p", "shop", "SELECT day || ' ' || numbers || ' ' || text AS row FROM gold.gold_x", "--json").Expect(0).Json.GetProperty("rows")[0].GetProperty("row").GetString());
    }

    [Fact]
    public void Statements_that_are_none_are_left_out_and_names_of_several_words_become_one()
    {
        using var folder = new PipelineFolder(null);
        var keys = Init(folder, "{" + OneNotebook + "}", """
            CREATE MATERIALIZED VIEW `silver my table` AS SELECT 1 AS a /* a /* comment's */ own */;
            CREATE MATERIALIZED VIEW gold_a AS SELECT m.a FROM (SELECT 1) AS t(b), LIVE.`silver my table` AS m;
            SET a; SET spark.x = 1; CREATE FLOW x AS INSERT INTO; APPLY; CREATE; GRANT SELECT ON t TO me;
            """);
        Assert.Contains("silver my table is called silver_my_table", keys["libraries[0].notebook"].Told);
        foreach (var left in (string[])["SET a", "SET spark.x", "a statement that begins with CREATE FLOW x", "a statement that begins with APPLY", "a statement that begins with CREATE was", "a statement that begins with GRANT SELECT ON"]) Assert.Contains(left, keys["libraries[0].notebook"].Told);
        folder.Smelt("run", "shop").Expect(0);
    }

    [Theory]
    [InlineData("""{"libraries": "x"}""", "libraries has to be a list of libraries, and is \"x\"")]
    [InlineData("""{"libraries": ["/a"]}""", "libraries[0] has to be an object such as")]
    [InlineData("""{"libraries": [{"notebook": {"path": 5}}]}""", "libraries[0].notebook.path has to be a text, and is 5")]
    [InlineData("""{"configuration": [1]}""", "configuration has to be an object of keys and texts, and is a list")]
    [InlineData("""{"configuration": {"a": {}}}""", "configuration.a has to be a text, and is an object")]
    [InlineData("""{"name": {}}""", "name has to be a text, and is an object")]
    [InlineData("""{"development": "yes"}""", "development has to be true or false, and is \"yes\"")]
    public void A_key_of_the_wrong_kind_is_named_and_nothing_is_written(string settings, string told)
    {
        using var folder = new PipelineFolder(null).Write("a.json", settings);
        Assert.Contains(told, folder.Smelt("init", "--from-databricks", "a.json", "x").Expect(2).Err);
        Assert.False(Directory.Exists(folder.File("x")));
    }

    [Theory]
    [InlineData("""{"libraries": null, "configuration": null, "name": null}""")]
    [InlineData("""{"name": ""}""")]
    [InlineData("""{"name": " ", "id": ""}""")]
    public void A_key_without_a_value_is_as_none(string settings)
    {
        using var folder = new PipelineFolder(null).Write("a.json", settings);
        folder.Smelt("init", "--from-databricks", "a.json").Expect(0);
        Assert.StartsWith("name: 'pipeline'\n", folder.Read("pipeline/smelt.yml"), StringComparison.Ordinal);
    }
}
