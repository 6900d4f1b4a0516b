using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days of bronze streaming tables: the files that came on them are read again.</summary>
public sealed class BronzeDayTests
{
    private const string Bronze = "CREATE STREAMING TABLE o (CONSTRAINT c EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW) AS SELECT id::BIGINT AS id, amount::BIGINT AS amount, * EXCLUDE (id, amount) FROM STREAM read_files('landing', format => 'csv')";

    private const string Stamped = "SELECT string_agg(id || ':' || amount || ' ' || _ingestion_date || ' ' || _source_file, ', ' ORDER BY id, amount) FROM bronze.o";

    [Fact]
    public void A_day_is_read_again_under_today_s_query_with_the_stamps_of_then_and_no_other_row_changes()
    {
        using var folder = TwoDays();
        string before;
        using (var lake = new OpenLake(folder.Path)) before = lake.Text("SELECT list(_batch_id || _ingested_at ORDER BY id)::VARCHAR FROM bronze.o")!;
        folder.Write("bronze/o.sql", Bronze.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal("1:100 2025-01-01 landing/1.csv, 2:200 2025-01-01 landing/1.csv, 4:40 2025-01-02 landing/2.csv", lake.Text(Stamped));
            Assert.Equal(before, lake.Text("SELECT list(_batch_id || _ingested_at ORDER BY id)::VARCHAR FROM bronze.o"));
            Assert.Equal("true", lake.Snapshot("bronze.o").Metadata.Configuration["delta.appendOnly"]);
            Assert.Equal("3:-50", lake.Text("SELECT string_agg(id || ':' || amount, ' ') FROM bronze.o__quarantine WHERE _ingestion_date = DATE '2025-01-01'"));
            Assert.Equal("5:-5", lake.Text("SELECT string_agg(id || ':' || amount, ' ') FROM bronze.o__quarantine WHERE _ingestion_date = DATE '2025-01-02'"));
        }
        // Streams pass it over, and bring the rows by their own day made again.
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1:10 2:20 4:40", lake.Text("SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM silver.o"));
        folder.Smelt("run", "--date", "2025-01-01").Expect(0);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1:100 2:200 4:40", lake.Text("SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM silver.o"));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_day_made_again_that_comes_to_the_same_rows_changes_no_file()
    {
        using var folder = TwoDays();
        var (files, refused) = Files(folder);
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-02", "bronze.o").Made("bronze.o").Counts.RowsOut);
        Assert.Equal((files, refused), Files(folder));
        Assert.Equal("nothing was ingested on 2024-12-31", Assert.IsType<FlowResult.Skipped>(LocalUpdate.Days(folder.Path, "2024-12-31", "2024-12-31", "bronze.o").Of("bronze.o")).Reason);
    }

    [Fact]
    public void A_query_that_leaves_the_stamps_out_and_one_with_a_new_column_are_made_again_with_them()
    {
        using var folder = TwoDays();
        folder.Write("bronze/o.sql", "SELECT id::BIGINT AS id, amount::BIGINT + 1 AS amount, id || '!' AS word FROM STREAM read_files('landing', format => 'csv')");
        var run = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        Assert.Contains("column word is added", run.Notes);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1:11 2025-01-01 landing/1.csv, 2:21 2025-01-01 landing/1.csv, 3:-4 2025-01-01 landing/1.csv, 4:40 2025-01-02 landing/2.csv", lake.Text(Stamped));
        Assert.Equal("[1!, 2!, 3!, NULL]", lake.Text("SELECT list(word ORDER BY id)::VARCHAR FROM bronze.o"));
        Assert.Equal("1", lake.Text("SELECT count(DISTINCT _batch_id) FROM bronze.o WHERE _ingestion_date = DATE '2025-01-01'"));
        Assert.Equal("[5]", lake.Text("SELECT list(id)::VARCHAR FROM bronze.o__quarantine"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_day_whose_files_are_gone_or_changed_stays_and_is_told_by_name(bool isGone)
    {
        using var folder = TwoDays();
        if (isGone) File.Delete(folder.File("landing/1.csv"));
        else folder.Write("landing/1.csv", "id,amount\n1,11\n");
        folder.Write("bronze/o.sql", Bronze.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        var before = Files(folder);
        Assert.Contains("1 of 1 files that were read are gone or hold other bytes than then: landing/1.csv", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Failed("bronze.o", "SM6243"));
        // Where nobody names it, it is left as it is, and what reads it is made again.
        var all = folder.Update("--date", "2025-01-01");
        Assert.Contains("landing/1.csv", all.ToString());
        Assert.Equal(before, Files(folder));
        _ = LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.o").Made("bronze.o");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[10, 20, 400]", lake.Text("SELECT list(amount ORDER BY id)::VARCHAR FROM bronze.o"));
    }

    [Fact]
    public void A_row_that_was_let_in_from_quarantine_comes_once()
    {
        using var folder = TwoDays();
        folder.Write("bronze/o.sql", Bronze.Replace("amount > 0", "amount > -10"));
        folder.Smelt("quarantine", "replay", "bronze.o").Expect(0);
        // The day of the replay has no row that came on it.
        _ = Assert.IsType<FlowResult.Skipped>(LocalUpdate.Days(folder.Path, DateTime.UtcNow.ToString("yyyy-MM-dd"), DateTime.UtcNow.ToString("yyyy-MM-dd"), "bronze.o").Of("bronze.o"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[1, 2, 3, 4, 5]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.o"));
        Assert.Equal("2025-01-01", lake.Text("SELECT strftime(_ingestion_date, '%Y-%m-%d') FROM bronze.o WHERE id = 3"));
        Assert.Equal("0", lake.Text("SELECT count(*) FROM bronze.o__quarantine"));
    }

    [Fact]
    public void A_row_let_in_from_quarantine_stays_where_another_day_of_the_table_s_own_column_is_made_again()
    {
        const string Query = "CREATE STREAMING TABLE o (CONSTRAINT c EXPECT (amount::INT > 0) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT * REPLACE (day::DATE AS day) FROM STREAM read_files('landing', format => 'csv')";
        using var folder = new PipelineFolder("name: b\n").Write("bronze/o.sql", Query).Write("landing/1.csv", "id,day,amount\n1,2025-01-01,-1\n2,2025-01-02,-1\n3,2025-01-01,5\n");
        LocalUpdate.Run(folder.Path);
        folder.Write("bronze/o.sql", Query.Replace("> 0", "> -5")).Smelt("quarantine", "replay", "bronze.o").Expect(0);
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[1, 2, 3]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.o"));
    }

    [Fact]
    public void Rows_that_a_day_made_again_only_adds_are_no_new_rows_for_streams()
    {
        using var folder = TwoDays();
        foreach (var rule in (string[])["amount > 10", "amount > 0"])
        {
            folder.Write("bronze/o.sql", Bronze.Replace("amount > 0", rule));
            _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
            LocalUpdate.Run(folder.Path);
        }
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1:10 2:20 4:40", lake.Text("SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM silver.o"));
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-02", "silver.o").Made("silver.o").Counts.RowsOut);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1:10 2:20 4:40", lake.Text("SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM silver.o"));
    }

    [Fact]
    public void What_retention_or_an_erasure_took_out_does_not_come_back()
    {
        using var folder = TwoDays();
        using (var kept = folder.Copy())
        {
            kept.Write("smelt.yml", "name: b\nretention:\n  bronze: 30 days\n");
            Assert.Contains("2025-01-01 is before that (retention)", LocalUpdate.Days(kept.Path, "2025-01-01", "2025-01-01", "bronze.o").Failed("bronze.o", "SM6220"));
            // The bronze table gave up rows that silver has.
            kept.Smelt("maintain", "--no-vacuum", "--no-optimize").Expect(0);
            Assert.Contains("bronze.o no longer holds rows that were read", LocalUpdate.Days(kept.Path, "2025-01-01", "2025-01-01", "silver.o").Failed("silver.o", "SM6243"));
        }
        using (var refused = folder.Copy())
        {
            refused.Smelt("sql", "--erasure", "DELETE FROM bronze.o__quarantine WHERE id = 3").Expect(0);
            Assert.Contains("from bronze.o__quarantine", LocalUpdate.Days(refused.Path, "2025-01-01", "2025-01-01", "bronze.o").Failed("bronze.o", "SM6244"));
        }
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o WHERE id = 2").Expect(0);
        ForgetLog(folder.Path, "bronze.o");
        Assert.Contains("landing/1.csv, which it reads again, may hold them still", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Failed("bronze.o", "SM6244"));
        LocalUpdate.Run(folder.Write("landing/1.csv", "id,amount\n1,10\n").Path, null, "bronze.o", "silver.o");
        var today = DateTime.UtcNow.ToString("yyyy-MM-dd");
        Assert.Equal(0, LocalUpdate.Days(folder.Path, DateTime.UtcNow.AddDays(-1).ToString("yyyy-MM-dd"), today, "bronze.o").Made("bronze.o").Counts.RowsOut);
    }

    /// <summary>As a log is cleaned after its retention: a checkpoint, and no commit before it.</summary>
    private static void ForgetLog(string folder, string dataset)
    {
        using var session = LocalUpdate.Open(folder);
        Assert.True(DatasetName.TryParse(dataset, out var name));
        var table = session.Layout.Table(name);
        var snapshot = table.TrySnapshotAsync().AsTask().Result!;
        table.CheckpointAsync(snapshot, CancellationToken.None).AsTask().Wait();
        foreach (var commit in Directory.GetFiles(Path.Combine(session.Layout.PathOf(name), "_delta_log"), "*.json").Where(f => long.Parse(Path.GetFileName(f).Split('.')[0]) < snapshot.Version)) File.Delete(commit);
    }

    [Fact]
    public void Rows_let_in_that_no_stored_file_tells_are_refused_and_not_doubled()
    {
        using var folder = new PipelineFolder("name: b\nmetadata_columns:\n  _source_file: false\n").Write("bronze/o.sql", Bronze).Write("landing/1.csv", "id,amount\n1,10\n3,-5\n");
        LocalUpdate.On("2025-01-01", folder.Path);
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o").Counts.RowsOut);
        folder.Write("bronze/o.sql", Bronze.Replace("amount > 0", "amount > -10")).Smelt("quarantine", "replay", "bronze.o").Expect(0);
        Assert.Contains("rows of it were let in from quarantine", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Failed("bronze.o", "SM6220"));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[1, 3]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.o"));
    }

    [Fact]
    public void What_was_erased_from_a_quarantine_is_not_put_back_by_a_day_that_was_cut_short()
    {
        using var folder = TwoDays();
        folder.Write("bronze/o.sql", Bronze.Replace("amount > 0", "amount > -10")).RunKilledAt("bronze.o:after-commit-0", "--date", "2025-01-01", "--select", "bronze.o");
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.o__quarantine WHERE id = 5").Expect(0);
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("0", lake.Text("SELECT count(*) FROM bronze.o__quarantine WHERE id = 5"));
        LocalUpdate.Run(folder.Write("landing/2.csv", "id,amount\n4,40\n").Path, null, "bronze.o", "silver.o");
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("[1, 2, 3, 4]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.o"));
    }

    [Fact]
    public void A_backfill_by_ingestion_date_reads_chunk_after_chunk_again()
    {
        using var folder = TwoDays();
        folder.Write("bronze/o.sql", Bronze.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        string[] backfill = ["backfill", "bronze.o", "--start", "2025-01-01", "--end", "2025-01-02"];
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@bronze.o:after-commit-0" }, backfill).ExitCode);
        Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@bronze.o:before-chunk-done" }, backfill).ExitCode);
        folder.Smelt(backfill).Expect(0);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[100, 200, 400]", lake.Text("SELECT list(amount ORDER BY id)::VARCHAR FROM bronze.o"));
        Assert.Equal("true", lake.Snapshot("bronze.o").Metadata.Configuration["delta.appendOnly"]);
    }

    public static TheoryData<string> Points() => [.. new[] { "before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "after-commit-1", "before-commit-2", "after-commit-2", "before-done", "after-done" }
        .Where(static p => Repository.IsDeep || p is "after-intent" or "after-prepared" or "after-commit-0" or "after-commit-1" or "before-done")];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_day_killed_anywhere_ends_as_an_undisturbed_one_and_no_row_is_lost_or_doubled(string point)
    {
        using var folder = TwoDays();
        folder.Write("bronze/o.sql", Bronze.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        using var undisturbed = folder.Copy();
        _ = LocalUpdate.Days(undisturbed.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        folder.RunKilledAt("bronze.o:" + point, "--date", "2025-01-01", "--select", "bronze.o");
        // An ordinary update finishes what was prepared, and gives up what was not.
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal("true", lake.Snapshot("bronze.o").Metadata.Configuration["delta.appendOnly"]);
            Assert.Contains(lake.Text("SELECT list(amount ORDER BY id)::VARCHAR FROM bronze.o"), (string[])["[10, 20, 40]", "[100, 200, 40]"]);
        }
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.o").Made("bronze.o");
        LocalUpdate.Run(folder.Path).NothingRan();
        TableDifference.None(OpenLake.ContentOf(undisturbed.Path), OpenLake.ContentOf(folder.Path), point);
    }

    /// <summary>Files of 1 and 2 January, one with a row that is refused each.</summary>
    private static PipelineFolder TwoDays()
    {
        var folder = new PipelineFolder("name: b\n").Write("bronze/o.sql", Bronze)
            .Write("silver/o.sql", "CREATE STREAMING TABLE o TBLPROPERTIES ('smelt.day_column' = 'came') AS SELECT id, amount, _ingestion_date AS came FROM STREAM bronze.o")
            .Write("landing/1.csv", "id,amount\n1,10\n2,20\n3,-5\n");
        LocalUpdate.On("2025-01-01", folder.Path);
        LocalUpdate.On("2025-01-02", folder.Write("landing/2.csv", "id,amount\n4,40\n5,-5\n").Path);
        return folder;
    }

    /// <summary>Files of the table and its quarantine as their logs name them.</summary>
    private static (string Table, string Quarantine) Files(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        string Names(string table) => string.Join(' ', lake.Snapshot(table).Files.Select(static f => f.Path).Order(StringComparer.Ordinal));
        return (Names("bronze.o"), Names("bronze.o__quarantine"));
    }
}
