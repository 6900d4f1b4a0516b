using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>One pipeline that uses the language's corners, run once for all questions.</summary>
public sealed class LanguageLake : IDisposable
{
    public LanguageLake()
    {
        Folder = new PipelineFolder("name: language\nvariables:\n  x: it's\n")
            .Write("in/orders/1.csv", "id,status,amount\n1,open,2.5\n2,closed,3\n")
            .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('in/orders', format => 'csv')")
            .Write("bronze/stream.sql", "SELECT * FROM STREAM read_files('in/orders', format => 'csv')")
            .Write("functions/money.sql", "CREATE MACRO cents(a) AS (a * 100)::BIGINT;\nCREATE MACRO orders_of(s) AS TABLE SELECT * FROM silver.sold WHERE status = s;")
            .Write("silver/sold.sql", "SELECT id::BIGINT AS id, status, amount::DECIMAL(10,2) AS amount FROM STREAM orders")
            .Write("silver/from_stream.sql", "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM \"stream\";\nCREATE STREAMING TABLE silver.streamed AS SELECT id FROM STREAM bronze.stream;")
            .Write("silver/literals.sql", "SELECT $$plain ${x} '$$ AS dollars, '${x}' AS filled, '$${x}' AS escaped, $tag$${x}$tag$ AS tagged -- ${nothing}")
            .Write("silver/pivoted.sql", "SELECT * FROM (PIVOT (SELECT status, amount FROM silver.sold) ON status IN ('open', 'closed') USING sum(amount))")
            .Write("silver/standard.sql", "SELECT * FROM (SELECT status, amount FROM silver.sold) PIVOT (sum(amount) FOR status IN ('open', 'closed'))")
            .Write("gold/several.sql", """
                CREATE VIEW open_orders AS SELECT * FROM silver.sold WHERE status = 'open';
                CREATE TEMPORARY VIEW own AS SELECT * FROM open_orders;
                CREATE MATERIALIZED VIEW gold.sums AS SELECT sum(cents(amount))::BIGINT AS cents FROM LIVE.gold.own;
                CREATE MATERIALIZED VIEW gold.by_macro AS SELECT id FROM orders_of('closed');
                CREATE MATERIALIZED VIEW gold.spaced PARTITIONED BY (status) AS SELECT status, amount AS "amount, net", {'a b': amount} AS "a nested; {one}" FROM silver.sold;
                """)
            .Write("gold/properties.yml", "version: 2\nmodels:\n  - name: open_orders\n    columns:\n      - name: id\n        tests: [unique]\n      - name: status\n        tests:\n          - accepted_values: {values: [open]}\n");
        First = Folder.Update();
    }

    public PipelineFolder Folder { get; }

    public JsonElement First { get; }

    public void Dispose() => Folder.Dispose();
}

public sealed class LanguageTests(LanguageLake lake) : IClassFixture<LanguageLake>
{
    private PipelineFolder Folder => lake.Folder;

    [Fact]
    public void A_table_named_stream_and_a_stream_without_a_layer_are_told_apart()
    {
        Assert.Equal("2", Folder.Scalar("SELECT n FROM silver.counted"));
        Assert.Equal("2", Folder.Scalar("SELECT count(*) FROM silver.streamed"));
        Assert.Equal("2", Folder.Scalar("SELECT count(*) FROM silver.sold"));
    }

    [Fact]
    public void Variables_are_filled_in_quotes_and_not_between_dollars()
    {
        var row = Assert.Single(Folder.Query("FROM silver.literals"));
        Assert.Equal(["plain ${x} '", "it's", "${x}", "${x}"], row.EnumerateObject().Select(static v => v.Value.GetString()));
    }

    [Fact]
    public void A_table_that_only_a_PIVOT_names_is_an_input()
    {
        Assert.Equal("2.50 3.00", Folder.Scalar("SELECT open || ' ' || closed FROM silver.pivoted"));
        Assert.Equal("2.50 3.00", Folder.Scalar("SELECT open || ' ' || closed FROM silver.standard"));
        var plan = Folder.Smelt("ls", "--select", "silver.sold+1", "--json").Expect(0).Json;
        var names = plan.GetProperty("datasets").EnumerateArray().Select(static d => d.GetProperty("dataset").GetString());
        Assert.Contains("silver.pivoted", names);
        Assert.Contains("silver.standard", names);
    }

    [Fact]
    public void Views_are_listed_queried_and_tested_and_never_stored()
    {
        Assert.Equal(["gold.by_macro", "gold.spaced", "gold.sums"], Folder.Tables().Where(static t => t.StartsWith("gold", StringComparison.Ordinal)));
        var kinds = Folder.Smelt("ls", "--json").Expect(0).Json.GetProperty("datasets").EnumerateArray().ToDictionary(static d => d.GetProperty("dataset").GetString()!, static d => d.GetProperty("kind").GetString());
        Assert.Equal("View", kinds["gold.open_orders"]);
        Assert.Equal("1", Folder.Scalar("SELECT id FROM gold.open_orders"));
        Assert.Equal("1", Folder.Scalar("SELECT id FROM gold.own"));
        Assert.Contains("open", Folder.Smelt("show", "gold.open_orders").Expect(0).Out, StringComparison.Ordinal);
        var tests = lake.First.GetProperty("tests").EnumerateArray().Select(static t => $"{t.GetProperty("dataset").GetString()} {t.GetProperty("status").GetString()}");
        Assert.Equal(["gold.open_orders passed", "gold.open_orders passed"], tests);
        Folder.Smelt("history", "gold.open_orders").Expect(2);
    }

    [Fact]
    public void Macros_of_scalars_and_of_tables_and_LIVE_work_in_one_file_of_several_statements()
    {
        Assert.Equal("250", Folder.Scalar("SELECT cents FROM gold.sums"));
        Assert.Equal("2", Folder.Scalar("SELECT id FROM gold.by_macro"));
    }

    [Fact]
    public void A_table_partitioned_by_a_column_with_names_that_Parquet_refuses_is_read_back()
    {
        Assert.Equal("2.50", Folder.Scalar("SELECT \"amount, net\"::VARCHAR FROM gold.spaced WHERE status = 'open'"));
        Assert.Equal("3.00", Folder.Scalar("SELECT (\"a nested; {one}\").\"a b\"::VARCHAR FROM gold.spaced WHERE status = 'closed'"));
        var log = string.Concat(Directory.EnumerateFiles(Folder.File("lake/gold/spaced/_delta_log"), "*.json").Select(File.ReadAllText));
        Assert.Contains("\"partitionColumns\":[\"status\"]", log, StringComparison.Ordinal);
        Assert.Contains("\"delta.columnMapping.mode\":\"name\"", log, StringComparison.Ordinal);
    }

    [Fact]
    public void The_compiled_SQL_of_a_dataset_is_SQL_that_runs()
    {
        var sql = Folder.Smelt("compile", "gold.sums", "--json").Expect(0).Json.GetProperty("sql").GetString()!;
        Assert.Contains("cents(", sql, StringComparison.Ordinal);
        Assert.DoesNotContain("LIVE.", sql, StringComparison.Ordinal);
    }
}

public sealed class SnapshotTests
{
    [Fact]
    public void Files_read_without_STREAM_are_a_snapshot_replaced_in_one_commit_when_they_changed_and_older_ones_are_read_by_version()
    {
        using var folder = new PipelineFolder().Write("bronze/shops.sql", "SELECT * FROM read_files('in/shops.csv')").Write("in/shops.csv", "k,v\na,1\n");
        folder.Write("silver/twice.sql", "SELECT k FROM bronze.shops VERSION AS OF 0");
        folder.Update();
        Assert.Equal("skipped", Status(folder.Update(), "bronze.shops"));
        File.SetLastWriteTimeUtc(folder.File("in/shops.csv"), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal("skipped", Status(folder.Update(), "bronze.shops"));
        folder.Write("in/shops.csv", "k,v\nb,1\nc,2\n");
        Assert.Equal("completed", Status(folder.Update(), "bronze.shops"));
        Assert.Equal(2, Directory.GetFiles(folder.File("lake/bronze/shops/_delta_log"), "*.json").Length);
        Assert.Equal("b,c", folder.Scalar("SELECT string_agg(k, ',' ORDER BY k) FROM bronze.shops"));
        Assert.Equal("a", folder.Scalar("SELECT k FROM bronze.shops VERSION AS OF 0"));
        Assert.Equal("a", folder.Scalar("SELECT k FROM silver.twice"));
    }

    private static string Status(JsonElement update, string dataset) =>
        update.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("dataset").GetString() == dataset).GetProperty("status").GetString()!;
}

public sealed class DiagnosticTests
{
    private static PipelineFolder Broken() => new PipelineFolder("name: broken\nvariables: {unused: 1}\nnam: x\n")
        .Write("bronze/a.sql", "SELECT 'ü' AS ü, nowhere AS b FROM (SELECT 1 AS a)")
        .Write("bronze/b.sql", "SELECT * FROM gold.g")
        .Write("silver/c.sql", "SELECT * FROM silver.d")
        .Write("silver/d.sql", "SELECT * FROM silver.c")
        .Write("silver/e.sql", "SELECT * FROM bronze.missing")
        .Write("silver/f.sql", "SELECT 1 AS x,,")
        .Write("gold/g.sql", "SELECT 1 AS x")
        .Write("gold/h.sql", "SELECT * FROM STREAM read_files('x', formt => 'csv')")
        .Write("gold/properties.yml", "models:\n  - name: g\n    columns:\n      - name: x\n        tests: [uniqe]\n");

    [Fact]
    public void Validate_reports_every_mistake_at_once_with_its_place_and_ends_with_2()
    {
        using var folder = Broken();
        var said = folder.Smelt("validate").Expect(2);
        Assert.Equal("", said.Out);
        // The column counts characters: two umlauts stand before, each of two bytes.
        Assert.Contains("bronze/a.sql:1:18: error SM2003", said.Err, StringComparison.Ordinal);
        Assert.Contains("bronze/b.sql:1:15: error SM2006", said.Err, StringComparison.Ordinal);
        Assert.Contains("error SM2007", said.Err, StringComparison.Ordinal);
        Assert.Contains("silver/e.sql:1:15: error SM2001", said.Err, StringComparison.Ordinal);
        Assert.Contains("silver/f.sql:1:15: error SM1004", said.Err, StringComparison.Ordinal);
        Assert.Contains("gold/h.sql:1:47: error SM5001", said.Err, StringComparison.Ordinal);
        Assert.Contains("smelt.yml:3:1: error SM4003", said.Err, StringComparison.Ordinal);
        Assert.Contains("SM5008", said.Err, StringComparison.Ordinal);
        Assert.Contains("warning", said.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("run")]
    [InlineData("plan")]
    [InlineData("ls")]
    [InlineData("test")]
    [InlineData("show", "gold.g")]
    [InlineData("query", "SELECT 1")]
    public void Every_verb_gives_the_same_mistakes_as_one_JSON_document(params string[] verb)
    {
        using var folder = Broken();
        var said = folder.Smelt([.. verb, "--json"]).Expect(2);
        var codes = said.Json.GetProperty("diagnostics").EnumerateArray().Select(static d => d.GetProperty("code").GetString()).ToHashSet();
        Assert.Superset(new HashSet<string?> { "SM2003", "SM2006", "SM2007", "SM2001", "SM1004", "SM5001", "SM4003" }, codes);
        Assert.False(Directory.Exists(folder.File("lake")));
    }
}
