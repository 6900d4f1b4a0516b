namespace Smelt.EndToEnd.Tests;

/// <summary>smelt sql, smelt table and smelt maintain, as their users type them.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly PipelineFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private PipelineFolder Orders()
    {
        _folder.Write("bronze/orders.sql", "CREATE OR REFRESH STREAMING TABLE bronze.orders AS SELECT * FROM STREAM read_files('landing', format => 'json')");
        _folder.Write("silver/orders.sql", "CREATE OR REFRESH STREAMING TABLE silver.orders CLUSTER BY (id) AS SELECT id, status FROM STREAM bronze.orders");
        _folder.Write("gold/counts.sql", "SELECT status, count(*) AS n FROM silver.orders GROUP BY ALL");
        for (var day = 1; day <= 3; day++)
        {
            _folder.Write($"landing/{day}.json", string.Concat(Enumerable.Range(0, 20).Select(i => $"{{\"id\": {day * 100 + i}, \"status\": \"s{i % 3}\"}}\n")));
            _folder.Update();
        }
        return _folder;
    }

    [Fact]
    public void A_pipelines_tables_are_maintained_and_its_next_update_finds_nothing_new()
    {
        var folder = Orders();
        var before = folder.Query("SELECT * FROM silver.orders ORDER BY id");
        var said = folder.Smelt("maintain").Expect(0).Out;
        Assert.Contains("OPTIMIZE bronze.orders: version", said);
        Assert.Contains("3 files of", said);
        Assert.Contains("VACUUM silver.orders: 0 files", said);
        Assert.Equal(before.Select(static r => r.ToString()), folder.Query("SELECT * FROM silver.orders ORDER BY id").Select(static r => r.ToString()));
        var detail = folder.Smelt("sql", "DESCRIBE DETAIL silver.orders").Expect(0).Out;
        Assert.Matches("clusteringColumns +id", detail);
        Assert.Matches("numFiles +1", detail);
        folder.Smelt("run").Expect(0);
        Assert.Equal("60", folder.Scalar("SELECT count(*) FROM silver.orders"));
        folder.Write("landing/4.json", "{\"id\": 999, \"status\": \"s0\"}\n");
        folder.Update();
        Assert.Equal("61", folder.Scalar("SELECT sum(n) FROM gold.counts"));
    }

    [Fact]
    public void Another_PARTITIONED_BY_or_CLUSTER_BY_is_one_commit_that_plan_announces()
    {
        var folder = Orders();
        folder.Write("bronze/orders.sql", "CREATE OR REFRESH STREAMING TABLE bronze.orders PARTITIONED BY (_ingestion_date) AS SELECT * FROM STREAM read_files('landing', format => 'json')");
        folder.Write("silver/orders.sql", "CREATE OR REFRESH STREAMING TABLE silver.orders PARTITIONED BY (status) AS SELECT id, status FROM STREAM bronze.orders");
        var plan = folder.Smelt("plan").Expect(0).Out;
        Assert.Contains("PARTITIONED BY changes from () to (_ingestion_date): 3 files of", plan);
        Assert.Contains("CLUSTER BY changes from (id) to ()", plan);
        Assert.Contains("PARTITIONED BY changes", folder.Smelt("run").Expect(0).Out + folder.Smelt("run").Err);
        Assert.Equal("60", folder.Scalar("SELECT sum(n) FROM gold.counts"));
        Assert.Equal("3", folder.Scalar("SELECT count(DISTINCT status) FROM silver.orders"));
        Assert.Matches("partitionColumns +status", folder.Smelt("sql", "DESCRIBE DETAIL silver.orders").Expect(0).Out);
        folder.Write("landing/4.json", "{\"id\": 999, \"status\": \"s9\"}\n");
        folder.Update();
        Assert.Equal("61", folder.Scalar("SELECT sum(n) FROM gold.counts"));
        Assert.Equal("61", folder.Scalar("SELECT count(*) FROM bronze.orders"));
        folder.Write("silver/orders.sql", "CREATE OR REFRESH STREAMING TABLE silver.orders CLUSTER BY (status, id) AS SELECT id, status FROM STREAM bronze.orders");
        folder.Update();
        Assert.Matches("clusteringColumns +status, id", folder.Smelt("sql", "DESCRIBE DETAIL silver.orders").Expect(0).Out);
        Assert.Equal("61", folder.Scalar("SELECT count(*) FROM silver.orders"));
        Assert.DoesNotContain("changes from", folder.Smelt("plan").Expect(0).Out);
    }

    [Fact]
    public void Bronze_is_protected_and_readers_of_a_changed_table_are_told()
    {
        var folder = Orders();
        Assert.Contains("append-only", folder.Smelt("sql", "DELETE FROM bronze.orders WHERE id = 100").Expect(2).Err);
        Assert.Contains("append-only", folder.Smelt("sql", "RESTORE bronze.orders TO VERSION AS OF 0").Expect(2).Err);
        Assert.Contains("version", folder.Smelt("sql", "DELETE FROM silver.orders WHERE id = 100").Expect(0).Out);
        Assert.Equal("59", folder.Scalar("SELECT count(*) FROM silver.orders"));
        folder.Smelt("run").Expect(0);
        Assert.Equal("59", folder.Scalar("SELECT sum(n) FROM gold.counts"));
    }

    [Fact]
    public void A_table_at_a_path_goes_through_every_statement()
    {
        var folder = _folder;
        Directory.CreateDirectory(folder.File("t"));
        folder.Smelt("query", "SELECT range AS a, range % 3 AS b, 'x' AS s FROM range(1000)", "--format", "parquet", "--output", folder.File("t/one.parquet"));
        Assert.True(File.Exists(folder.File("t/one.parquet")));
        folder.Smelt("table", "convert", folder.File("t")).Expect(0);
        var statements = """
            INSERT INTO delta.`t` VALUES (5000, 1, 'y');
            ALTER TABLE delta.`t` SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.enableDeletionVectors' = 'true');
            ALTER TABLE delta.`t` RENAME COLUMN s TO `my s`;
            ALTER TABLE delta.`t` ADD COLUMNS (extra DECIMAL(10,2) COMMENT 'later', more VARCHAR);
            ALTER TABLE delta.`t` DROP COLUMN more;
            ALTER TABLE delta.`t` ADD CONSTRAINT small CHECK (a < 6000 AND `my s` <> 'z');
            COMMENT ON TABLE delta.`t` IS 'a table';
            UPDATE delta.`t` SET extra = 1.5 WHERE a = 5000;
            DELETE FROM delta.`t` WHERE a < 10;
            OPTIMIZE delta.`t` ZORDER BY (a, b);
            VACUUM delta.`t` DRY RUN;
            DESCRIBE HISTORY delta.`t` LIMIT 3;
            CREATE TABLE delta.`c` SHALLOW CLONE delta.`t`;
            RESTORE TABLE delta.`t` TO VERSION AS OF 1
            """;
        var said = folder.Smelt("sql", statements, "--json").Expect(0).Json.GetProperty("statements");
        Assert.Equal(14, said.GetArrayLength());
        Assert.Equal("1001", folder.Scalar("SELECT count(*) FROM read_delta('t')"));
        Assert.Equal("991", folder.Scalar("SELECT count(*) FROM read_delta('c')"));
        Assert.Equal("1.50", folder.Scalar("SELECT max(extra)::VARCHAR FROM read_delta('c')"));
        var broken = folder.Smelt("sql", "INSERT INTO delta.`c` VALUES (7000, 1, 'y', NULL)").Expect(1);
        Assert.Contains("the constraint small CHECK", broken.Err);
        Assert.Contains("168 hours", folder.Smelt("table", "vacuum", folder.File("t"), "--retain-hours", "0").Expect(2).Err);
        Assert.Contains("removed", folder.Smelt("table", "vacuum", folder.File("t"), "--retain-hours", "0", "--allow-short").Expect(0).Out);
        Assert.Equal("1001", folder.Scalar("SELECT count(*) FROM read_delta('t')"));
        Assert.Contains("not there any more", folder.Smelt("table", "restore", folder.File("t"), "--version-as-of", "9").Expect(2).Err);
    }

    [Theory]
    [InlineData("OPTIMIZE delta.`none`", "no Delta table")]
    [InlineData("ALTER TABLE delta.`t` FROBNICATE", "Expected ADD")]
    [InlineData("VACUUM delta.`t` RETAIN few HOURS", "Expected a number of hours")]
    [InlineData("CREATE TABLE silver.x SHALLOW CLONE delta.`t`", "is no folder")]
    [InlineData("ALTER TABLE delta.`t` ADD COLUMN x NOSUCHTYPE", "is no type")]
    [InlineData("ALTER TABLE delta.`t` RENAME COLUMN nothing TO x", "there is no column")]
    public void A_mistake_is_told_with_what_to_do_and_exit_code_2(string statement, string told)
    {
        Directory.CreateDirectory(_folder.File("t"));
        _folder.Smelt("query", "SELECT 1 AS a", "--format", "parquet", "--output", _folder.File("t/one.parquet"));
        _folder.Smelt("table", "convert", _folder.File("t")).Expect(0);
        _folder.Smelt("sql", "ALTER TABLE delta.`t` SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')").Expect(0);
        Assert.Contains(told, _folder.Smelt("sql", statement).Expect(2).Err);
    }
}
