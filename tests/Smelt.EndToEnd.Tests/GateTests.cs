using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>Failed tests of a dataset stop what reads it; a materialized view that fails its own is not published.</summary>
public sealed class GateTests
{
    private static PipelineFolder Shop(string yml = "name: g\n", string test = "unique") => new PipelineFolder(yml)
        .Write("in/1.csv", "id\n1\n2\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
        .Write("silver/o.sql", "SELECT id::INT AS id FROM STREAM bronze.o").Write("silver/view.sql", "CREATE VIEW silver.view AS SELECT id FROM silver.o")
        .Write("gold/direct.sql", "SELECT count(*) AS n FROM silver.o").Write("gold/by_view.sql", "SELECT count(*) AS n FROM silver.view").Write("gold/aside.sql", "SELECT count(*) AS n FROM bronze.o")
        .Write("silver/properties.yml", $"version: 2\nmodels:\n  - name: o\n    columns:\n      - name: id\n        tests: [{test}]\n");

    private static string Steps(JsonElement update) => string.Join(' ', update.GetProperty("steps").EnumerateArray()
        .Select(static s => $"{s.GetProperty("dataset").GetString()}:{s.GetProperty("status").GetString()}").Order(StringComparer.Ordinal));

    [Fact]
    public void A_view_is_published_though_a_table_that_its_test_reads_is_not_made_yet()
    {
        using var folder = new PipelineFolder("name: g\n").Write("silver/m.sql", "SELECT 1 AS id").Write("silver/other.sql", "SELECT 1 AS id")
            .Write("silver/properties.yml", "version: 2\nmodels:\n  - name: m\n    columns:\n      - name: id\n        tests: [relationships: {to: silver.other, field: id}]\n");
        folder.Write("silver/properties.yml", "version: 2\nmodels:\n  - name: m\n    columns:\n      - name: id\n        tests:\n          - relationships: {to: silver.other, field: id}\n");
        Assert.Contains("silver.other has no data yet", folder.Smelt("run", "--select", "silver.m", "--json").Expect(0).Out, StringComparison.Ordinal);
        Assert.Equal("1", folder.Scalar("SELECT id FROM silver.m"));
    }

    [Fact]
    public void Columns_may_be_named_as_anything_that_tests_call_their_rows()
    {
        using var folder = new PipelineFolder("name: g\n").Write("in/1.csv", "id,failing,d\n1,,x\n").Write("bronze/a.sql", "SELECT id, failing, d FROM STREAM read_files('in', format => 'csv')")
            .Write("bronze/properties.yml", "version: 2\nmodels:\n  - name: a\n    columns:\n      - name: failing\n        tests: [not_null]\n")
            .Write("silver/a.sql", "SELECT id, NULL::VARCHAR AS d FROM bronze.a").Write("tests/u.yml", "unit_tests:\n  - {name: u, model: silver.a, given: [{input: bronze.a, rows: [{id: 1}]}], expect: {rows: [{id: 2, d: null}]}}\n");
        Assert.Contains("\"id\":\"1\"", folder.Smelt("run", "--json").Expect(1).Json.GetProperty("tests")[0].GetProperty("rows")[0].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("\"id\":2,\"d\":null", folder.Smelt("test", "--unit").Expect(1).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_test_of_a_table_stops_what_reads_it_through_views_too_and_nothing_else_until_it_passes()
    {
        using var folder = Shop();
        folder.Update();
        folder.Write("in/2.csv", "id\n2\n");
        var failed = folder.Smelt("run", "--json").Expect(1).Json;
        Assert.Equal("bronze.o:completed gold.aside:completed gold.by_view:blocked gold.direct:blocked silver.o:completed", Steps(failed));
        Assert.Equal("silver.o fails unique_o_id (1 failures)", failed.GetProperty("steps").EnumerateArray().Single(static s => s.GetProperty("dataset").GetString() == "gold.direct").GetProperty("reason").GetString());
        Assert.Equal("2 3", folder.Scalar("SELECT concat_ws(' ', (SELECT n FROM gold.direct), (SELECT n FROM gold.aside))"));
        // Neither does an update that makes what reads it and nothing else.
        var alone = folder.Smelt("run", "--select", "gold.direct gold.by_view", "--json").Expect(1).Json;
        Assert.Equal("gold.by_view:blocked gold.direct:blocked", Steps(alone));
        folder.Smelt("run", "--select", "gold.aside").Expect(0);
        Assert.Equal("2", folder.Scalar("SELECT n FROM gold.direct"));
        // Nothing is new, and the gate stays closed.
        Assert.Contains("gold.direct:blocked", Steps(folder.Smelt("run", "--json").Expect(1).Json), StringComparison.Ordinal);
        folder.Write("silver/properties.yml", "version: 2\nmodels:\n  - name: o\n    columns:\n      - name: id\n        tests: [not_null]\n").Update();
        Assert.Equal("3 3", folder.Scalar("SELECT concat_ws(' ', (SELECT n FROM gold.direct), (SELECT n FROM gold.by_view))"));
    }

    [Theory]
    [InlineData("name: g\ngates: report\n", "unique", 1)]
    [InlineData("name: g\ndefaults: {silver: {gates: report}}\n", "unique", 1)]
    [InlineData("name: g\n", "unique: {severity: warn}", 0)]
    public void Gates_that_report_and_tests_that_warn_stop_nobody(string yml, string test, int exitCode)
    {
        using var folder = Shop(yml, test).Write("in/2.csv", "id\n2\n");
        Assert.DoesNotContain("blocked", Steps(folder.Smelt("run", "--json").Expect(exitCode).Json), StringComparison.Ordinal);
        Assert.Equal("3", folder.Scalar("SELECT n FROM gold.direct"));
    }

    [Fact]
    public void A_failed_test_of_a_view_stops_what_reads_the_view()
    {
        using var folder = Shop().Write("silver/properties.yml", "version: 2\nmodels:\n  - name: view\n    columns:\n      - name: id\n        tests: [unique]\n").Write("in/2.csv", "id\n2\n");
        Assert.Equal("bronze.o:completed gold.aside:completed gold.by_view:blocked gold.direct:completed silver.o:completed", Steps(folder.Smelt("run", "--json").Expect(1).Json));
    }

    [Theory]
    [InlineData("FULL")]
    [InlineData("INCREMENTAL")]
    public void A_materialized_view_is_tested_on_its_new_rows_before_they_are_published(string policy)
    {
        using var folder = new PipelineFolder().Write("in/1.csv", "id,shop\n1,a\n2,b\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("gold/shops.sql", $"CREATE OR REFRESH MATERIALIZED VIEW gold.shops REFRESH POLICY {policy} AS SELECT shop, count(*) AS orders FROM bronze.o GROUP BY shop").Write("gold/top.sql", "SELECT max(orders) AS most FROM gold.shops")
            .Write("gold/properties.yml", "version: 2\nmodels:\n  - name: shops\n    tests:\n      - row_count_between: {max_value: 2}\n    columns:\n      - name: orders\n        tests:\n          - accepted_range: {max_value: 2}\n");
        var first = folder.Update();
        Assert.Equal("passed passed", string.Join(' ', first.GetProperty("tests").EnumerateArray().Select(static t => t.GetProperty("status").GetString())));
        folder.Write("in/2.csv", "id,shop\n3,a\n4,a\n");
        var failed = folder.Smelt("run", "--json").Expect(1).Json;
        Assert.Equal("bronze.o:completed gold.shops:failed gold.top:blocked", Steps(failed));
        var step = failed.GetProperty("steps").EnumerateArray().Single(static s => s.GetProperty("dataset").GetString() == "gold.shops");
        Assert.Equal("SM6060", step.GetProperty("code").GetString());
        Assert.Contains("accepted_range_shops_orders (1 failures)", step.GetProperty("message").GetString(), StringComparison.Ordinal);
        var test = failed.GetProperty("tests").EnumerateArray().Single(static t => t.GetProperty("name").GetString() == "accepted_range_shops_orders");
        Assert.Equal("failed 3", $"{test.GetProperty("status").GetString()} {test.GetProperty("rows")[0].GetProperty("orders").GetInt64()}");
        // What was published before is there as it was, in its table and in its version.
        Assert.Equal("1", folder.Scalar("SELECT max(orders) FROM gold.shops"));
        Assert.Single(Directory.EnumerateFiles(folder.File("lake/gold/shops/_delta_log"), "*.json"));
        folder.Write("gold/properties.yml", "version: 2\nmodels:\n  - name: shops\n    columns:\n      - name: orders\n        tests:\n          - accepted_range: {max_value: 3}\n");
        folder.Update();
        Assert.Equal("3", folder.Scalar("SELECT most FROM gold.top"));
        // Published rows were tested already: an update that finds nothing new tests nothing and leaves no trace.
        var before = folder.Scalar("SELECT count(*) FROM _smelt.event_log");
        folder.Update();
        Assert.Equal(before, folder.Scalar("SELECT count(*) FROM _smelt.event_log"));
    }

    [Fact]
    public void A_test_that_reads_what_this_update_makes_later_runs_at_the_end_on_what_was_made()
    {
        using var folder = new PipelineFolder().Write("silver/a.sql", "SELECT 1 AS id").Write("silver/z.sql", "SELECT id + 0 AS id FROM silver.a")
            .Write("silver/properties.yml", "version: 2\nmodels:\n  - name: a\n    columns:\n      - name: id\n        tests:\n          - relationships: {to: silver.z, field: id}\n");
        folder.Update();
        folder.Write("silver/a.sql", "SELECT 2 AS id").Update();
        Assert.Equal("2", folder.Scalar("SELECT id FROM silver.z"));
    }
}
