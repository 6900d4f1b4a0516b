using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days of bronze tables that stream tables: what batches read of them on these days is read again as it was.</summary>
public sealed class StreamedBronzeDayTests
{
    private const string Bronze = "CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW) AS SELECT id, amount::BIGINT AS amount FROM STREAM bronze.s";

    private const string Rows = "SELECT string_agg(id || ':' || amount || ' ' || _ingestion_date, ', ' ORDER BY id) FROM bronze.t";

    [Theory]
    [InlineData("STREAM bronze.s", "bronze.s")]
    [InlineData("STREAM bronze.s WITH (maxFilesPerTrigger = 1)", "bronze.s")]
    [InlineData("STREAM read_delta('lake/bronze/s', startingVersion => 0)", "lake/bronze/s")]
    [InlineData("STREAM table_changes(bronze.s)", "table_changes(bronze.s)")]
    public void A_day_is_read_again_with_the_stamps_of_then_after_its_files_were_compacted_too(string stream, string source)
    {
        using var folder = ThreeDays(Bronze.Replace("STREAM bronze.s", stream));
        var (before, files) = (Stamps(folder), Files(folder));
        Assert.Equal((5, 4), (before.Count, before.Select(static b => b.Split('@')[1]).Distinct().Count()));
        Assert.Equal(0, Days(folder, "2025-01-01", "2025-01-03").Counts.RowsOut);
        Assert.Equal(files, Files(folder));
        folder.Smelt("table", "optimize", "bronze.s").Expect(0);
        folder.Write("bronze/t.sql", Bronze.Replace("STREAM bronze.s", stream).Replace("amount::BIGINT", "amount::BIGINT * 10").Replace("amount > 0", "amount > -60"));
        _ = Days(folder, "2025-01-02", "2025-01-02");
        Assert.Equal("1:10 2025-01-01, 2:20 2025-01-01, 3:300 2025-01-02, 4:-50 2025-01-02, 5:50 2025-01-03, 7:700 2025-01-02", Text(folder, Rows));
        Assert.Equal($"6 {source} 2025-01-02", Text(folder, "SELECT string_agg(id || ' ' || left(_source_offset, instr(_source_offset, ',') - 1) || ' ' || _ingestion_date, ', ' ORDER BY id) FROM bronze.t__quarantine"));
        Assert.Equal(before, Stamps(folder).Where(static s => !s.StartsWith("4@", StringComparison.Ordinal)));
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("true", lake.Snapshot("bronze.t").Metadata.Configuration["delta.appendOnly"]);
        Assert.Equal(source, Text(folder, "SELECT DISTINCT _source FROM bronze.t"));
        // It reads nothing new, and nothing of it is new.
        LocalUpdate.OnlyOf(folder.Path, "bronze.t").NothingRan();
        LocalUpdate.On("2025-01-04", folder.Write("landing/5.csv", "id,amount\n9,1\n").Path);
        LocalUpdate.On("2025-01-04", folder.Path);
        Assert.Equal("[1, 2, 3, 4, 5, 7, 9]", Text(folder, "SELECT list(id ORDER BY id)::VARCHAR FROM bronze.t"));
    }

    [Fact]
    public void Where_the_files_of_then_were_vacuumed_nothing_is_changed_and_they_are_named()
    {
        using var folder = ThreeDays(Bronze);
        folder.Smelt("table", "optimize", "bronze.s").Expect(0);
        using (var lake = new OpenLake(folder.Path))
        {
            var held = lake.Snapshot("bronze.s").Files.Select(static f => f.Path).ToHashSet();
            foreach (var file in Directory.GetFiles(folder.File("lake/bronze/s"), "*.parquet").Where(f => !held.Contains(Path.GetFileName(f)))) File.Delete(file);
        }
        folder.Write("bronze/t.sql", Bronze.Replace("amount::BIGINT", "amount::BIGINT * 10"));
        var before = Files(folder);
        Assert.Contains("1 of 1 files of bronze.s that were read up to version", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.t").Failed("bronze.t", "SM6243"));
        Assert.Contains("files of bronze.s that were read", folder.Update("--date", "2025-01-01").ToString());
        Assert.Equal(before, Files(folder));
    }

    [Fact]
    public void What_was_erased_and_rows_let_in_from_quarantine_are_refused_by_name()
    {
        using var folder = ThreeDays(Bronze);
        using (var erased = folder.Copy())
        {
            erased.Smelt("sql", "--erasure", "DELETE FROM bronze.s WHERE id = 2").Expect(0);
            Assert.Contains("(from bronze.s, ", LocalUpdate.Days(erased.Path, "2025-01-01", "2025-01-01", "bronze.t").Failed("bronze.t", "SM6244"));
            // What was read after it holds nothing of it.
            LocalUpdate.On("2025-01-05", erased.Write("landing/6.csv", "id,amount\n8,80\n").Path);
            Assert.Equal(0, Days(erased, "2025-01-05", "2025-01-05").Counts.RowsOut);
        }
        using (var own = folder.Copy())
        {
            own.Smelt("sql", "--erasure", "DELETE FROM bronze.t WHERE id = 2").Expect(0);
            Assert.Contains("(from bronze.t, ", LocalUpdate.Days(own.Path, "2025-01-01", "2025-01-01", "bronze.t").Failed("bronze.t", "SM6244"));
        }
        folder.Write("bronze/t.sql", Bronze.Replace("amount > 0", "amount > -10")).Smelt("quarantine", "replay", "bronze.t").Expect(0);
        Assert.Contains("rows of it were let in from quarantine", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.t").Failed("bronze.t", "SM6220"));
    }

    [Fact]
    public void Several_flows_are_made_again_each_from_what_it_read()
    {
        const string More = "; CREATE FLOW more AS INSERT INTO t BY NAME SELECT id::BIGINT + 100 AS id, amount::BIGINT AS amount FROM STREAM read_files('landing', format => 'csv')";
        using var folder = ThreeDays(Bronze + More);
        Assert.Equal(0, Days(folder, "2025-01-01", "2025-01-03").Counts.RowsOut);
        folder.Write("bronze/t.sql", (Bronze + More).Replace("amount::BIGINT AS", "amount::BIGINT + 1 AS"));
        _ = Days(folder, "2025-01-01", "2025-01-01");
        Assert.Equal("1:11 2025-01-01, 2:21 2025-01-01, 3:30 2025-01-02, 5:50 2025-01-03, 7:70 2025-01-02, 101:11 2025-01-01, 102:21 2025-01-01, 103:30 2025-01-02, 105:50 2025-01-03, 107:70 2025-01-02", Text(folder, Rows));
    }

    [Fact]
    public void Rows_that_pass_their_stamps_on_are_of_the_days_of_the_table_that_they_come_from()
    {
        const string Query = "CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (amount::INT > 0) ON VIOLATION QUARANTINE ROW) AS SELECT * FROM STREAM bronze.s";
        using var folder = ThreeDays(Query);
        Assert.Equal(0, Days(folder, "2025-01-01", "2025-01-03").Counts.RowsOut);
        folder.Write("bronze/t.sql", Query.Replace("SELECT *", "SELECT * REPLACE (amount || '0' AS amount)").Replace("> 0", "> -100"));
        _ = Days(folder, "2025-01-02", "2025-01-02");
        Assert.Equal("1:10 2025-01-01, 2:20 2025-01-01, 3:300 2025-01-02, 4:-50 2025-01-02, 5:50 2025-01-03, 7:700 2025-01-02", Text(folder, Rows));
        folder.Write("bronze/t.sql", "CREATE STREAMING TABLE t AS SELECT id, amount, _batch_id FROM STREAM bronze.s");
        Assert.Contains("its query gives _batch_id itself", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.t").Failed("bronze.t", "SM6220"));
    }

    [Fact]
    public void Rows_that_retention_takes_by_a_date_of_their_own_are_not_brought_back_by_days_of_another_column()
    {
        const string Query = "CREATE STREAMING TABLE t TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT *, DATE '2025-01-01' + id::INT AS day FROM STREAM bronze.s";
        using var folder = ThreeDays(Query);
        Assert.Equal(0, Days(folder, "2025-01-02", "2025-01-03").Counts.RowsOut);
        folder.Write("smelt.yml", "name: b\nretention: {bronze.t: 30 days}\n");
        var before = Files(folder);
        Assert.Contains("retention takes its rows by _ingestion_date, which its query gives, so that days by day could bring them back", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-03", "bronze.t").Failed("bronze.t", "SM6220"));
        Assert.Equal(before, Files(folder));
    }

    [Fact]
    public void A_table_that_was_read_then_and_is_not_named_today_is_missed_by_name()
    {
        using var folder = ThreeDays(Bronze + " UNION ALL SELECT id, amount::BIGINT FROM STREAM bronze.more");
        Assert.Equal(0, Days(folder, "2025-01-01", "2025-01-03").Counts.RowsOut);
        folder.Write("bronze/t.sql", Bronze);
        Assert.Contains("its batches read bronze.more, which its query does not name today", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.t").Failed("bronze.t", "SM6220"));
    }

    [Fact]
    public void Changes_that_were_updates_come_again_as_they_came()
    {
        using var folder = new PipelineFolder("name: b\n").Write("landing.txt", "");
        Directory.CreateDirectory(folder.File("src"));
        folder.Smelt("query", "SELECT id, id * 10 AS amount FROM range(1, 3) AS r(id)", "--format", "parquet", "--output", "src/1.parquet").Expect(0);
        folder.Smelt("sql", "CONVERT TO DELTA parquet.`src`; ALTER TABLE delta.`src` SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')").Expect(0);
        folder.Write("bronze/t.sql", $"SELECT id, amount, _change_type AS what FROM STREAM table_changes('{folder.File("src")}')");
        LocalUpdate.On("2025-01-01", folder.Path);
        folder.Smelt("sql", "UPDATE delta.`src` SET amount = 21 WHERE id = 2").Expect(0);
        LocalUpdate.On("2025-01-02", folder.Path);
        Assert.Equal(0, Days(folder, "2025-01-01", "2025-01-02").Counts.RowsOut);
        folder.Write("bronze/t.sql", $"SELECT id, amount * 10 AS amount, _change_type AS what FROM STREAM table_changes('{folder.File("src")}')");
        _ = Days(folder, "2025-01-02", "2025-01-02");
        Assert.Equal("1:10 insert, 2:20 insert, 2:200 update_preimage, 2:210 update_postimage", Text(folder, "SELECT string_agg(id || ':' || amount || ' ' || what, ', ' ORDER BY id, amount) FROM bronze.t"));
    }

    [Fact]
    public void A_column_that_came_later_is_null_in_what_batches_read_before_it()
    {
        using var folder = ThreeDays(Bronze);
        LocalUpdate.On("2025-01-04", folder.Write("landing/5.csv", "id,amount,note\n9,90,late\n").Path);
        folder.Write("bronze/t.sql", Bronze.Replace("SELECT id,", "SELECT id, note,"));
        LocalUpdate.On("2025-01-04", folder.Path);
        _ = Days(folder, "2025-01-01", "2025-01-04");
        Assert.Equal("1: 2: 3: 5: 7: 9:late", Text(folder, "SELECT string_agg(id || ':' || coalesce(note, ''), ' ' ORDER BY id) FROM bronze.t"));
    }

    [Fact]
    public void Rows_of_a_time_when_stamps_were_passed_on_are_not_doubled()
    {
        using var folder = ThreeDays("CREATE STREAMING TABLE t AS SELECT * FROM STREAM bronze.s");
        LocalUpdate.On("2025-01-04", folder.Write("bronze/t.sql", Bronze).Write("landing/5.csv", "id,amount\n9,90\n").Path);
        Assert.Contains("bear the stamps of the table that they were streamed from", LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.t").Failed("bronze.t", "SM6220"));
        Assert.Equal("8", Text(folder, "SELECT count(*) || '' FROM bronze.t"));
    }

    public static TheoryData<string> Points() => [.. new[] { "before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "after-commit-1", "before-commit-2", "after-commit-2", "before-done", "after-done" }
        .Where(static p => Repository.IsDeep || p is "after-intent" or "after-prepared" or "after-commit-0")];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_day_killed_anywhere_ends_as_an_undisturbed_one_and_no_row_is_lost_or_doubled(string point)
    {
        using var folder = ThreeDays(Bronze);
        folder.Write("bronze/t.sql", Bronze.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        using var undisturbed = folder.Copy();
        _ = Days(undisturbed, "2025-01-02", "2025-01-02");
        folder.RunKilledAt("bronze.t:" + point, "--date", "2025-01-02", "--select", "bronze.t");
        LocalUpdate.Run(folder.Path);
        Assert.Contains(Text(folder, "SELECT list(amount ORDER BY id)::VARCHAR FROM bronze.t"), (string[])["[10, 20, 30, 50, 70]", "[10, 20, 300, 50, 700]"]);
        _ = Days(folder, "2025-01-02", "2025-01-02");
        LocalUpdate.Run(folder.Path).NothingRan();
        TableDifference.None(OpenLake.ContentOf(undisturbed.Path), OpenLake.ContentOf(folder.Path), point);
    }

    /// <summary>Four batches on three days, one of them with two rows that are refused.</summary>
    private static PipelineFolder ThreeDays(string sql)
    {
        var folder = new PipelineFolder("name: b\n").Write("bronze/t.sql", sql)
            .Write("bronze/s.sql", "CREATE STREAMING TABLE s TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT * REPLACE (id::BIGINT AS id) FROM STREAM read_files('landing', format => 'csv')");
        if (sql.Contains("bronze.more", StringComparison.Ordinal)) folder.Write("bronze/more.sql", "SELECT id::BIGINT + 50 AS id, amount FROM STREAM read_files('landing', format => 'csv')");
        foreach (var (day, file, rows) in new[] { ("2025-01-01", 1, "1,10\n2,20\n"), ("2025-01-02", 2, "3,30\n4,-5\n6,-60\n"), ("2025-01-02", 3, "7,70\n"), ("2025-01-03", 4, "5,50\n") })
        {
            folder.Write($"landing/{file}.csv", "id,amount\n" + rows);
            // A table that is named by its path comes one update later.
            LocalUpdate.On(day, folder.Path, static o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() != "bronze.t")] });
            LocalUpdate.On(day, folder.Path);
        }
        return folder;
    }

    private static FlowResult.Completed Days(PipelineFolder folder, string first, string last) => LocalUpdate.Days(folder.Path, first, last, "bronze.t").Made("bronze.t");

    private static List<string> Stamps(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return [.. lake.Rows("SELECT id || '@' || _batch_id || ' ' || _ingested_at FROM bronze.t ORDER BY id").Select(static r => (string)r[0]!)];
    }

    private static string Files(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return string.Join(' ', lake.Snapshot("bronze.t").Files.Concat(lake.Tables.Contains("bronze.t__quarantine") ? lake.Snapshot("bronze.t__quarantine").Files : []).Select(static f => f.Path).Order(StringComparer.Ordinal));
    }

    private static string Text(PipelineFolder folder, string sql)
    {
        using var lake = new OpenLake(folder.Path);
        return lake.Text(sql) ?? "";
    }
}
