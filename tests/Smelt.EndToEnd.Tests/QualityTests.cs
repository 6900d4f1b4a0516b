using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>Expectations, failing casts and quarantines over one small landing.</summary>
public sealed class QualityTests
{
    [Fact]
    public void The_row_that_a_cast_failed_on_is_shown_with_its_place_and_kept_by_no_log()
    {
        using var folder = new PipelineFolder()
            .Write("in/x.csv", "age,email\n30,ann@example.org\nabc,bob@example.org\n")
            .Write("bronze/people.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("silver/people.sql", "CREATE OR REFRESH MATERIALIZED VIEW silver.people AS SELECT age::INT AS age FROM bronze.people");
        var said = folder.Smelt("run").Expect(1);
        foreach (var word in (string[])["SM6004", "'abc'", "The row is of bronze.people, from the file in/x.csv", "bob@example.org"]) Assert.Contains(word, said.Out + said.Err, StringComparison.Ordinal);
        var logged = folder.Scalar("SELECT message FROM _smelt.event_log WHERE kind = 'flow' AND status = 'failed'")!;
        Assert.Contains("The row is of bronze.people, from the file in/x.csv", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("bob@", logged, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder.File("lake/_smelt/updates"), "*.json")) Assert.DoesNotContain("bob@", File.ReadAllText(file), StringComparison.Ordinal);
    }

    private const string Landing = "id,amount,flag\n1,5,y\n2,-1,\n3,,x\n4,oops,y\n5,-7,\n";

    private static PipelineFolder Payments(string yml = "name: q\n") => new PipelineFolder(yml)
        .Write("in/1.csv", Landing).Write("bronze/p.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')");

    private static JsonElement Step(JsonElement update, string dataset) => update.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("dataset").GetString() == dataset);

    private static JsonElement Failed(PipelineFolder folder, string dataset) => Step(folder.Smelt("run", "--json").Expect(1).Json, dataset);

    [Fact]
    public void A_row_that_breaks_a_DROP_and_a_QUARANTINE_rule_is_refused_once_and_counted_for_each_and_NULL_breaks_a_rule()
    {
        using var folder = Payments().Write("silver/p.sql", """
            CREATE STREAMING TABLE silver.p (
              CONSTRAINT positive EXPECT (amount > 0) ON VIOLATION DROP ROW,
              CONSTRAINT flagged EXPECT (flag IS NOT NULL) ON VIOLATION QUARANTINE ROW,
              CONSTRAINT small EXPECT (id < 3)
            ) AS SELECT id::INT AS id, amount::DECIMAL(10,2) AS amount, flag FROM STREAM bronze.p
            """);
        var step = Step(folder.Update(), "silver.p");
        Assert.Equal("5 1 1 3", string.Join(' ', new[] { "rowsIn", "rowsOut", "rowsDropped", "rowsQuarantined" }.Select(n => step.GetProperty(n).GetInt64())));
        var rules = step.GetProperty("expectations").EnumerateArray().ToDictionary(static r => r.GetProperty("name").GetString()!, static r => r.GetProperty("violated").GetInt64());
        Assert.Equal((4, 2, 3, 1), (rules["positive"], rules["flagged"], rules["small"], rules["cast:amount"]));
        Assert.Equal("1", folder.Scalar("SELECT string_agg(id, ',') FROM silver.p"));
        Assert.Equal("2 [positive, flagged];4 ['cast:amount', positive, small];5 [positive, flagged, small]",
            folder.Scalar("SELECT string_agg(id || ' ' || _broken_expectations::VARCHAR, ';' ORDER BY id) FROM silver.p__quarantine"));
        Assert.Equal("oops", folder.Scalar("SELECT _input::JSON ->> 'amount' FROM silver.p__quarantine WHERE id = 4"));
    }

    [Theory]
    [InlineData("sqrt(x) >= 0", "square root")]
    [InlineData("x * x * 9223372036854775807 IS NOT NULL", "Overflow")]
    public void A_rule_that_raises_fails_the_flow_with_its_name_and_nothing_is_committed(string rule, string message)
    {
        using var folder = Payments().Write("silver/p.sql", $"CREATE STREAMING TABLE silver.p (CONSTRAINT fine EXPECT (x < 100), CONSTRAINT my_rule EXPECT ({rule}) ON VIOLATION DROP ROW) AS SELECT -id::BIGINT AS x FROM STREAM bronze.p");
        var step = Failed(folder, "silver.p");
        Assert.Equal("SM6003", step.GetProperty("code").GetString());
        Assert.Contains("The expectation my_rule of silver.p", step.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(message, step.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("silver.p", folder.Tables());
    }

    [Theory]
    [InlineData("quarantine", "1,2,3,5", 1)]
    [InlineData("drop", "1,2,3,5", 0)]
    [InlineData("null", "1,2,3,4,5", 0)]
    public void A_cast_that_fails_is_quarantined_dropped_or_made_NULL_as_cast_errors_says(string action, string kept, int quarantined)
    {
        using var folder = Payments($"name: q\ncast_errors: {action}\n").Write("silver/p.sql", "SELECT id, amount::DECIMAL(10,2) AS amount FROM STREAM bronze.p");
        var step = Step(folder.Update(), "silver.p");
        Assert.Equal(kept, folder.Scalar("SELECT string_agg(id, ',' ORDER BY id) FROM silver.p"));
        Assert.Equal(quarantined, step.GetProperty("rowsQuarantined").GetInt32());
        Assert.Equal(1, step.GetProperty("expectations").EnumerateArray().Single(static r => r.GetProperty("name").GetString() == "cast:amount").GetProperty("violated").GetInt32());
        if (action == "null") Assert.Null(folder.Scalar("SELECT amount FROM silver.p WHERE id = '4'"));
    }

    [Fact]
    public void A_cast_that_fails_ends_the_update_where_cast_errors_is_fail_for_the_layer()
    {
        using var folder = Payments("name: q\ndefaults:\n  silver:\n    cast_errors: fail\n").Write("silver/p.sql", "SELECT id, amount::DECIMAL(10,2) AS amount FROM STREAM bronze.p");
        var step = Failed(folder, "silver.p");
        Assert.Equal("SM6004", step.GetProperty("code").GetString());
        Assert.Contains("cast:amount", step.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("4", step.GetProperty("violations")[0].GetProperty("rows")[0].GetProperty("id").GetString());
        Assert.DoesNotContain("silver.p", folder.Tables());
    }

    [Fact]
    public void FAIL_UPDATE_commits_nothing_stops_what_depends_on_it_and_nothing_else_and_shows_the_row()
    {
        using var folder = Payments()
            .Write("silver/p.sql", "CREATE STREAMING TABLE silver.p (CONSTRAINT has_flag EXPECT (flag IS NOT NULL) ON VIOLATION FAIL UPDATE) AS SELECT id, flag FROM STREAM bronze.p")
            .Write("silver/other.sql", "SELECT id FROM STREAM bronze.p").Write("gold/g.sql", "SELECT count(*) AS n FROM silver.p");
        var update = folder.Smelt("run", "--json").Expect(1).Json;
        Assert.Equal("SM6002", Step(update, "silver.p").GetProperty("code").GetString());
        Assert.Contains("has_flag (flag IS NOT NULL) by 2 rows", Step(update, "silver.p").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("2", Step(update, "silver.p").GetProperty("violations")[0].GetProperty("rows")[0].GetProperty("id").GetString());
        Assert.Equal("blocked", Step(update, "gold.g").GetProperty("status").GetString());
        Assert.Equal("completed", Step(update, "silver.other").GetProperty("status").GetString());
        Assert.Equal(["bronze.p", "silver.other"], folder.Tables());
        folder.Write("silver/p.sql", "CREATE STREAMING TABLE silver.p (CONSTRAINT has_flag EXPECT (flag IS NOT NULL) ON VIOLATION DROP ROW) AS SELECT id, flag FROM STREAM bronze.p");
        folder.Update();
        Assert.Equal("3", folder.Scalar("SELECT n FROM gold.g"));
    }

    [Theory]
    [InlineData("a cast in WHERE", "SELECT id FROM STREAM bronze.p WHERE amount::INT > 0")]
    [InlineData("a volatile function", "SELECT id, amount::INT + (random() * 0)::INT AS amount FROM STREAM bronze.p")]
    [InlineData("a scalar subquery", "SELECT id, amount::INT + (SELECT 0) AS amount FROM STREAM bronze.p")]
    [InlineData("a materialized view", "SELECT id, amount::INT AS amount FROM bronze.p")]
    [InlineData("a cast in a CTE", "WITH t AS (SELECT id, amount::INT AS amount FROM bronze.p) SELECT sum(amount) AS s FROM t")]
    public void A_cast_that_cannot_be_caught_fails_the_dataset_by_name_with_the_value_and_the_row(string where, string sql)
    {
        using var folder = Payments().Write("silver/p.sql", sql);
        var step = Failed(folder, "silver.p");
        var message = step.GetProperty("message").GetString()!;
        Assert.True(step.GetProperty("code").GetString() == "SM6004", where);
        Assert.StartsWith("silver.p (silver/p.sql): ", message, StringComparison.Ordinal);
        Assert.Contains("'oops'", message, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"4\",\"amount\":\"oops\",\"flag\":\"y\"", message, StringComparison.Ordinal);
        Assert.DoesNotContain("silver.p", folder.Tables());
    }

    [Fact]
    public void The_quarantine_has_the_name_of_the_settings_and_keeps_every_value_of_the_streamed_row_exactly()
    {
        using var folder = new PipelineFolder("name: q\nquarantine_name: 'refused_{table}'\n").Write("seed.sql", "SELECT 1");
        File.Delete(folder.File("seed.sql"));
        folder.Smelt("query", """
            SELECT 1 AS id, 12345678901234567.89::DECIMAL(38,2) AS d, 'a"b'::BLOB || '\x00\xFF'::BLOB AS b, 'inf'::DOUBLE AS i, 'nan'::DOUBLE AS n, 0.1::DOUBLE AS tenth,
              {'price': 1.10::DECIMAL(38,20), 'list': [{'raw': '\x01'::BLOB}], 'far': '-inf'::DOUBLE} AS s, MAP {'k': 2.50::DECIMAL(20,10)} AS m, TIMESTAMP '2024-02-29 12:00:00.123456' AS t
            """, "--format", "parquet", "--output", "in.parquet").Expect(0);
        folder.Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in.parquet')");
        folder.Write("silver/t.sql", "CREATE STREAMING TABLE silver.t (CONSTRAINT never EXPECT (id > 1) ON VIOLATION QUARANTINE ROW) AS SELECT id, s, i FROM STREAM bronze.t");
        folder.Update();
        Assert.Contains("silver.refused_t", folder.Tables());
        using var input = JsonDocument.Parse(folder.Scalar("SELECT _input FROM silver.refused_t")!);
        var row = input.RootElement;
        Assert.Equal("12345678901234567.89", row.GetProperty("d").GetString());
        Assert.Equal("YSJiAP8=", row.GetProperty("b").GetString());
        Assert.Equal("inf", row.GetProperty("i").GetString());
        Assert.Equal("nan", row.GetProperty("n").GetString());
        Assert.Equal(0.1, row.GetProperty("tenth").GetDouble());
        Assert.Equal("1.10000000000000000000", row.GetProperty("s").GetProperty("price").GetString());
        Assert.Equal("AQ==", row.GetProperty("s").GetProperty("list")[0].GetProperty("raw").GetString());
        Assert.Equal("-inf", row.GetProperty("s").GetProperty("far").GetString());
        Assert.Equal("2.5000000000", row.GetProperty("m")[0].GetProperty("value").GetString());
        Assert.Equal("2024-02-29 12:00:00.123456", row.GetProperty("t").GetString());
        // The row itself is there with its own types, and shown as valid JSON though it holds infinity.
        Assert.Equal("inf", folder.Scalar("SELECT i::VARCHAR FROM silver.refused_t"));
        Assert.Contains("Infinity", folder.Smelt("show", "silver.t", "--quarantine", "--json").Expect(0).Json.GetProperty("rows")[0].GetProperty("i").GetString(), StringComparison.Ordinal);
    }
}

/// <summary>Data tests: what a failed one does to exit codes and to what is downstream.</summary>
public sealed class DataTestTests
{
    private static PipelineFolder Orders(string severity) => new PipelineFolder("name: t\ngates: report\n")
        .Write("in/1.csv", "id\n1\n1\n2\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("silver/o.sql", "SELECT id::INT AS id FROM STREAM bronze.o")
        .Write("gold/o.sql", "SELECT count(*) AS n FROM silver.o")
        .Write("silver/properties.yml", $"version: 2\nmodels:\n  - name: o\n    columns:\n      - name: id\n        tests:\n          - unique: {{severity: {severity}}}\n          - not_null\n");

    [Fact]
    public void A_failed_test_ends_with_1_shows_its_SQL_and_rows_and_what_is_downstream_was_made_where_gates_only_report()
    {
        using var folder = Orders("error");
        var said = folder.Smelt("run").Expect(1).Out;
        Assert.Contains("FAIL   unique_o_id", said, StringComparison.Ordinal);
        Assert.Contains("HAVING count(*) > 1", said, StringComparison.Ordinal);
        Assert.Contains("{\"value\":1,\"rows\":2}", said, StringComparison.Ordinal);
        Assert.Equal("3", folder.Scalar("SELECT n FROM gold.o"));
        folder.Smelt("test").Expect(1);
        var tests = folder.Smelt("test", "--json").Expect(1).Json.GetProperty("tests").EnumerateArray().ToDictionary(static t => t.GetProperty("name").GetString()!, static t => t.GetProperty("status").GetString());
        Assert.Equal(("failed", "passed"), (tests["unique_o_id"], tests["not_null_o_id"]));
        folder.Smelt("test", "--exclude", "silver.o").Expect(0);
        folder.Smelt("quality").Expect(1);
        // Nothing is new, and the test still fails.
        folder.Smelt("run").Expect(1);
    }

    [Fact]
    public void A_failed_test_of_severity_warn_is_told_and_ends_with_0()
    {
        using var folder = Orders("warn");
        Assert.Contains("warn   unique_o_id", folder.Smelt("run").Expect(0).Out, StringComparison.Ordinal);
        Assert.Contains("unique_o_id", folder.Smelt("test").Expect(0).Out, StringComparison.Ordinal);
        folder.Smelt("quality").Expect(0);
    }

    [Fact]
    public void Quality_tells_of_rules_and_tests_by_layer_dataset_and_date()
    {
        using var folder = Orders("warn");
        folder.Update();
        List<string> Names(params string[] arguments) => [.. folder.Smelt(["quality", "--json", .. arguments]).Expect(0).Json.GetProperty("rows").EnumerateArray()
            .Select(static r => $"{r.GetProperty("dataset").GetString()} {r.GetProperty("kind").GetString()} {r.GetProperty("name").GetString()} {r.GetProperty("violated").GetInt64()}")];
        string[] all = ["silver.o expectation cast:id 0", "silver.o test not_null_o_id 0", "silver.o test unique_o_id 1"];
        Assert.Equal(all, Names());
        Assert.Equal(all, Names("--layer", "silver"));
        Assert.Empty(Names("--layer", "gold"));
        Assert.Equal(all, Names("--dataset", "silver.o"));
        Assert.Empty(Names("--dataset", "gold.o"));
        Assert.Equal(all, Names("--date", DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Empty(Names("--date", "2001-01-01"));
        folder.Smelt("quality", "--layer", "platinum").Expect(2);
        folder.Smelt("quality", "--date", "yesterday").Expect(2);
        Assert.Contains("unique_o_id", folder.Smelt("quality").Expect(0).Out, StringComparison.Ordinal);
    }
}
