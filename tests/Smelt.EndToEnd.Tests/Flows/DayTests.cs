namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days made again.</summary>
public sealed class DayTests
{
    private const string Silver = "CREATE STREAMING TABLE o (CONSTRAINT c EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id::BIGINT AS id, day::DATE AS day, amount::BIGINT AS amount FROM STREAM bronze.o";

    [Fact]
    public void One_day_is_made_again_and_nothing_else()
    {
        using var folder = Pipeline();
        folder.Smelt("run").Expect(0);
        Assert.Equal("1:10 2:20 3:30", Rows(folder));
        // What comes next is not read by it, and what it changes is of that day.
        folder.Write("silver/o.sql", Silver.Replace("amount::BIGINT AS amount", "amount::BIGINT * 100 AS amount")).Write("landing/2.csv", "id,day,amount\n9,2025-01-02,90\n");
        folder.Smelt("run", "--select", "bronze.o").Expect(0);
        var run = folder.Update("--date", "20250102", "--select", "silver.o gold.days");
        Assert.Equal("1:10 2:2000 3:30", Rows(folder));
        Assert.Equal("2025-01-01:10 2025-01-02:2000 2025-01-03:30", Days(folder));
        Assert.All(run.GetProperty("steps").EnumerateArray(), static s => Assert.Equal("completed", s.GetProperty("status").GetString()));
        var again = folder.Update("--date", "2025-01-02", "--select", "silver.o");
        Assert.Equal(0, again.GetProperty("steps")[0].GetProperty("rowsOut").GetInt32());
        Assert.Equal("1", folder.Scalar("SELECT count(*) FROM silver.o__quarantine"));
        folder.Smelt("run").Expect(0);
        Assert.Equal("1:10 2:2000 3:30 9:9000", Rows(folder));
        Assert.Equal("2025-01-01:10 2025-01-02:11000 2025-01-03:30", Days(folder));
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void What_cannot_be_made_again_by_days_is_refused_by_name()
    {
        using var folder = Pipeline().Write("gold/total.sql", "SELECT count(*) AS n FROM silver.o")
            .Write("silver/u.sql", "CREATE STREAMING TABLE u TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT DISTINCT ON (id) id, day FROM STREAM bronze.o; CREATE FLOW more AS INSERT INTO u BY NAME SELECT id, day FROM STREAM bronze.o WHERE id = '77'");
        folder.Smelt("run").Expect(0);
        var refused = folder.Smelt("run", "--date", "2025-01-02", "--select", "silver.u gold.total").Expect(2).Err;
        Assert.Contains("silver.u cannot be made again by days: several flows write it, of which u leaves repeated rows out", refused);
        Assert.Contains("gold.total cannot be made again by days: it declares no day column", refused);
        Assert.Contains("no day such as", folder.Smelt("run", "--date", "soon").Expect(2).Err.Replace("is not a day such as", "no day such as", StringComparison.Ordinal));
        folder.Smelt("run", "--date", "2025-01-02").Expect(0);
    }

    [Fact]
    public void Rows_that_a_day_made_again_lets_in_or_refuses_are_in_one_place()
    {
        using var folder = Pipeline();
        folder.Smelt("run").Expect(0);
        var all = int.Parse(folder.Scalar("SELECT (SELECT count(*) FROM silver.o) + (SELECT count(*) FROM silver.o__quarantine)")!);
        // A looser rule lets all in, a tighter one refuses all; what is refused is kept, and what is let in is not let in again.
        foreach (var (rule, day) in new[] { ("amount > -1000", "let in"), ("amount > 1000", "refused"), ("amount > 0", "as before") })
        {
            folder.Write("silver/o.sql", Silver.Replace("EXPECT (amount > 0)", $"EXPECT ({rule})", StringComparison.Ordinal));
            foreach (var d in folder.Query("SELECT DISTINCT day::VARCHAR AS d FROM (SELECT day FROM silver.o UNION ALL SELECT day FROM silver.o__quarantine)").Select(static r => r.GetProperty("d").GetString()!)) folder.Smelt("run", "--date", d, "--select", "silver.o").Expect(0);
            folder.Smelt("quarantine", "replay", "silver.o");
            Assert.Equal($"{day} {all}", $"{day} {folder.Scalar("SELECT (SELECT count(*) FROM silver.o) + (SELECT count(*) FROM silver.o__quarantine)")}");
            Assert.Equal(folder.Scalar("SELECT count(DISTINCT id) FROM silver.o"), folder.Scalar("SELECT count(*) FROM silver.o"));
            Assert.Equal("0", folder.Scalar($"SELECT count(*) FROM silver.o WHERE NOT ({rule})"));
        }
    }

    [Fact]
    public void A_row_that_was_refused_without_a_day_and_has_one_today_is_in_one_place()
    {
        const string Query = "CREATE STREAMING TABLE o (CONSTRAINT c EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW, CONSTRAINT d EXPECT (day IS NOT NULL) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id::BIGINT AS id, try_cast(day AS DATE) AS day, amount::BIGINT AS amount FROM STREAM bronze.o";
        using var folder = Pipeline().Write("silver/o.sql", Query).Write("landing/2.csv", "id,day,amount\n7,the 2nd,70\n8,the 9th,80\n9,,90\n");
        LocalUpdate.Run(folder.Path);
        folder.Write("silver/o.sql", Query.Replace("try_cast(day AS DATE)", "try_cast(replace(replace(replace(day, 'the ', '2025-01-0'), 'nd', ''), 'th', '') AS DATE)"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "silver.o").Made("silver.o");
        // Rows of another day, and of none today, stay in quarantine.
        Assert.Equal("[5, 8, 9]", folder.Scalar("SELECT list(id ORDER BY id)::VARCHAR FROM silver.o__quarantine"));
        folder.Smelt("quarantine", "replay", "silver.o").Expect(0);
        Assert.Equal("1:10 2:20 3:30 7:70 8:80", Rows(folder));
        Assert.Equal("[5, 9]", folder.Scalar("SELECT list(id ORDER BY id)::VARCHAR FROM silver.o__quarantine"));
    }

    [Theory]
    [InlineData("sum(amount)::BIGINT AS total", "sum(amount)::DOUBLE AS total")]
    [InlineData("sum(amount)::BIGINT AS total", "sum(amount)::BIGINT AS total, count(*) AS n")]
    [InlineData("VIEW days ", "VIEW days PARTITIONED BY (day) ")]
    public void A_view_of_other_columns_or_partitions_is_made_whole_first(string then, string now)
    {
        using var folder = Pipeline();
        LocalUpdate.Run(folder.Path);
        folder.Write("gold/days.sql", File.ReadAllText(folder.File("gold/days.sql")).Replace(then, now));
        Assert.Contains("its columns or partitions changed", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "gold.days").Failed("gold.days", "SM6220"));
        LocalUpdate.Run(folder.Path);
        _ = LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "gold.days").Made("gold.days");
    }

    [Fact]
    public void Rows_of_a_day_are_counted_against_those_of_the_same_day()
    {
        using var folder = Pipeline().Write("silver/same.sql", "CREATE STREAMING TABLE silver.same TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id::BIGINT AS id, day::DATE AS day FROM STREAM bronze.o WHERE day::DATE < DATE '2025-01-03'")
            .Write("silver/dayless.sql", "CREATE MATERIALIZED VIEW silver.dayless AS SELECT 1 AS id")
            .Write("silver/p.yml", "version: 2\nmodels:\n  - name: o\n    columns: [{name: day, tests: [{relationships: {to: silver.same, field: day, severity: warn}}]}]\n    tests:\n      - equal_rowcount: {compare_model: silver.same}\n"
                + "  - name: same\n    tests:\n      - equal_rowcount: {compare_model: silver.dayless}\n");
        folder.Smelt("run", "--no-tests").Expect(0);
        string Said(string day, string dataset) => folder.Smelt("test", "--date", day, "--select", dataset).Out;
        Assert.Contains("pass   equal_rowcount_o", Said("2025-01-01", "silver.o"));
        Assert.Contains("FAIL   equal_rowcount_o", Said("2025-01-03", "silver.o"));
        Assert.Contains("silver.dayless cannot be tested by days", Said("2025-01-02", "silver.same"));
    }

    [Fact]
    public void Tests_look_at_one_day_s_rows()
    {
        using var folder = Pipeline().Write("silver/p.yml", "version: 2\nmodels:\n  - name: o\n    columns:\n      - name: amount\n        tests:\n          - accepted_values: {values: [10, 20]}\n");
        folder.Smelt("run", "--no-tests").Expect(0);
        folder.Smelt("test", "--layer", "silver", "--date", "2025-01-02").Expect(0);
        folder.Smelt("test", "--layer", "silver", "--date", "2025-01-03").Expect(1);
        folder.Smelt("test", "--layer", "gold", "--date", "2025-01-03").Expect(0);
    }

    [Theory]
    [InlineData("after-intent")]
    [InlineData("after-data")]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    [InlineData("before-done")]
    public void A_killed_day_is_made_again_by_the_next_who_asks_and_nothing_is_doubled(string point)
    {
        using var folder = Pipeline();
        folder.Smelt("run").Expect(0);
        folder.Write("silver/o.sql", Silver.Replace("amount::BIGINT AS amount", "amount::BIGINT + 1 AS amount"));
        folder.RunKilledAt("silver.o:" + point, "--date", "2025-01-02", "--select", "silver.o");
        folder.Write("landing/2.csv", "id,day,amount\n4,2025-01-04,40\n").Smelt("run").Expect(0);
        folder.Smelt("run", "--date", "2025-01-02", "--select", "silver.o").Expect(0);
        Assert.Equal("1:10 2:21 3:30 4:41", Rows(folder));
    }

    [Fact]
    public void A_backfill_goes_on_where_it_was_cut_short_and_plan_tells_gaps()
    {
        using var folder = Pipeline();
        folder.Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,day,amount\n6,2025-01-06,60\n").Smelt("run").Expect(0);
        Assert.Contains("no rows of 2025-01-04 to 2025-01-05: `smelt backfill silver.o --start 2025-01-04 --end 2025-01-05`", folder.Smelt("plan").Expect(0).Out);
        folder.Write("silver/o.sql", Silver.Replace("amount::BIGINT AS amount", "amount::BIGINT + 1 AS amount"));
        string[] backfill = ["backfill", "silver.o", "--start", "2025-01-01", "--end", "20250106", "--chunk", "2d"];
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.o:after-prepared" }, backfill).ExitCode);
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.o:before-chunk-done" }, backfill).ExitCode);
        var chunks = folder.Smelt([.. backfill, "--json"]).Expect(0).Json.GetProperty("chunks").EnumerateArray().Select(static c => c.GetProperty("days").GetString()!).ToArray();
        Assert.Equal("2025-01-05 to 2025-01-06", chunks[^1]);
        Assert.Equal("1:11 2:21 3:31 6:61", Rows(folder));
        Assert.Equal(3, folder.Smelt([.. backfill, "--json"]).Expect(0).Json.GetProperty("chunks").GetArrayLength());
        Assert.Equal("1:11 2:21 3:31 6:61", Rows(folder));
        Assert.Contains("SM6220", folder.Write("gold/total.sql", "SELECT count(*) AS n FROM silver.o").Smelt("backfill", "gold.total", "--start", "2025-01-01", "--end", "2025-01-02").Expect(2).Err);
    }

    [Fact]
    public void Missing_days_of_a_large_table_are_told_by_its_files_and_by_its_rows_where_somebody_asks()
    {
        // More rows than are read unasked; 2025-01-05 is missing, within one file and between partitions.
        const string Rows = "AS SELECT i AS id, DATE '2025-01-01' + (i % 10)::INT AS day FROM range(2300000) AS r(i) WHERE i % 10 <> 4";
        using var folder = new PipelineFolder("name: d\n").Write("silver/mixed.sql", "CREATE MATERIALIZED VIEW mixed TBLPROPERTIES ('smelt.day_column' = 'day') " + Rows)
            .Write("silver/parted.sql", "CREATE MATERIALIZED VIEW parted PARTITIONED BY (day) TBLPROPERTIES ('smelt.day_column' = 'day') " + Rows);
        folder.Smelt("run").Expect(0);
        string[] Told(params string[] days) => [.. folder.Smelt(["plan", "--json", .. days]).Expect(0).Json.GetProperty("steps").EnumerateArray().SelectMany(static s => s.GetProperty("notes").EnumerateArray()).Select(static n => n.GetString()!)];
        Assert.Equal("no rows of 2025-01-05: `smelt backfill silver.parted --start 2025-01-05 --end 2025-01-05` makes them again", Assert.Single(Told()));
        Assert.Contains(Told("--days"), static n => n.StartsWith("no rows of 2025-01-05: `smelt backfill silver.mixed", StringComparison.Ordinal));
    }

    private static PipelineFolder Pipeline() => new PipelineFolder("name: d\n")
        .Write("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("silver/o.sql", Silver)
        .Write("gold/days.sql", "CREATE MATERIALIZED VIEW days TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT day, sum(amount)::BIGINT AS total FROM silver.o GROUP BY day")
        .Write("landing/1.csv", "id,day,amount\n1,2025-01-01,10\n2,2025-01-02,20\n3,2025-01-03,30\n5,2025-01-02,-5\n");

    private static string Rows(PipelineFolder folder) => folder.Scalar("SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM silver.o") ?? "";

    private static string Days(PipelineFolder folder) => folder.Scalar("SELECT string_agg(day || ':' || total, ' ' ORDER BY day) FROM gold.days") ?? "";
}
