using System.Globalization;
using System.Text.Json;
using Smelt.Lake;

namespace Smelt.EndToEnd.Tests;

/// <summary>Old days that go, and somebody who is forgotten: by commits that say so, over which readers go on.</summary>
public sealed class RetentionTests
{
    private const string AppendOnly = "delta.appendOnly";

    [Fact]
    public void Old_ingestion_dates_of_bronze_go_in_one_marked_commit_and_its_readers_go_on()
    {
        using var folder = Aged("retention: {bronze: 30 days}\n");
        var dry = folder.Smelt("maintain", "--dry-run").Expect(0).Out;
        Assert.Contains($"RETENTION bronze.o: 3 rows of 2 days before {Day(-30)} would go", dry);
        Assert.Equal("7", folder.Scalar("SELECT count(*) FROM bronze.o"));
        Assert.Contains($"RETENTION bronze.o: version 2, 3 rows of 2 days before {Day(-30)} gone", folder.Smelt("maintain").Expect(0).Out);
        Assert.Equal("1 2 3 6", Ids(folder, "bronze.o"));
        Assert.Equal("true", Property(folder, "bronze.o"));
        Assert.DoesNotContain("RETENTION", folder.Smelt("maintain").Expect(0).Out);
        folder.Write("landing/2.csv", "id,day\n9,2025-01-01\n");
        var update = folder.Update();
        // What a stream read stays with it, and it says what it passed over; a view follows its table and says that too.
        Assert.Equal("1 2 3 4 5 6 7 9", Ids(folder, "silver.o"));
        Assert.Contains(Notes(update, "silver.o"), static n => n.Contains("took rows out for retention (3 rows of 2 days before", StringComparison.Ordinal));
        Assert.Equal("5", folder.Scalar("SELECT n FROM silver.counted"));
        Assert.Contains(Notes(update, "silver.counted"), static n => n.Contains("retention took rows out (3 rows of 2 days before", StringComparison.Ordinal) && n.Contains("silver.counted holds what follows", StringComparison.Ordinal));
        Assert.Contains("SM6208", folder.Smelt("run", "--full-refresh", "silver.o").Expect(1).Out);
        Assert.Equal("1 2 3 4 5 6 7 9", Ids(folder, "silver.o"));
    }

    [Fact]
    public void A_full_refresh_right_after_retention_says_what_would_be_lost()
    {
        using var folder = Aged("retention: {bronze.o: 30 days}\n");
        folder.Smelt("maintain").Expect(0);
        var said = folder.Smelt("run", "--full-refresh", "silver.o").Expect(1).Out;
        Assert.Contains("SM6208", said);
        Assert.Contains("3 rows of 2 days before", said);
        Assert.Equal("1 2 3 4 5 6 7", Ids(folder, "silver.o"));
    }

    [Fact]
    public void The_plan_tells_which_days_a_view_will_lose()
    {
        using var folder = Aged("retention: {bronze: 30 days}\n");
        folder.Smelt("maintain").Expect(0);
        Assert.Contains($"bronze.o: retention took rows out (3 rows of 2 days before {Day(-30)}); silver.counted holds what follows", folder.Smelt("plan").Expect(0).Out);
    }

    [Fact]
    public void A_delete_that_was_cut_short_leaves_the_table_append_only_in_the_end()
    {
        using var folder = Aged("retention: {bronze: 30 days}\n");
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@bronze.o:after-delete" }, "maintain", "--no-optimize", "--no-vacuum").ExitCode);
        Assert.Null(Property(folder, "bronze.o"));
        using (var copy = folder.Copy())
        {
            copy.Write("landing/2.csv", "id,day\n9,2025-01-01\n").Smelt("run").Expect(0);
            Assert.Equal("true", Property(copy, "bronze.o"));
        }
        Assert.Contains("append-only again", folder.Smelt("maintain").Expect(0).Out);
        Assert.Equal("true", Property(folder, "bronze.o"));
        Assert.Equal("1 2 3 6", Ids(folder, "bronze.o"));
        folder.Smelt("run").Expect(0);
    }

    [Fact]
    public void A_table_that_is_mended_and_swept_in_the_same_work_is_append_only_afterwards()
    {
        using var folder = Aged("retention: {bronze: 30 days}\n");
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@bronze.o:after-delete" }, "maintain", "--no-optimize", "--no-vacuum").ExitCode);
        using (var lake = new OpenLake(folder.Path)) lake.Write("bronze.o", $"SELECT * REPLACE ('8' AS id, DATE '{Day(-50)}' AS _ingestion_date) FROM bronze.o WHERE id = '1'");
        var said = folder.Smelt("maintain", "--no-optimize", "--no-vacuum").Expect(0).Out;
        Assert.Contains("append-only again", said);
        Assert.Contains("1 row of 1 day before", said);
        Assert.Equal("1 2 3 6", Ids(folder, "bronze.o"));
        Assert.Equal("true", Property(folder, "bronze.o"));
    }

    [Fact]
    public void A_table_that_cannot_be_maintained_keeps_no_other_from_it()
    {
        using var folder = Aged("").Write("smelt.yml", "name: p\nretention: {bronze: 30 days, silver.o: 30 days}\n").Write("silver/o.sql", "CREATE STREAMING TABLE o TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT id::BIGINT AS id, day FROM STREAM bronze.o");
        // The table has no such column until it is run again.
        var failed = folder.Smelt("maintain", "--no-vacuum", "--select", "silver.o bronze.o").Expect(1);
        Assert.Contains("SM6290", failed.Err);
        Assert.Contains("OPTIMIZE silver.o", failed.Out);
        Assert.Contains("RETENTION bronze.o: version", failed.Out);
        var json = folder.Smelt("maintain", "--no-vacuum", "--json").Expect(1).Json;
        Assert.Equal("SM6290", json.GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.True(json.GetProperty("statements").GetArrayLength() > 1);
    }

    [Fact]
    public void A_history_that_is_shorter_than_a_tables_own_gives_way_to_it()
    {
        using var folder = Aged("").Write("platform.yml", "targets:\n  local: {storage: lake, retention: {history: 3 days}}\n");
        var said = folder.Smelt("maintain").Expect(0);
        Assert.Contains("VACUUM bronze.o: 0 files", said.Out);
        Assert.Contains("files of bronze.o are kept for its own 168 hours (delta.deletedFileRetentionDuration), and not for the 72 of platform.yml", said.Err);
    }

    [Fact]
    public void A_table_above_bronze_loses_days_of_its_day_column_and_its_quarantine_goes_by_its_own_time()
    {
        using var folder = new PipelineFolder("name: p\nretention: {silver: 10 days}\n").Write("platform.yml", "targets:\n  local: {storage: lake, retention: {silver.b: 5 days, history: 40 days}}\n");
        folder.Write("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')");
        const string Silver = "(CONSTRAINT c EXPECT (id > 0) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('smelt.day_column' = 'day'{0}) AS SELECT id::BIGINT AS id, day::TIMESTAMP AS day FROM STREAM bronze.o";
        foreach (var (name, more) in new[] { ("a", ""), ("b", ""), ("c", ", 'smelt.retention' = '2 days', 'delta.appendOnly' = 'true'"), ("d", ", 'smelt.retention' = 'forever'") })
            folder.Write($"silver/{name}.sql", $"CREATE STREAMING TABLE {name} {string.Format(CultureInfo.InvariantCulture, Silver, more)}");
        folder.Write("landing/1.csv", "id,day\n1," + Day(0) + "T12:00:00\n3," + Day(-3) + "T23:00:00\n5," + Day(-5) + "\n6," + Day(-6) + "T23:59:59\n11," + Day(-11) + "\n-1," + Day(-99) + "\n12,\n");
        folder.Smelt("run").Expect(0);
        using (var lake = new OpenLake(folder.Path)) lake.Write("silver.a__quarantine", $"SELECT * REPLACE (TIMESTAMPTZ '{Day(-20)} 00:00:00+00' AS _quarantined_at) FROM silver.a__quarantine");
        folder.Smelt("maintain", "--select", "layer:silver").Expect(0);
        Assert.Equal("1 3 5 6 12", Ids(folder, "silver.a"));
        Assert.Equal("1 3 5 12", Ids(folder, "silver.b"));
        Assert.Equal("1 12", Ids(folder, "silver.c"));
        Assert.Equal("true", Property(folder, "silver.c"));
        Assert.Equal("1 3 5 6 11 12", Ids(folder, "silver.d"));
        Assert.Equal("1", folder.Scalar("SELECT count(*) FROM silver.a__quarantine"));
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task A_batch_that_lands_beside_retention_is_kept()
    {
        using var folder = Aged("retention: {bronze: 30 days}\n");
        using (var lake = new OpenLake(folder.Path))
        {
            // Retention plans on the version before the append, and commits after it.
            var before = lake.Snapshot("bronze.o");
            lake.Write("bronze.o", "SELECT * REPLACE ('77' AS id) FROM bronze.o WHERE id = '1'");
            var table = lake.Table("bronze.o");
            using var connection = table.Lake.Connect();
            var options = new DmlOptions { LiftsAppendOnly = true, Tags = CommitMarks.Of(CommitMarks.Retention) };
            var result = await table.ChangeAsync(new DeleteRows($"_ingestion_date < DATE '{Day(-30)}'"), options, connection, before, TestContext.Current.CancellationToken);
            Assert.Equal(before.Version + 2, Assert.IsType<DmlResult.Committed>(result).Version);
        }
        folder.Smelt("run").Expect(0);
        Assert.Equal("1 2 3 6 77", Ids(folder, "bronze.o"));
    }

    [Theory]
    [InlineData("retention: {silver.counted: 30 days}", "SM5090", "materialized view")]
    [InlineData("retention: {silver.o: 30 days}", "SM5090", "declares no day column")]
    [InlineData("retention: {silver: 30 days}", "SM5090", "declares no day column")]
    [InlineData("retention: {bronze: 30 days}\nmetadata_columns: {_ingestion_date: false}", "SM5090", "no ingestion date")]
    [InlineData("retention: {silver.x: 30 days}", "SM5090", "which the pipeline does not have")]
    [InlineData("retention: {iron: 30 days}", "SM4003", "neither a layer nor a dataset")]
    [InlineData("retention: {bronze: 12 hours}", "SM4012", "not how long rows are kept")]
    public void What_cannot_be_kept_for_a_time_is_refused_by_name(string yml, string code, string words)
    {
        using var folder = Pipeline(yml + "\n");
        var said = folder.Smelt("validate");
        Assert.Contains(code, said.Out + said.Err);
        Assert.Contains(words, said.Out + said.Err);
        Assert.Equal(yml.Contains("silver:", StringComparison.Ordinal) || yml.Contains("_ingestion_date", StringComparison.Ordinal) ? 0 : 2, said.ExitCode);
    }

    [Fact]
    public void Who_is_erased_is_gone_from_bronze_too_and_streams_go_on()
    {
        using var folder = Pipeline("").Write("silver/changes.sql", "SELECT id, _change_type FROM STREAM table_changes(silver.o)")
            .Write("silver/o.sql", "CREATE STREAMING TABLE o TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT id::BIGINT AS id FROM STREAM bronze.o")
            .Write("gold/o.sql", "SELECT id FROM STREAM silver.o");
        folder.Smelt("run").Expect(0);
        Assert.Contains("append-only", folder.Smelt("sql", "DELETE FROM bronze.o WHERE id = '2'").Expect(2).Err);
        Assert.Contains("--erasure takes DELETE statements only, and there is UPDATE", folder.Smelt("sql", "--erasure", "UPDATE silver.o SET id = 1").Expect(2).Err);
        Assert.Contains("WHERE", folder.Smelt("sql", "--erasure", "DELETE FROM silver.o").Expect(2).Err);
        Assert.Contains("silver.counted is a materialized view", folder.Smelt("sql", "--erasure", "DELETE FROM silver.counted WHERE n = 3").Expect(2).Err);
        var erased = folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '2'; DELETE FROM silver.o WHERE id = 2").Expect(0);
        Assert.Contains("DELETE bronze.o: version", erased.Out);
        Assert.Contains("silver.o streams bronze.o, passes this over and may hold copies", erased.Err);
        Assert.Contains("the files that bronze.o reads hold the rows too", erased.Err);
        Assert.Equal("true", Property(folder, "bronze.o"));
        var update = folder.Write("landing/2.csv", "id,day\n9,2025-01-01\n").Update();
        Assert.Contains(Notes(update, "gold.o"), static n => n.Contains("took rows out for erasure and is passed over", StringComparison.Ordinal));
        Assert.Equal("1 2 3 9", Ids(folder, "gold.o"));
        Assert.Contains(Notes(update, "silver.counted"), static n => n.Contains("erasure took rows out", StringComparison.Ordinal));
        // The change feed tells this delete as any other: its readers are to forget too.
        Assert.Equal("delete", folder.Scalar("SELECT string_agg(_change_type, ' ') FROM silver.changes WHERE id = 2 AND _change_type <> 'insert'"));
        // A reader is rid of its copies by a full refresh, which retention would have stopped.
        folder.Smelt("run", "--full-refresh", "gold.o").Expect(0);
        Assert.Equal("1 3 9", Ids(folder, "gold.o"));
    }

    [Fact]
    public void What_AUTO_CDC_keeps_is_not_erased_behind_its_memory()
    {
        using var folder = Pipeline("").Write("silver/c.sql", "CREATE STREAMING TABLE c; CREATE FLOW f AS AUTO CDC INTO silver.c FROM STREAM(bronze.o) KEYS (id) SEQUENCE BY day COLUMNS id, day");
        folder.Smelt("run").Expect(0);
        Assert.Contains("AUTO CDC keeps silver.c", folder.Smelt("sql", "--erasure", "DELETE FROM silver.c WHERE id = '2'").Expect(2).Err);
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = '2'").Expect(0);
        folder.Smelt("run", "--full-refresh", "silver.c").Expect(0);
        Assert.Equal("1 3", Ids(folder, "silver.c"));
    }

    private static PipelineFolder Pipeline(string yml) => new PipelineFolder("name: p\n" + yml)
        .Write("bronze/o.sql", "SELECT id, day FROM STREAM read_files('landing', format => 'csv')")
        .Write("silver/o.sql", "SELECT id::BIGINT AS id FROM STREAM bronze.o")
        .Write("silver/counted.sql", "SELECT count(*) AS n FROM bronze.o")
        .Write("landing/1.csv", "id,day\n1,2025-01-01\n2,2025-01-02\n3,2025-01-03\n");

    /// <summary>A bronze table of today's rows 1 to 3, and of rows that came 29, 31 and 400 days ago; read by all.</summary>
    private static PipelineFolder Aged(string yml)
    {
        var folder = Pipeline(yml);
        folder.Smelt("run", "--select", "bronze.o").Expect(0);
        using (var lake = new OpenLake(folder.Path))
        {
            lake.Write("bronze.o", $"SELECT b.* REPLACE (n.id AS id, n.came AS _ingestion_date) FROM (FROM bronze.o LIMIT 1) AS b, (VALUES ('4', DATE '{Day(-31)}'), ('5', DATE '{Day(-31)}'), ('6', DATE '{Day(-29)}'), ('7', DATE '{Day(-400)}')) AS n(id, came)");
        }
        folder.Smelt("run").Expect(0);
        return folder;
    }

    private static string Day(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Ids(PipelineFolder folder, string table) => folder.Scalar($"SELECT string_agg(id, ' ' ORDER BY id::BIGINT) FROM {table}") ?? "";

    private static string? Property(PipelineFolder folder, string table)
    {
        using var lake = new OpenLake(folder.Path);
        return lake.Snapshot(table).Metadata.Property(AppendOnly);
    }

    private static List<string> Notes(JsonElement update, string dataset) => [.. update.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == dataset).GetProperty("notes").EnumerateArray().Select(static n => n.GetString()!)];
}
