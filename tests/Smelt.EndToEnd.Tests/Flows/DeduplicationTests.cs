namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>One row a key over all batches.</summary>
public sealed class DeduplicationTests
{
    [Fact]
    public void Repeats_are_left_out_within_a_batch_and_against_the_table()
    {
        using var folder = Pipeline("SELECT DISTINCT ON (id) id::BIGINT AS id, v::BIGINT AS v FROM STREAM bronze.o ORDER BY v DESC");
        folder.Write("landing/1.csv", "id,v\n1,10\n1,11\n2,20\n,30\n,31\n").Smelt("run").Expect(0);
        Assert.Equal("1:11 2:20 :31", Rows(folder));
        folder.Write("landing/2.csv", "id,v\n1,99\n3,33\n,99\n");
        var step = folder.Update().GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == "silver.u");
        Assert.Contains("2 rows repeated (id) and were left out", step.GetProperty("notes").EnumerateArray().Select(static n => n.GetString()));
        Assert.Equal("1:11 2:20 3:33 :31", Rows(folder));
        folder.Smelt("run", "--full-refresh", "silver.u").Expect(0);
        Assert.Equal("1:99 2:20 3:33 :99", Rows(folder));
    }

    [Fact]
    public void A_row_that_the_rules_refuse_keeps_no_other_out()
    {
        using var folder = Pipeline("CREATE STREAMING TABLE u (CONSTRAINT c EXPECT (v > 0) ON VIOLATION QUARANTINE ROW) AS SELECT DISTINCT ON (id) id::BIGINT AS id, v::BIGINT AS v FROM STREAM bronze.o ORDER BY v");
        folder.Write("landing/1.csv", "id,v\n1,-5\n1,7\n1,8\n2,x\n").Smelt("run").Expect(0);
        Assert.Equal("1:7", Rows(folder));
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.u__quarantine"));
    }

    [Theory]
    [InlineData("TIMESTAMP", "1:00 1:10 1:30 2:00")]
    [InlineData("TIMESTAMPTZ", "1:00 1:10 1:30 2:00")]
    public void A_window_lets_a_key_in_again_after_its_time(string type, string expected)
    {
        using var folder = Pipeline($"""
            CREATE STREAMING TABLE u TBLPROPERTIES ('smelt.dedup_time' = 'at', 'smelt.dedup_window' = '5 minutes')
            AS SELECT DISTINCT ON (id) id::BIGINT AS id, ('2025-01-01 00:' || v || ':00')::{type} AS at, v FROM STREAM bronze.o
            """);
        folder.Write("landing/1.csv", "id,v\n1,00\n1,03\n2,00\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,v\n1,05\n1,10\n1,12\n").Smelt("run").Expect(0);
        folder.Write("landing/3.csv", "id,v\n1,15\n1,30\n2,04\n").Smelt("run").Expect(0);
        Assert.Equal(expected, Rows(folder));
    }

    [Fact]
    public void An_empty_text_in_a_partition_column_is_NULL_for_keys_and_rules_as_for_who_reads_it()
    {
        using var folder = new PipelineFolder("name: d\n").Write("bronze/b.sql", "SELECT k, n::INT AS n FROM STREAM read_files('landing', format => 'csv', schema => 'k VARCHAR, n INT')")
            .Write("silver/one.sql", "CREATE STREAMING TABLE silver.one PARTITIONED BY (k) AS SELECT DISTINCT ON (k) k, n FROM STREAM bronze.b")
            .Write("silver/given.sql", "CREATE STREAMING TABLE silver.given (CONSTRAINT given EXPECT (k IS NOT NULL) ON VIOLATION QUARANTINE ROW) PARTITIONED BY (k) AS SELECT k, n FROM STREAM bronze.b")
            .Write("silver/kept.sql", "CREATE STREAMING TABLE silver.kept PARTITIONED BY (k); CREATE FLOW kept AS AUTO CDC INTO silver.kept FROM STREAM(bronze.b) KEYS (k) SEQUENCE BY n")
            .Write("gold/sums.sql", "CREATE MATERIALIZED VIEW gold.sums PARTITIONED BY (k) REFRESH POLICY INCREMENTAL AS SELECT k, sum(n)::BIGINT AS n FROM bronze.b GROUP BY k")
            .Write("gold/spans.sql", "CREATE MATERIALIZED VIEW gold.spans PARTITIONED BY (k) REFRESH POLICY INCREMENTAL AS SELECT k, (max(n) - min(n))::BIGINT AS n FROM bronze.b GROUP BY k");
        folder.Write("landing/1.csv", "k,n\n\"\",1\na,2\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "k,n\n\"\",10\na,20\n,100\n").Smelt("run").Expect(0);
        folder.Write("landing/3.csv", "k,n\n\"\",1000\n").Smelt("run").Expect(0);
        string Rows(string table) => folder.Scalar($"SELECT string_agg(coalesce(k, 'NULL') || ':' || n, ' ' ORDER BY k NULLS LAST, n) FROM {table}") ?? "";
        Assert.Equal("1", folder.Scalar("SELECT count(*) FROM silver.one WHERE k IS NULL"));
        Assert.Equal("a:2 a:20", Rows("silver.given"));
        Assert.Equal("a:20", Rows("silver.kept"));
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM silver.kept__quarantine"));
        Assert.Equal(folder.Scalar("SELECT string_agg(coalesce(nullif(k, ''), 'NULL') || ':' || n, ' ' ORDER BY nullif(k, '') NULLS LAST, n) FROM (SELECT k, sum(n) AS n FROM bronze.b GROUP BY k)"), Rows("gold.sums"));
        Assert.Equal("a:18 NULL:0 NULL:999", Rows("gold.spans"));
    }

    [Fact]
    public void Only_files_that_may_hold_the_keys_are_looked_at()
    {
        using var folder = Pipeline("SELECT DISTINCT ON (id) id::BIGINT AS id, v FROM STREAM bronze.o");
        folder.Write("landing/1.csv", "id,v\n1,a\n2,a\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,v\n100,a\n101,a\n").Smelt("run").Expect(0);
        // A file that is not needed is not missed.
        var files = Directory.GetFiles(folder.File("lake/silver/u"), "*.parquet").OrderBy(File.GetLastWriteTimeUtc).ToList();
        File.Delete(files[0]);
        folder.Write("landing/3.csv", "id,v\n101,b\n102,b\n").Smelt("run", "--select", "bronze.o silver.u", "--no-tests").Expect(0);
        folder.Write("landing/4.csv", "id,v\n2,b\n");
        Assert.Contains("SM6302", folder.Smelt("run", "--no-tests").Expect(1).Out);
    }

    [Theory]
    [InlineData("after-intent")]
    [InlineData("after-data")]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    public void A_killed_update_leaves_each_key_once(string point)
    {
        using var folder = Pipeline("SELECT DISTINCT ON (id) id::BIGINT AS id, v FROM STREAM bronze.o ORDER BY v");
        folder.Write("landing/1.csv", "id,v\n1,a\n2,a\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,v\n2,b\n3,b\n3,c\n").RunKilledAt("silver.u:" + point);
        folder.Write("landing/3.csv", "id,v\n3,d\n4,d\n").Smelt("run").Expect(0);
        Assert.Equal("1:a 2:a 3:b 4:d", Rows(folder));
    }

    private static PipelineFolder Pipeline(string sql) => new PipelineFolder("name: u\n")
        .Write("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("silver/u.sql", sql);

    private static string Rows(PipelineFolder folder) => folder.Scalar("SELECT string_agg(coalesce(id::VARCHAR, '') || ':' || v, ' ' ORDER BY id, v) FROM silver.u") ?? "";
}
