namespace Smelt.EndToEnd.Tests;

/// <summary>Every kind of data test, on a table and on a view, once where it passes and once where it fails.</summary>
public sealed class DataTestKindTests
{
    private const string Rows = """
        SELECT * FROM (VALUES (1, 'a', 'AA1', 5.50::DECIMAL(10,2), TIMESTAMP '2024-01-01', 'x'), (2, 'a', 'AA2', 10.00, TIMESTAMP '2024-01-02', ' '), (3, 'b', 'B', -1.00, TIMESTAMP '2024-01-03', ''), (3, 'b', NULL, NULL, NULL, NULL))
        AS t(id, kind, code, amount, "at", note)
        """;

    private static Dictionary<string, string> Outcomes(PipelineFolder folder, int exitCode) => folder.Smelt("test", "--json").Expect(exitCode).Json.GetProperty("tests").EnumerateArray()
        .ToDictionary(static t => t.GetProperty("name").GetString()!, static t => $"{t.GetProperty("status").GetString()} {t.GetProperty("failures").GetInt64()}");

    [Theory]
    [InlineData("t", "silver/t.sql", "")]
    [InlineData("v", "silver/v.sql", "CREATE VIEW silver.v AS ")]
    public void Each_passes_and_fails_where_it_should_by_its_own_name_and_by_its_package_s(string name, string file, string head)
    {
        using var folder = new PipelineFolder().Write(file, head + Rows).Write("silver/other.sql", "SELECT 1 AS id UNION ALL SELECT 2").Write("silver/now.sql", "SELECT now() AS stamp")
            .Write("silver/properties.yml", $$"""
                version: 2
                models:
                  - name: {{name}}
                    tests:
                      - unique_combination_of_columns: {name: pair, combination_of_columns: [id, code]}
                      - dbt_utils.unique_combination_of_columns: {name: pair_not, combination_of_columns: [id, kind]}
                      - dbt_expectations.expect_compound_columns_to_be_unique: {name: pair_where, column_list: [id, kind], row_condition: id < 3}
                      - expression_is_true: {name: true, expression: amount < 100 OR amount IS NULL}
                      - dbt_utils.expression_is_true: {name: true_not, expression: amount < 10}
                      - equal_rowcount: {name: same_rows, compare_model: "ref('{{name}}')"}
                      - dbt_utils.equal_rowcount: {name: same_rows_not, compare_model: silver.other}
                      - row_count_between: {name: rows, min_value: 4, max_value: 4}
                      - dbt_expectations.expect_table_row_count_to_be_between: {name: rows_not, max_value: 3}
                      - recency: {name: recent_not, field: at, datepart: day, interval: 3}
                      - recency: {name: recent, field: at, datepart: year, interval: 900}
                    columns:
                      - name: id
                        data_tests:
                          - accepted_range: {name: range, min_value: 1, max_value: 3}
                          - accepted_range: {name: range_not, min_value: 1, max_value: 3, inclusive: false}
                          - dbt_expectations.expect_column_values_to_be_between: {name: between_not, max_value: 2}
                          - dbt_expectations.expect_column_values_to_be_unique
                          - expression_is_true: {name: positive, expression: "> 0"}
                      - name: code
                        tests:
                          - match_regex: {name: coded_not, regex: "^[A-Z]{2}[0-9]$"}
                          - dbt_expectations.expect_column_values_to_match_regex: {name: coded, arguments: {regex: "^[A-Z]"} }
                      - name: amount
                        tests:
                          - values_to_be_of_type: {name: typed, column_type: "decimal(10, 2)"}
                          - dbt_expectations.expect_column_values_to_be_of_type: {name: typed_not, column_type: double}
                      - name: note
                        tests:
                          - not_empty_string: {name: filled_not}
                          - dbt_utils.not_empty_string: {name: trimmed_not, trim_whitespace: false}
                      - name: kind
                        tests:
                          - dbt_expectations.expect_column_values_to_be_in_set: {name: kinds_not, value_set: [a]}
                  - name: now
                    tests:
                      - freshness: {name: fresh, field: stamp, error_after: {count: 1, period: hour} }
                """);
        folder.Smelt("run", "--no-tests").Expect(0);
        var outcomes = Outcomes(folder, 1);
        var expected = new Dictionary<string, string>
        {
            ["pair"] = "passed 0", ["pair_not"] = "failed 1", ["pair_where"] = "passed 0", ["true"] = "passed 0", ["true_not"] = "failed 2", ["same_rows"] = "passed 0", ["same_rows_not"] = "failed 1",
            ["rows"] = "passed 0", ["rows_not"] = "failed 1", ["recent"] = "passed 0", ["recent_not"] = "failed 1", ["range"] = "passed 0", ["range_not"] = "failed 3", ["between_not"] = "failed 2",
            [$"unique_{name}_id"] = "failed 1", ["positive"] = "passed 0", ["coded"] = "passed 0", ["coded_not"] = "failed 1", ["typed"] = "passed 0", ["typed_not"] = "failed 1",
            ["filled_not"] = "failed 2", ["trimmed_not"] = "failed 1", ["kinds_not"] = "failed 1", ["fresh"] = "passed 0",
        };
        Assert.Equal(expected.OrderBy(static e => e.Key).Select(static e => e.ToString()), outcomes.OrderBy(static e => e.Key).Select(static e => e.ToString()));
    }

    [Fact]
    public void Warn_if_error_if_fail_calc_and_freshness_decide_between_passing_warning_and_failing()
    {
        using var folder = new PipelineFolder().Write("silver/t.sql", "SELECT i AS id, now() - INTERVAL 36 HOUR AS at FROM range(10) AS r(i)").Write("silver/empty.sql", "SELECT now() AS at WHERE false")
            .Write("silver/properties.yml", """
                version: 2
                models:
                  - name: t
                    tests:
                      - freshness: {name: late, loaded_at_field: at, warn_after: {count: 1, period: day}, error_after: {count: 2, period: day} }
                      - freshness: {name: later, field: at, warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day} }
                      - freshness: {name: fresh, field: at, warn_after: {count: 2, period: day} }
                      - freshness: {name: mild, field: at, error_after: {count: 1, period: hour}, severity: warn}
                      - expression_is_true: {name: few, expression: id > 2, config: {warn_if: "> 3", error_if: "> 5"} }
                      - expression_is_true: {name: some, expression: id > 2, config: {warn_if: "> 2", error_if: "> 5"} }
                      - expression_is_true: {name: many, expression: id > 2, config: {error_if: "> 1"}}
                      - expression_is_true: {name: only_warn, expression: id > 2, severity: warn, error_if: "> 1"}
                      - expression_is_true: {name: summed, expression: id > 2, fail_calc: sum(id), warn_if: "= 3", error_if: "> 3"}
                      - expression_is_true: {name: limited, expression: id > 5, limit: 2, error_if: "= 2"}
                  - name: empty
                    tests:
                      - freshness: {name: never, field: at, error_after: {count: 1, period: day} }
                """);
        folder.Smelt("run", "--no-tests").Expect(0);
        var outcomes = Outcomes(folder, 1).ToDictionary(static o => o.Key, static o => o.Value.Split(' ')[0]);
        Assert.Equal("few passed, fresh passed, late warned, later failed, limited failed, many failed, mild warned, never failed, only_warn warned, some warned, summed warned",
            string.Join(", ", outcomes.OrderBy(static o => o.Key, StringComparer.Ordinal).Select(static o => $"{o.Key} {o.Value}")));
    }

    [Fact]
    public void A_test_without_what_it_needs_or_of_an_unknown_name_is_a_diagnostic()
    {
        using var folder = new PipelineFolder().Write("silver/t.sql", "SELECT 1 AS id").Write("silver/properties.yml", """
            version: 2
            models:
              - name: t
                tests:
                  - accepted_range: {min_value: 1}
                  - row_count_between: {}
                  - equal_rowcount: {compare_model: nothing}
                  - dbt_utils.at_least_one: {}
                  - freshness: {field: id}
            """);
        var said = folder.Smelt("validate").Expect(2);
        foreach (var line in (string[])["5:9: error SM5009", "6:9: error SM5009", "7:41: error SM5009", "8:9: error SM5008", "9:9: error SM5009"]) Assert.Contains("silver/properties.yml:" + line, said.Out + said.Err, StringComparison.Ordinal);
    }
}
