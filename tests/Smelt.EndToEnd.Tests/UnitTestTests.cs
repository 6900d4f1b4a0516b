using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>Unit tests and whole-pipeline tests: they read no lake and leave none.</summary>
public sealed class UnitTestTests
{
    private static PipelineFolder Shop() => new PipelineFolder("name: u\nvariables: {least: 1}\n")
        .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('landing/orders', format => 'csv')").Write("bronze/shops.sql", "SELECT * FROM read_files('landing/shops', format => 'csv')")
        .Write("functions/f.sql", "CREATE MACRO cents(x, factor := 100) AS (x * factor)::INT")
        .Write("silver/shops.sql", "CREATE VIEW silver.shops AS SELECT upper(city) AS city, shop FROM bronze.shops")
        .Write("silver/orders.sql", """
            CREATE STREAMING TABLE silver.orders (
              CONSTRAINT positive EXPECT (amount >= ${least}) ON VIOLATION DROP ROW,
              CONSTRAINT known EXPECT (city IS NOT NULL) ON VIOLATION QUARANTINE ROW,
              CONSTRAINT sane EXPECT (amount IS NULL OR amount < 1000000) ON VIOLATION FAIL UPDATE
            ) AS SELECT o.id::INT AS id, o.amount::DECIMAL(10,2) AS amount, cents(o.amount::DECIMAL(10,2)) AS cents, s.city, o.note
            FROM STREAM bronze.orders AS o LEFT JOIN silver.shops AS s ON s.shop = o.shop
            """)
        .Write("gold/daily.sql", "SELECT city, sum(amount) AS total, list(id ORDER BY id) AS ids FROM silver.orders GROUP BY city");

    [Fact]
    public void What_several_flows_write_is_expected_of_all_of_them_and_what_AUTO_CDC_keeps_of_none()
    {
        using var folder = new PipelineFolder("name: u\n").Write("bronze/a.sql", "SELECT id, n FROM STREAM read_files('a', format => 'csv')").Write("bronze/b.sql", "SELECT id, n FROM STREAM read_files('b', format => 'csv')")
            .Write("silver/c.sql", "CREATE STREAMING TABLE silver.c (CONSTRAINT low EXPECT (n < 200) ON VIOLATION DROP ROW) AS SELECT id::INT AS id, n::INT AS n FROM STREAM bronze.a; CREATE FLOW more AS INSERT INTO silver.c BY NAME SELECT n::INT + 100 AS n, id::INT AS id FROM STREAM bronze.b")
            .Write("silver/f.sql", "CREATE STREAMING TABLE silver.f; CREATE FLOW one AS INSERT INTO silver.f BY NAME SELECT id FROM STREAM bronze.a; CREATE FLOW two AS INSERT INTO silver.f BY NAME SELECT id FROM STREAM bronze.b")
            .Write("silver/k.sql", "CREATE STREAMING TABLE silver.k; CREATE FLOW k AS AUTO CDC INTO silver.k FROM STREAM(bronze.a) KEYS (id) SEQUENCE BY n")
            .Write("tests/units.yml", """
                unit_tests:
                  - {name: both, model: silver.c, given: [{input: bronze.a, rows: [{id: 1, n: 1}]}, {input: bronze.b, rows: [{id: 2, n: 1}, {id: 3, n: 150}]}], expect: {rows: [{id: 1, n: 1}, {id: 2, n: 101}]}}
                  - {name: first, model: silver.c, given: [{input: bronze.a, rows: [{id: 1, n: 1}]}, {input: bronze.b, rows: [{id: 2, n: 1}]}], expect: {rows: [{id: 1, n: 1}]}}
                  - {name: flows, model: silver.f, given: [{input: bronze.a, rows: [{id: x}]}, {input: bronze.b, rows: [{id: x}]}], expect: {rows: [{id: x}, {id: x}]}}
                  - {name: kept, model: silver.k, given: [{input: bronze.a, rows: [{id: 1, n: 1}]}], expect: {rows: [{id: 1}]}}
                """);
        var tests = Tests(folder, 1);
        Assert.Equal("passed failed passed error", string.Join(' ', new[] { "both", "first", "flows", "kept" }.Select(n => tests[n].GetProperty("status").GetString())));
        Assert.Contains("kept by AUTO CDC", tests["kept"].GetProperty("message").GetString());
    }

    [Fact]
    public void A_test_overrides_variables_and_macros_for_itself_alone()
    {
        const string Given = "given: [{input: bronze.orders, rows: [{id: 1, amount: 5, shop: a}, {id: 2, amount: 50, shop: a}]}, {input: silver.shops, rows: [{shop: a, city: X}]}]";
        using var folder = Shop().Write("tests/units.yml", $$$$"""
            unit_tests:
              - {name: plain, model: silver.orders, {{{{Given}}}}, expect: {rows: [{id: 1, cents: 500}, {id: 2, cents: 5000}]}}
              - {name: other, model: silver.orders, {{{{Given}}}}, overrides: {vars: {least: 10}, macros: {cents: -1}}, expect: {rows: [{id: 2, cents: -1}]}}
              - {name: wrong, model: silver.orders, {{{{Given}}}}, overrides: {vars: {least: "no_such_column"}}, expect: {rows: []}}
            """);
        var tests = Tests(folder, 1);
        Assert.Equal("passed", tests["plain"].GetProperty("status").GetString());
        Assert.Equal("passed", tests["other"].GetProperty("status").GetString());
        Assert.Equal("error", tests["wrong"].GetProperty("status").GetString());
        Assert.Contains("no_such_column", tests["wrong"].GetProperty("message").GetString());
        folder.Write("tests/units.yml", $$$$"""
            unit_tests:
              - {name: a, model: silver.orders, {{{{Given}}}}, overrides: {vars: {leest: 10}, macros: {is_incremental: true}}, expect: {rows: []}}
            """);
        var said = folder.Smelt("validate").Expect(2);
        Assert.Contains("overrides the variable 'leest', which is none that smelt.yml has", said.Out + said.Err);
        Assert.Contains("overrides the macro 'is_incremental', which is none that functions/ has", said.Out + said.Err);
        folder.Write("tests/units.yml", $$$$"""
            unit_tests:
              - {name: a, model: silver.orders, {{{{Given}}}}, overrides: {env_vars: {HOME: x}}, expect: {rows: []}}
            """);
        said = folder.Smelt("validate").Expect(2);
        Assert.Contains("env_vars", said.Out + said.Err);
    }

    private static Dictionary<string, JsonElement> Tests(PipelineFolder folder, int exitCode) =>
        folder.Smelt("test", "--unit", "--json").Expect(exitCode).Json.GetProperty("tests").EnumerateArray().ToDictionary(static t => t.GetProperty("name").GetString()!);

    [Fact]
    public void Given_rows_go_through_query_macros_views_casts_and_rules_and_no_lake_is_made()
    {
        using var folder = Shop().Write("tests/fixtures/shops.csv", "shop,city\na,Rome\nb,\n").Write("tests/units.yml", """
            unit_tests:
              - name: dicts
                model: silver.orders
                given:
                  - input: ref('bronze', 'orders')
                    rows:
                      - {id: "1", amount: "5.5", shop: a}
                      - {id: "2", amount: "0.5", shop: a}
                      - {id: "3", amount: "7", shop: nowhere}
                      - {id: "4", amount: broken, shop: a}
                  - {input: bronze.shops, fixture: shops}
                expect:
                  rows:
                    - {id: 1, amount: 5.50, cents: 550, city: ROME, note: null}
              - name: a_view_may_be_given
                model: silver.orders
                given:
                  - input: bronze.orders
                    format: csv
                    types: {amount: VARCHAR}
                    rows: |
                      id,amount,shop,note
                      1,5,a,"x, y"
                      1,5,a,""
                  - input: silver.shops
                    format: sql
                    rows: SELECT 'a' AS shop, 'Paris' AS city
                expect:
                  format: csv
                  rows: |
                    note,city
                    "x, y",Paris
                    "",Paris
              - name: sums
                model: gold.daily
                given:
                  - input: silver.orders
                    rows: [{id: 2, city: x, amount: 1.10}, {id: 1, city: x, amount: 2.20}, {id: 3, amount: 5}]
                expect:
                  rows: [{city: x, total: "3.3", ids: [1, 2]}, {city: null, total: 5}]
              - name: nothing
                model: gold.daily
                given: [{input: silver.orders, rows: []}]
                expect: {rows: []}
              - name: source
                model: bronze.shops
                given: [{input: read_files, rows: [{shop: a}]}]
                expect: {rows: [{shop: a}]}
            """);
        // A row that the test gives no list for is expected to have none.
        var tests = Tests(folder, 1);
        Assert.Equal("a_view_may_be_given passed, dicts passed, nothing passed, source passed, sums failed", string.Join(", ", tests.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => $"{t.Key} {t.Value.GetProperty("status").GetString()}")));
        Assert.Equal("""{"expected":{"city":null,"total":5.00,"ids":null}} {"unexpected":{"city":null,"total":5.00,"ids":[3]}}""", string.Join(' ', tests["sums"].GetProperty("rows").EnumerateArray().Select(static r => r.GetRawText())));
        Assert.False(Directory.Exists(folder.File("lake")));
    }

    [Fact]
    public void What_is_wrong_with_a_unit_test_is_told()
    {
        using var folder = Shop().Write("tests/units.yml", """
            unit_tests:
              - {name: not_given, model: orders, given: [], expect: {rows: [{id: 1}]}}
              - {name: no_column, model: daily, given: [{input: silver.orders, rows: []}], expect: {rows: [{idd: 1}]}}
              - {name: no_source, model: bronze.shops, given: [], expect: {rows: []}}
              - {name: misspelt, model: daily, given: [{input: silver.orders, rows: [{id: 1, amuont: 2}]}], expect: {rows: []}}
              - {name: unknown_yet, model: silver.orders, given: [{input: bronze.orders, rows: [{id: 1, amount: 2, shop: a, extra: 2}]}, {input: silver.shops, rows: []}], expect: {rows: []}}
              - {name: fails, model: silver.orders, given: [{input: bronze.orders, rows: [{id: 1, amount: 2000000}]}, {input: silver.shops, rows: []}], expect: {rows: []}}
            """.Replace("model: orders", "model: silver.orders", StringComparison.Ordinal));
        var tests = Tests(folder, 1);
        foreach (var (name, message) in new Dictionary<string, string> { ["not_given"] = "reads bronze.orders, whose rows are not given", ["no_column"] = "'idd' is not among", ["no_source"] = "whose rows are not given", ["fails"] = "breaks sane", ["misspelt"] = "silver.orders has no column amuont, of which the test gives values. Did you mean amount?" })
            Assert.Contains(message, tests[name].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("passed", tests["unknown_yet"].GetProperty("status").GetString());
        folder.Write("tests/units.yml", "unit_tests:\n  - {name: a, model: nowhere, expect: {rows: []}}\n  - {name: b, model: daily, expect: {fixture: none}}\n");
        var said = folder.Smelt("validate").Expect(2);
        foreach (var line in (string[])["2:22: error SM4015", "3:47: error SM5063"]) Assert.Contains("tests/units.yml:" + line, said.Out + said.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_pipeline_runs_on_a_folder_of_files_and_its_tables_are_held_against_a_folder_of_tables()
    {
        using var folder = Shop().Write("landing/orders/real.csv", "id,amount,shop,note\n9,9,a,\n").Write("landing/shops/real.csv", "shop,city\na,Rome\n")
            .Write("tests/january/input/landing/orders/1.csv", "id,amount,shop,note\n1,5.5,a,x\n2,7,b,\n3,1,a,\n").Write("tests/january/input/landing/shops/1.csv", "shop,city\na,Rome\n")
            .Write("tests/january/expected/gold.daily.csv", "city,total\nROME,6.50\n").Write("tests/january/expected/silver.orders__quarantine.csv", "id,city,note\n2,,\n")
            .Write("tests/january/expected/orders_by_name.csv", "id\n1\n");
        var tests = Tests(folder, 1);
        Assert.Equal("passed passed", $"{tests["january/gold.daily"].GetProperty("status").GetString()} {tests["january/silver.orders__quarantine"].GetProperty("status").GetString()}");
        Assert.Contains("There is no dataset orders_by_name", tests["january"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("lake/silver")));
        File.Delete(folder.File("tests/january/expected/orders_by_name.csv"));
        folder.Write("tests/january/expected/gold.daily.csv", "city,total\nROME,6.49\n");
        var failed = Tests(folder, 1)["january/gold.daily"];
        Assert.Equal("""{"expected":{"city":"ROME","total":6.49}} {"unexpected":{"city":"ROME","total":6.50}}""", string.Join(' ', failed.GetProperty("rows").EnumerateArray().Select(static r => r.GetRawText())));
        // A JSON Schema comes along from wherever it stands.
        folder.Write("rules/low.json", """{"properties": {"id": {"maximum": 1}}}""").Write("silver/properties.yml", "models:\n  - name: orders\n    expectations:\n      - {json_schema: rules/low.json, on_violation: drop}\n")
            .Write("tests/january/expected/silver.orders.csv", "id,city\n1,ROME\n");
        Assert.Equal("passed", Tests(folder, 1)["january/silver.orders"].GetProperty("status").GetString());
    }
}
