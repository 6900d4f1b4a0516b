namespace Smelt.EndToEnd.Tests;

/// <summary>What updates and tests leave behind: figures of every dataset, results of every test.</summary>
public sealed class FigureHistoryTests
{
    private const string Table = "SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i::VARCHAR END AS maybe, TIMESTAMP '2024-01-01' + INTERVAL (i) DAY AS at, NULL::DATE AS never FROM range(${rows}) AS r(i)";

    [Fact]
    public void Every_update_keeps_what_files_tell_of_the_datasets_that_it_changed()
    {
        using var folder = Pipeline("").Write("silver/v.sql", "CREATE VIEW v AS SELECT * FROM silver.t").Write("gold/g.sql", "SELECT count(*) AS n, 7 AS other FROM silver.t").Write("gold/none.sql", "SELECT id FROM silver.t WHERE id < 0");
        folder.Smelt("run").Expect(0);
        Assert.Equal("gold.g.null_rate.n=0 gold.g.null_rate.other=0 gold.g.row_count.=1 gold.none.row_count.=0 silver.t.null_rate.at=0 silver.t.null_rate.id=0 silver.t.null_rate.maybe=0.25 silver.t.null_rate.never=1 silver.t.row_count.=8", Figures(folder));
        var age = double.Parse(folder.Scalar("SELECT value - epoch(recorded_at - TIMESTAMPTZ '2024-01-08 00:00:00+00') FROM _smelt.column_profile WHERE metric = 'freshness' AND \"column\" = 'at'")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(age, -60, 60);
        // Nothing new: nothing kept. A change: its datasets only.
        folder.Smelt("run").Expect(0);
        Assert.Equal("1", folder.Scalar("SELECT count(DISTINCT update_id) FROM _smelt.column_profile"));
        folder.Smelt("run", "--var", "rows=12").Expect(0);
        Assert.Equal("8 12", folder.Scalar("SELECT string_agg(value::INT, ' ' ORDER BY recorded_at) FROM _smelt.column_profile WHERE dataset = 'silver.t' AND metric = 'row_count'"));
    }

    [Fact]
    public void What_costs_a_scan_is_kept_where_the_project_asks_for_it()
    {
        using var folder = Pipeline("column_profile: all\n");
        folder.Smelt("run").Expect(0);
        // Distinct values are estimated.
        Assert.Equal("distinct_count.at distinct_count.id distinct_count.maybe distinct_count.never mean.id", folder.Scalar("SELECT string_agg(metric || '.' || \"column\", ' ' ORDER BY metric, \"column\") FROM _smelt.column_profile WHERE metric IN ('mean', 'distinct_count') AND CASE WHEN metric = 'mean' THEN value = 3.5 WHEN \"column\" = 'never' THEN value = 0 ELSE value BETWEEN 4 AND 12 END"));
        Assert.Equal("1", folder.Scalar("SELECT count(*) FROM _smelt.column_profile WHERE metric = 'row_count'"));
    }

    [Fact]
    public void Rows_that_a_test_looks_at_are_compared_with_such_rows_only()
    {
        using var folder = Pipeline("").Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    tests:\n      - anomaly: {metrics: [row_count], min_history: 3, where: id < 2}\n");
        foreach (var rows in (int[])[100, 110, 120, 130, 140]) Assert.Equal("passed", folder.Update("--var", $"rows={rows}").GetProperty("tests")[0].GetProperty("status").GetString());
        Assert.Equal("2 2 2 2 2", folder.Scalar("SELECT string_agg(value::INT, ' ') FROM _smelt.column_profile WHERE rows_where = 'id < 2'"));
        Assert.Equal("100 110 120 130 140", folder.Scalar("SELECT string_agg(value::INT, ' ' ORDER BY recorded_at) FROM _smelt.column_profile WHERE metric = 'row_count' AND rows_where IS NULL"));
    }

    [Fact]
    public void A_mean_that_is_no_number_any_more_is_unusual_and_is_not_kept()
    {
        using var folder = new PipelineFolder("name: n\nvariables: {value: '5'}\n").Write("silver/t.sql", "SELECT i AS id, ${value}::DOUBLE AS v FROM range(4) AS r(i)")
            .Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    columns:\n      - name: v\n        tests:\n          - anomaly: {metrics: [mean], min_history: 3}\n");
        foreach (var value in (string[])["5", "5.01", "5", "5.01"]) folder.Update("--var", $"value={value}");
        var test = folder.Update("--var", "value='NaN'").GetProperty("tests")[0];
        Assert.Equal("warned", test.GetProperty("status").GetString());
        Assert.Equal("NaN", test.GetProperty("rows")[0].GetProperty("value").GetString());
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM _smelt.column_profile WHERE metric = 'mean'"));
        Assert.Equal("passed", folder.Update("--var", "value=5").GetProperty("tests")[0].GetProperty("status").GetString());
    }

    [Fact]
    public void Smelt_test_keeps_its_results_as_an_update_does()
    {
        using var folder = Pipeline("").Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    columns:\n      - name: maybe\n        tests:\n          - not_null: {store_failures: true}\n      - name: id\n        tests: [unique]\n")
            .Write("tests/units.yml", "unit_tests:\n  - name: unit\n    model: silver.t\n    given: []\n    expect: {rows: []}\n");
        // Without a table there is nothing to tell, and no lake is made for it.
        folder.Smelt("test").Expect(1);
        Assert.False(Directory.Exists(folder.File("lake/_smelt/test_results")));
        folder.Smelt("run", "--no-tests").Expect(0);
        folder.Smelt("test").Expect(1);
        const string Results = "SELECT string_agg(name || ':' || status || ':' || failures, ' ' ORDER BY name) FROM _smelt.test_results";
        Assert.Equal("not_null_t_maybe:failed:2 unique_t_id:passed:0", folder.Scalar(Results));
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM _smelt.test_failures"));
        Assert.Equal("0", folder.Scalar("SELECT count(*) FROM _smelt.test_results AS r JOIN _smelt.event_log AS e USING (update_id)"));
        folder.Smelt("test", "--unit").Expect(1);
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM _smelt.test_results"));
        folder.Smelt("test", "--select", "silver.t").Expect(1);
        Assert.Equal("2 4", folder.Scalar("SELECT count(DISTINCT update_id) || ' ' || count(*) FROM _smelt.test_results"));
    }

    [Fact]
    public void A_figure_that_cannot_be_taken_fails_no_update()
    {
        using var folder = Pipeline("column_profile: all\n").Write("gold/far.sql", "SELECT DATE '300000-01-01' AS d FROM silver.t");
        var run = folder.Smelt("run").Expect(0);
        Assert.Contains("the figures of gold.far are not kept: ", run.Out + run.Err);
        Assert.Equal("silver.t", folder.Scalar("SELECT string_agg(DISTINCT dataset, ' ') FROM _smelt.column_profile"));
        Assert.DoesNotContain("was cut short", folder.Smelt("run").Expect(0).Out);
    }

    [Fact]
    public void Results_that_cannot_be_kept_are_told_first_and_leave_the_exit_code_alone()
    {
        using var folder = Pipeline("").Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    columns:\n      - name: id\n        tests: [unique]\n");
        folder.Smelt("run", "--no-tests").Expect(0);
        File.WriteAllText(folder.File("lake/_smelt/test_results"), "in the way");
        var tested = folder.Smelt("test").Expect(0);
        Assert.Contains("unique_t_id", tested.Out);
        Assert.Contains("these results are not kept in _smelt.test_results", tested.Err);
    }

    [Fact]
    public void Maintenance_compacts_what_updates_leave_behind_and_figures_are_compared_over_it()
    {
        using var folder = Pipeline("").Write("silver/properties.yml", "version: 2\nmodels:\n  - name: t\n    tests:\n      - anomaly: {metrics: [row_count], min_history: 3}\n");
        foreach (var rows in (int[])[100, 101, 102]) folder.Smelt("run", "--var", $"rows={rows}").Expect(0);
        Assert.DoesNotContain("_smelt", folder.Smelt("maintain", "--select", "silver.t").Expect(0).Out);
        var said = folder.Smelt("maintain").Expect(0).Out;
        foreach (var table in (string[])["event_log", "column_profile", "test_results"]) Assert.Matches($"OPTIMIZE 'lake/_smelt/{table}': version 3, 3 files of .* are 1 of", said);
        Assert.Equal("warned", folder.Update("--var", "rows=900").GetProperty("tests")[0].GetProperty("status").GetString());
        Assert.Equal("100 101 102 900", folder.Scalar("SELECT string_agg(value::INT, ' ' ORDER BY recorded_at) FROM _smelt.column_profile WHERE metric = 'row_count'"));
    }

    [Fact]
    public void A_newest_instant_whose_file_does_not_tell_its_zone_gives_no_freshness()
    {
        using var folder = new PipelineFolder("name: f\n").Write("bronze/o.sql", "SELECT id, seen::TIMESTAMPTZ AS seen FROM STREAM read_files('landing', format => 'csv')").Write("landing/1.csv", "id,seen\n1,2024-01-01T10:00:00Z\n");
        folder.Smelt("run").Expect(0);
        const string Known = "SELECT count(*) FROM _smelt.column_profile WHERE metric = 'freshness' AND \"column\" = 'seen'";
        Assert.Equal("1", folder.Scalar(Known));
        var log = folder.File("lake/bronze/o/_delta_log/00000000000000000000.json");
        var text = File.ReadAllText(log);
        var without = System.Text.RegularExpressions.Regex.Replace(text, "(2024-01-01T10:00:00[.0-9]*)Z", "$1");
        Assert.NotEqual(text, without);
        File.WriteAllText(log, without);
        File.Delete(log.Replace(".json", ".crc", StringComparison.Ordinal));
        folder.Write("landing/2.csv", "id,seen\n2,2024-01-02T10:00:00Z\n").Smelt("run").Expect(0);
        Assert.Equal("1", folder.Scalar(Known));
    }

    private static PipelineFolder Pipeline(string yml) => new PipelineFolder($"name: f\nvariables: {{rows: 8}}\n{yml}").Write("silver/t.sql", Table);

    private static string Figures(PipelineFolder folder) =>
        folder.Scalar("SELECT string_agg(dataset || '.' || metric || '.' || coalesce(\"column\", '') || '=' || regexp_replace(value::VARCHAR, '[.]0$', ''), ' ' ORDER BY dataset, metric, \"column\") FROM _smelt.column_profile WHERE metric <> 'freshness'")!;
}
