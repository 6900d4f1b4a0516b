using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests;

/// <summary>What a query may name, wherever it stands: rules, views, joined tables and tests see what a materialized view's own query sees.</summary>
public class ReviewTests
{
    [Fact]
    public void A_rule_may_use_a_macro_and_name_its_columns_with_the_table()
    {
        using var folder = new PipelineFolder()
            .Write("functions/f.sql", "CREATE MACRO is_fine(x) AS x > 0")
            .Write("bronze/o.sql", "SELECT unnest([1, -1, 2]) AS amount")
            .Write("silver/orders.sql", """
                CREATE MATERIALIZED VIEW silver.orders (CONSTRAINT fine EXPECT (is_fine(amount)) ON VIOLATION DROP ROW,
                  CONSTRAINT few EXPECT (orders.amount < 2) ON VIOLATION QUARANTINE ROW) AS SELECT amount FROM bronze.o
                """);
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1", lake.Text("SELECT string_agg(amount) FROM silver.orders"));
        folder.Write("functions/f.sql", "CREATE MACRO is_fine(x) AS x < 0");
        Assert.Equal(1, LocalUpdate.Run(folder.Path).Made("silver.orders").Counts.RowsOut);
        using var after = new OpenLake(folder.Path);
        Assert.Equal("-1", after.Text("SELECT string_agg(amount) FROM silver.orders"));
    }

    [Fact]
    public void A_table_as_it_was_is_read_wherever_a_query_may_say_so()
    {
        using var folder = new PipelineFolder()
            .Write("bronze/k.sql", "SELECT 1 AS id, 'old' AS word")
            .Write("bronze/s.sql", "CREATE OR REFRESH STREAMING TABLE bronze.s AS SELECT * FROM STREAM read_files('landing', format => 'csv', header => true)")
            .Write("landing/1.csv", "id\n1\n");
        LocalUpdate.Run(folder.Path);
        folder.Write("bronze/k.sql", "SELECT 1 AS id, 'new' AS word")
            .Write("silver/past.sql", "CREATE VIEW silver.past AS SELECT word FROM bronze.k VERSION AS OF 0")
            .Write("silver/of_view.sql", "SELECT word FROM silver.past")
            .Write("silver/joined.sql", "CREATE OR REFRESH STREAMING TABLE silver.joined AS SELECT s.id, k.word FROM STREAM bronze.s AS s JOIN bronze.k VERSION AS OF 0 AS k ON s.id = k.id")
            .Write("tests/past.sql", "SELECT * FROM bronze.k VERSION AS OF 0 WHERE word <> 'old'");
        var result = LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
        Assert.True(result.Succeeded, LocalUpdate.Told(result));
        Assert.Equal(TestStatus.Passed, Assert.Single(result.Tests).Status);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("new old old", lake.Text("SELECT (SELECT word FROM bronze.k) || ' ' || (SELECT word FROM silver.of_view) || ' ' || (SELECT word FROM silver.joined)"));
    }

    [Fact]
    public void A_time_gives_the_newest_version_that_is_not_younger()
    {
        using var folder = new PipelineFolder().Write("bronze/k.sql", "SELECT 1 AS id");
        LocalUpdate.Run(folder.Path);
        Thread.Sleep(20);
        var between = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture);
        Thread.Sleep(20);
        LocalUpdate.Run(folder.Write("bronze/k.sql", "SELECT 2 AS id").Path);
        LocalUpdate.Run(folder.Write("silver/past.sql", $"SELECT id FROM bronze.k TIMESTAMP AS OF '{between}'").Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(1, lake.Count("SELECT id FROM silver.past"));
        Assert.Contains("is before its oldest version", LocalUpdate.TryRun(folder.Write("silver/past.sql", "SELECT id FROM bronze.k TIMESTAMP AS OF '2001-01-01'").Path).Failed("silver.past", EngineCodes.TableUnreadable));
    }

    [Fact]
    public void A_view_over_files_is_read_and_new_files_run_what_reads_it()
    {
        using var folder = new PipelineFolder()
            .Write("landing/1.csv", "id\n1\n")
            .Write("bronze/files.sql", "CREATE VIEW bronze.files AS SELECT id FROM read_files('landing', format => 'csv', header => true)")
            .Write("silver/all.sql", "SELECT id FROM bronze.files");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        LocalUpdate.Run(folder.Write("landing/2.csv", "id\n2\n").Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(2, lake.Count("SELECT count(*) FROM silver.all"));
    }

    [Fact]
    public void Smelt_s_own_tables_are_read_through_views_macros_and_tests()
    {
        using var folder = new PipelineFolder()
            .Write("bronze/k.sql", "SELECT 1 AS id")
            .Write("functions/f.sql", "CREATE MACRO updates() AS TABLE SELECT DISTINCT update_id FROM _smelt.event_log")
            .Write("gold/log.sql", "CREATE VIEW gold.log AS SELECT * FROM updates()")
            .Write("gold/runs.sql", "SELECT count(*) AS n FROM gold.log")
            .Write("tests/log.sql", "SELECT 1 FROM _smelt.event_log WHERE update_id IS NULL");
        var first = LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
        Assert.True(first.Succeeded, LocalUpdate.Told(first));
        Assert.Equal(TestStatus.Skipped, Assert.Single(first.Tests).Status);
        var second = LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
        Assert.True(second.Succeeded, LocalUpdate.Told(second));
        Assert.Equal(TestStatus.Passed, Assert.Single(second.Tests).Status);
        Assert.Equal(1, second.Made("gold.runs").Counts.RowsOut);
    }

    [Fact]
    public void What_follows_from_more_than_stored_tables_is_made_anew_every_time()
    {
        using var folder = new PipelineFolder()
            .Write("bronze/k.sql", "SELECT 1 AS id")
            .Write("silver/clock.sql", "CREATE VIEW silver.clock AS SELECT id, now() AS stamp FROM bronze.k")
            .Write("gold/timed.sql", "SELECT id, stamp FROM silver.clock")
            .Write("gold/untracked.sql", $"SELECT id FROM read_csv('{System.IO.Path.GetTempPath()}/smelt-untracked-{Environment.ProcessId}.csv')")
            .Write("gold/chance.sql", "SELECT id, random() AS r FROM bronze.k")
            .Write("gold/ruled.sql", "CREATE MATERIALIZED VIEW gold.ruled (CONSTRAINT young EXPECT (id < year(current_date))) AS SELECT id FROM bronze.k")
            .Write("functions/f.sql", "CREATE MACRO bad(x) AS x > 1")
            .Write("tests/timed.sql", "SELECT id FROM bronze.k WHERE now() < TIMESTAMPTZ '2001-01-01'")
            .Write("tests/ruled.sql", "SELECT id FROM bronze.k WHERE bad(id)");
        var untracked = $"{System.IO.Path.GetTempPath()}/smelt-untracked-{Environment.ProcessId}.csv";
        System.IO.File.WriteAllText(untracked, "id\n1\n");
        try
        {
            LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
            var again = LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
            Assert.Equal(["gold.ruled", "gold.timed", "gold.untracked"], again.Steps.Where(static x => x.Result is FlowResult.Completed).Select(static x => x.Dataset.Name.ToString()).Order());
            Assert.Equal(["ruled"], again.Tests.Where(static t => t.IsRemembered).Select(static t => t.Name));
            folder.Write("functions/f.sql", "CREATE MACRO bad(x) AS x > 0");
            var changed = LocalUpdate.RunWith(folder.Path, null, static o => o with { Tests = true });
            Assert.Equal(TestStatus.Failed, changed.Tests.Single(static t => t.Name == "ruled").Status);
        }
        finally
        {
            System.IO.File.Delete(untracked);
        }
    }

    [Fact]
    public void Samples_with_numbers_that_json_has_not_stay_json()
    {
        using var folder = new PipelineFolder()
            .Write("bronze/k.sql", "CREATE MATERIALIZED VIEW bronze.k (CONSTRAINT finite EXPECT (isfinite(x))) AS SELECT 'NaN'::DOUBLE AS x UNION ALL SELECT '-inf'::DOUBLE")
            .Write("bronze/properties.yml", "models:\n- name: k\n  columns:\n  - name: x\n    tests:\n    - accepted_values: {values: [1], quote: false, severity: warn}\n");
        var update = folder.Update();
        var sample = update.GetProperty("steps")[0].GetProperty("violations")[0].GetProperty("rows");
        Assert.Equal(["-Infinity", "NaN"], sample.EnumerateArray().Select(static r => r.GetProperty("x").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(2, update.GetProperty("tests")[0].GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public void A_second_column_of_a_name_that_only_the_files_show_is_refused()
    {
        using var folder = new PipelineFolder()
            .Write("landing/1.csv", "id,n\n1,2\n")
            .Write("bronze/s.sql", "CREATE OR REFRESH STREAMING TABLE bronze.s AS SELECT *, n::BIGINT AS n FROM STREAM read_files('landing', format => 'csv', header => true)");
        Assert.Contains("two columns are named n", LocalUpdate.TryRun(folder.Path).Failed("bronze.s", EngineCodes.SchemaRefused));
    }

    [Fact]
    public void A_full_refresh_of_any_append_only_stream_lifts_the_property_for_its_own_commit()
    {
        using var folder = new PipelineFolder()
            .Write("landing/1.csv", "id\n1\n")
            .Write("bronze/s.sql", "CREATE OR REFRESH STREAMING TABLE bronze.s AS SELECT * FROM STREAM read_files('landing', format => 'csv', header => true)")
            .Write("silver/s.sql", "CREATE OR REFRESH STREAMING TABLE silver.s TBLPROPERTIES ('delta.appendOnly' = 'true') AS SELECT id FROM STREAM bronze.s");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path, null, "silver.s");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(1, lake.Count("SELECT count(*) FROM silver.s"));
        Assert.Equal("true", lake.Snapshot("silver.s").Metadata.Configuration["delta.appendOnly"]);
    }

    [Fact]
    public void A_table_of_rows_says_that_there_are_more_without_reading_them_all()
    {
        using var folder = new PipelineFolder();
        Assert.Contains("… and more rows", folder.Smelt("query", "SELECT i FROM range(1000000000000) AS r(i)").Expect(0).Out);
    }
}
