using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>Datasets tried out beside their originals.</summary>
public sealed class VariantTests
{
    private static PipelineFolder Orders() => new PipelineFolder()
        .Write("landing/orders/1.csv", "id,customer,amount\n1,a,10\n2,b,-5\n3,,7\n4,a,20\n")
        .Write("bronze/orders.sql", "CREATE STREAMING TABLE orders AS SELECT * FROM STREAM read_files('landing/orders', format => 'csv')")
        .Write("silver/orders.sql", "CREATE STREAMING TABLE orders (CONSTRAINT positive EXPECT (orders.amount > 0) ON VIOLATION DROP ROW) AS SELECT id::BIGINT AS id, customer, amount::BIGINT AS amount FROM STREAM bronze.orders")
        .Write("silver/properties.yml", "models:\n  - name: orders\n    columns:\n      - name: id\n        tests: [unique]\n")
        .Write("gold/totals.sql", "SELECT customer, sum(amount) AS total FROM silver.orders GROUP BY customer");

    [Fact]
    public void A_variant_is_built_beside_its_original_from_the_same_input_and_compared_with_it()
    {
        using var folder = Orders().Write("silver/orders@b.sql",
            "CREATE STREAMING TABLE orders (CONSTRAINT positive EXPECT (orders.amount > -10) ON VIOLATION DROP ROW, CONSTRAINT known EXPECT (customer IS NOT NULL)) AS SELECT id::BIGINT AS id, upper(customer) AS customer, abs(amount::BIGINT) AS amount, 'b' AS made_by FROM STREAM bronze.orders");
        folder.Update("--no-tests");
        Assert.Equal("3", folder.Scalar("SELECT count(*) FROM silver.orders"));
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM silver.\"orders@b\""));
        Assert.Equal("a 30, NULL 7", folder.Scalar("SELECT string_agg(coalesce(customer, 'NULL') || ' ' || total, ', ' ORDER BY customer) FROM gold.totals"));

        var diff = folder.Smelt("diff", "orders", "orders@b", "--json").Expect(0).Json;
        Assert.Equal(["id"], diff.GetProperty("key").EnumerateArray().Select(static k => k.GetString()));
        Assert.Equal((0, 1, 2), (diff.GetProperty("only_a").GetInt32(), diff.GetProperty("only_b").GetInt32(), diff.GetProperty("changed").GetInt32()));
        Assert.Equal(2, Column(diff, "customer").GetProperty("changed").GetInt32());
        Assert.Equal(0, Column(diff, "amount").GetProperty("changed").GetInt32());
        Assert.Equal(JsonValueKind.Null, Column(diff, "made_by").GetProperty("type_a").ValueKind);
        Assert.Equal(("1", "0"), Figure(diff, "expectation", "positive", "violated"));
        Assert.Equal((null, "1"), Figure(diff, "expectation", "known", "violated"));
        Assert.Equal(("3", "4"), Figure(diff, "rows", "", "rows"));
        Assert.NotNull(Figure(diff, "run", "", "duration_ms").A);
        Assert.Equal("3 4", folder.Scalar("SELECT original_value || ' ' || variant_value FROM _smelt.variant_metrics WHERE dataset = 'silver.orders' AND variant = 'b' AND kind = 'rows' AND metric = 'rows'"));

        var words = folder.Smelt("diff", "orders", "orders@b").Expect(0).Out;
        Assert.Contains("only in the first 0, only in the second 1, changed 2", words);
        Assert.Contains("not there", words);
        folder.Smelt("diff", "orders", "orders@b", "--fail").Expect(1);
    }

    [Fact]
    public void Datasets_of_a_variants_folder_read_each_other_and_the_originals_of_what_it_has_not()
    {
        using var folder = Orders()
            .Write("variants/c/silver/orders.sql", "CREATE STREAMING TABLE orders AS SELECT id::BIGINT AS id, customer, amount::BIGINT * 100 AS amount FROM STREAM bronze.orders")
            .Write("variants/c/gold/totals.sql", "SELECT customer, sum(amount) AS total FROM silver.orders GROUP BY customer");
        folder.Update("--no-tests");
        Assert.Equal("3700", folder.Scalar("SELECT sum(total) FROM gold.totals") is "37" ? folder.Scalar("SELECT sum(total) FILTER (customer = 'a') + 700 FROM gold.\"totals@c\"") : "the original changed");
        var list = folder.Smelt("variant", "list", "--json").Expect(0).Json.GetProperty("variants").EnumerateArray().ToList();
        Assert.Equal(["gold.totals", "silver.orders"], list.Select(static v => v.GetProperty("original").GetString()).Order());
        var chosen = folder.Smelt("ls", "--select", "variant:c").Expect(0).Out;
        Assert.Contains("gold.totals@c", chosen);
        Assert.DoesNotContain("bronze.orders", chosen);
        Assert.Contains("Several layers have that name: write bronze.orders or silver.orders", folder.Smelt("history", "orders").Expect(2).Err);
    }

    [Fact]
    public void A_promotion_that_would_lose_a_definition_or_put_a_file_in_two_places_is_refused_and_changes_nothing()
    {
        using var folder = new PipelineFolder("name: v\n").Write("gold/k.sql", "CREATE MATERIALIZED VIEW k AS SELECT 1 AS x; CREATE MATERIALIZED VIEW keep AS SELECT 1 AS x;").Write("gold/k@b.sql", "SELECT 2 AS x")
            .Write("silver/op.sql", "CREATE MATERIALIZED VIEW o AS SELECT 1 AS x; CREATE MATERIALIZED VIEW p AS SELECT 1 AS x;").Write("silver/o@c.sql", "SELECT 11 AS x").Write("silver/p@c.sql", "SELECT 12 AS x")
            .Write("silver/r.sql", "SELECT 1 AS x").Write("silver/s.sql", "SELECT 1 AS x").Write("variants/d/silver/both.sql", "CREATE MATERIALIZED VIEW r AS SELECT 21 AS x; CREATE MATERIALIZED VIEW s AS SELECT 22 AS x;");
        string[] files = [.. Directory.GetFiles(folder.Path, "*.sql", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.Contains("gold/k.sql defines gold.keep too, which would be lost", folder.Smelt("variant", "promote", "b", "--yes").Expect(2).Err);
        Assert.Contains("would both take the place of silver/op.sql", folder.Smelt("variant", "promote", "c", "--yes").Expect(2).Err);
        Assert.Contains("cannot take the place of both", folder.Smelt("variant", "promote", "d", "--yes").Expect(2).Err);
        Assert.Equal(files, Directory.GetFiles(folder.Path, "*.sql", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        folder.Smelt("validate").Expect(0);
    }

    [Fact]
    public void A_promoted_variant_becomes_the_original_and_its_tables_go()
    {
        using var folder = Orders().Write("gold/totals@d.sql", "SELECT customer, sum(amount) AS total, count(*) AS orders FROM silver.orders GROUP BY customer");
        folder.Update("--no-tests");
        folder.Smelt("variant", "promote", "totals@d").Expect(2);
        folder.Smelt("variant", "promote", "totals@d", "--yes").Expect(0);
        Assert.False(File.Exists(folder.File("gold/totals@d.sql")));
        Assert.Contains("count(*) AS orders", File.ReadAllText(folder.File("gold/totals.sql")));
        Assert.Contains("definition changed", folder.Smelt("plan").Expect(0).Out);
        folder.Update("--no-tests");
        Assert.Equal("3", folder.Scalar("SELECT sum(orders) FROM gold.totals"));
        Assert.Equal(["bronze.orders", "gold.totals", "silver.orders"], folder.Tables().Order());
    }

    [Fact]
    public void A_dropped_variant_leaves_nothing_behind()
    {
        using var folder = Orders().Write("variants/e/gold/totals.sql", "SELECT 1 AS one").Write("variants/e/silver/orders.sql", "SELECT 2 AS two");
        folder.Update("--no-tests");
        Assert.Contains("gold.totals@e", folder.Smelt("ls").Expect(0).Out);
        folder.Smelt("variant", "drop", "e", "--yes").Expect(0);
        Assert.Equal(["bronze.orders", "gold.totals", "silver.orders"], folder.Tables().Order());
        Assert.DoesNotContain("@e", folder.Smelt("plan").Expect(0).Out);
        Assert.Contains("no variant", folder.Smelt("variant", "drop", "e", "--yes").Expect(2).Err);
    }

    [Fact]
    public void Two_versions_of_a_table_and_the_same_table_in_two_targets_are_compared()
    {
        using var folder = Orders().Write("platform.yml", "targets:\n  dev:\n    storage: lake\n  prod:\n    storage: other\ndefault_target: dev\n");
        folder.Update("--no-tests");
        folder.Write("landing/orders/2.csv", "id,customer,amount\n5,c,1\n");
        folder.Update("--no-tests");
        var versions = folder.Smelt("diff", "silver.orders", "--json").Expect(0).Json;
        Assert.Equal((0, 1), (versions.GetProperty("only_a").GetInt32(), versions.GetProperty("only_b").GetInt32()));
        Assert.Equal("silver.orders version 0", folder.Smelt("diff", "silver.orders", "--versions", "0,1", "--json").Expect(0).Json.GetProperty("a").GetString());
        folder.Smelt("run", "--no-tests", "--target", "prod").Expect(0);
        Assert.True(folder.Smelt("diff", "silver.orders", "--targets", "dev,prod", "--json").Expect(0).Json.GetProperty("equal").GetBoolean());
        Assert.Contains("no target nowhere", folder.Smelt("diff", "silver.orders", "--targets", "dev,nowhere").Expect(2).Err);
        Assert.Contains("one of them", folder.Smelt("diff", "silver.orders", "gold.totals", "--versions", "0,1").Expect(2).Err);
    }

    [Theory]
    [InlineData("SELECT DISTINCT ON (a, b) a::BIGINT AS a, b, c FROM STREAM bronze.o", "", "a b")]
    [InlineData("CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.dedup_time' = 'c', 'smelt.dedup_window' = '1 day') AS SELECT DISTINCT ON (a, b) a::BIGINT AS a, b, c::TIMESTAMP AS c FROM STREAM bronze.o", "", "")]
    [InlineData("SELECT a::BIGINT AS a, b, c FROM STREAM bronze.o", "tests: [{unique_combination_of_columns: {combination_of_columns: [a, b]}}]", "a b")]
    [InlineData("SELECT a::BIGINT AS a, b, c FROM STREAM bronze.o", "tests: [{unique_combination_of_columns: {combination_of_columns: [a, b], where: a > 1}}]", "")]
    [InlineData("CREATE STREAMING TABLE t; CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM(bronze.o) KEYS (a, b) SEQUENCE BY c COLUMNS a, b, c", "", "a b")]
    public void The_key_is_what_the_definition_says_that_it_is(string sql, string tests, string key)
    {
        using var folder = new PipelineFolder("name: k\n").Write("bronze/o.sql", "SELECT a, b, c FROM STREAM read_files('landing', format => 'csv')").Write("silver/t.sql", sql)
            .Write("silver/properties.yml", $"version: 2\nmodels:\n  - name: t\n    description: T\n    {tests}\n").Write("landing/1.csv", "a,b,c\n1,x,2024-01-01\n");
        folder.Smelt("run", "--no-tests").Expect(0);
        folder.Write("landing/2.csv", "a,b,c\n2,x,2024-01-01\n").Smelt("run", "--no-tests").Expect(0);
        Assert.Equal(key, string.Join(' ', folder.Smelt("diff", "silver.t", "--json").Expect(0).Json.GetProperty("key").EnumerateArray().Select(static k => k.GetString())));
    }

    [Fact]
    public void Rows_without_a_key_are_compared_whole_and_equal_ones_counted()
    {
        using var folder = new PipelineFolder()
            .Write("gold/one.sql", "SELECT * FROM (VALUES (1, 'x'), (1, 'x'), (2, NULL)) AS t(i, s)").Write("gold/two.sql", "SELECT * FROM (VALUES (1, 'x'), (2, NULL), (3, 'y')) AS t(i, s)");
        folder.Update();
        var diff = folder.Smelt("diff", "one", "two", "--json").Expect(0).Json;
        Assert.Equal((1, 1), (diff.GetProperty("only_a").GetInt32(), diff.GetProperty("only_b").GetInt32()));
        Assert.Contains("not unique", folder.Smelt("diff", "one", "two", "--key", "i").Expect(0).Out);
    }

    [Fact]
    public void Columns_named_as_the_comparison_would_name_its_own_are_compared_as_any()
    {
        const string Columns = "t(i, __in_a, __in_b, __sign, __count)";
        using var folder = new PipelineFolder()
            .Write("gold/one.sql", $"SELECT * FROM (VALUES (1, 'a', 'b', 5, 7), (2, 'a', 'b', 5, 7)) AS {Columns}").Write("gold/two.sql", $"SELECT * FROM (VALUES (1, 'x', 'b', 5, 7), (3, 'a', 'b', -5, 7)) AS {Columns}");
        folder.Update();
        var whole = folder.Smelt("diff", "one", "two", "--json").Expect(0).Json;
        Assert.Equal((2, 2), (whole.GetProperty("only_a").GetInt32(), whole.GetProperty("only_b").GetInt32()));
        var keyed = folder.Smelt("diff", "one", "two", "--key", "i", "--json").Expect(0).Json;
        Assert.Equal((1, 1, 1), (keyed.GetProperty("only_a").GetInt32(), keyed.GetProperty("only_b").GetInt32(), keyed.GetProperty("changed").GetInt32()));
        Assert.Contains("\"__in_a\":\"x\"", keyed.GetRawText().Replace("\\", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static JsonElement Column(JsonElement diff, string name) => diff.GetProperty("columns").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    private static (string? A, string? B) Figure(JsonElement diff, string kind, string of, string name)
    {
        var figure = diff.GetProperty("figures").EnumerateArray().Single(f => f.GetProperty("kind").GetString() == kind && f.GetProperty("of").GetString() == of && f.GetProperty("name").GetString() == name);
        return (figure.GetProperty("a").GetString(), figure.GetProperty("b").GetString());
    }
}
