namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Folders of files that flows write.</summary>
public sealed class SinkTests
{
    [Theory]
    [InlineData("json", "{\"id\":1,\"day\":\"a\"}\n{\"id\":3,\"day\":\"a\"}\n")]
    [InlineData("csv", "id,day\n1,a\n3,a\n")]
    public void A_file_a_key_grows_by_every_batch(string format, string expected)
    {
        using var folder = Pipeline($"format = '{format}', file = 'daily-{{day}}.{format}'");
        folder.Write("landing/1.csv", "id,day\n1,a\n2,b\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,day\n3,a\n,c d\n");
        var step = folder.Update().GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == "gold.out");
        Assert.Equal(2, step.GetProperty("rowsOut").GetInt32());
        Assert.Equal([$"daily-a.{format}", $"daily-b.{format}", $"daily-c%20d.{format}"], Files(folder));
        Assert.Equal(expected, folder.Read($"out/daily-a.{format}"));
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void Parquet_comes_in_a_file_a_batch_or_grows()
    {
        using var folder = Pipeline("format 'parquet'");
        folder.Write("gold/all.sql", "CREATE SINK everything OPTIONS (path 'whole', format 'parquet', file 'all.parquet'); CREATE FLOW f AS INSERT INTO everything BY NAME SELECT id FROM STREAM bronze.o; CREATE FLOW g AS INSERT INTO ONCE everything BY NAME SELECT 99 AS id");
        folder.Write("landing/1.csv", "id,day\n1,a\n2,b\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,day\n3,a\n").Smelt("run").Expect(0);
        Assert.Equal(["out-f-1-000001.parquet", "out-f-1-000002.parquet"], Files(folder));
        Assert.Equal("1 2 3", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM read_files('out/*.parquet')"));
        Assert.Equal("1 2 3 99", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM read_files('whole/all.parquet')"));
    }

    [Fact]
    public void Two_values_that_give_one_name_share_the_file_and_other_columns_or_a_changed_file_are_refused()
    {
        using var folder = new PipelineFolder()
            .Write("landing/1.csv", "a,b,n\nx-y,z,1\nx,y-z,2\n")
            .Write("bronze/r.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')")
            .Write("gold/out.sql", "CREATE SINK out OPTIONS (path = 'out', format = 'csv', file = '{a}-{b}.csv');\nCREATE FLOW f AS INSERT INTO out BY NAME SELECT a, b, n FROM STREAM bronze.r;");
        folder.Smelt("run").Expect(0);
        Assert.Equal(["1", "2"], File.ReadAllLines(folder.File("out/x-y-z.csv")).Skip(1).Select(static l => l.Split(',')[2]).Order());
        folder.Write("landing/2.csv", "a,b,n\nx,y-z,3\n");
        folder.Smelt("run").Expect(0);
        Assert.Equal(4, File.ReadAllLines(folder.File("out/x-y-z.csv")).Length);
        folder.Write("gold/out.sql", "CREATE SINK out OPTIONS (path = 'out', format = 'csv', file = '{a}-{b}.csv');\nCREATE FLOW f AS INSERT INTO out BY NAME SELECT n, a, b FROM STREAM bronze.r;").Write("landing/3.csv", "a,b,n\nx,y-z,4\n");
        Assert.Contains("has the columns a,b,n", folder.Smelt("run").Expect(1).Out);
        Assert.Equal(4, File.ReadAllLines(folder.File("out/x-y-z.csv")).Length);
    }

    [Fact]
    public void Files_keep_their_rows_below_a_folder_named_as_a_partition_and_behind_a_line_without_an_end()
    {
        using var folder = new PipelineFolder().Write("landing/1.csv", "id,region\n1,us\n").Write("bronze/o.sql", "SELECT id, region FROM STREAM read_files('landing', format => 'csv')")
            .Write("gold/s.sql", string.Concat(new[] { "parquet", "csv", "json" }.Select(static f => $"CREATE SINK {f}s OPTIONS (path = 'out/region=eu', format = '{f}', file = 'all.{f}'); CREATE FLOW {f}_flow AS INSERT INTO {f}s BY NAME SELECT id, region FROM STREAM bronze.o; ")));
        folder.Smelt("run").Expect(0);
        foreach (var file in new[] { "all.csv", "all.json" })
        {
            using var open = File.OpenWrite(folder.File("out/region=eu/" + file));
            open.SetLength(open.Length - 1);
        }
        folder.Write("landing/2.csv", "id,region\n2,de\n").Smelt("run").Expect(0);
        Assert.Equal("id,region\n1,us\n2,de\n", folder.Read("out/region=eu/all.csv"));
        Assert.Equal("{\"id\":\"1\",\"region\":\"us\"}\n{\"id\":\"2\",\"region\":\"de\"}\n", folder.Read("out/region=eu/all.json"));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1us 2de", lake.Text($"SELECT string_agg(id || region, ' ' ORDER BY id) FROM read_parquet('{folder.File("out/region=eu/all.parquet")}', hive_partitioning = false)"));
        // Emptied: as if it were not there.
        File.WriteAllText(folder.File("out/region=eu/all.csv"), "");
        folder.Write("landing/3.csv", "id,region\n3,fr\n").Smelt("run").Expect(0);
        Assert.Equal("id,region\n3,fr\n", folder.Read("out/region=eu/all.csv"));
    }

    [Fact]
    public void Names_that_no_file_can_have_and_files_of_other_lakes_stop_before_anything_is_prepared()
    {
        using var folder = Pipeline("format = 'json', file = '{day}'");
        folder.Write("landing/1.csv", "id,day\n1,..\n");
        Assert.Contains("named '..'", folder.Smelt("run").Expect(1).Out);
        folder.Write("landing/1.csv", $"id,day\n1,{new string('ü', 60)}\n");
        using var other = Pipeline("format = 'json', file = '{day}'");
        Assert.Contains("longer than 255 bytes", other.Write("landing/1.csv", $"id,day\n1,{new string('ü', 60)}\n").Smelt("run").Expect(1).Out);
        using var batches = Pipeline("format = 'json'");
        batches.Write("landing/1.csv", "id,day\n1,a\n").Smelt("run").Expect(0);
        Directory.Delete(batches.File("lake"), recursive: true);
        Assert.Contains("SM6142", batches.Smelt("run").Expect(1).Out);
        Assert.Equal("{\"id\":\"1\",\"day\":\"a\"}\n", File.ReadAllText(batches.File("out/" + Files(batches)[0])).Replace(":1,", ":\"1\",", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_of_two_lines_is_no_column_of_a_CSV_file()
    {
        using var folder = Pipeline("format = 'csv', file = 'all.csv'");
        var sql = folder.Read("gold/out.sql");
        folder.Write("landing/1.csv", "id,day\n1,a\n").Write("gold/out.sql", sql.Replace("SELECT id,", "SELECT id AS \"i\nd\",", StringComparison.Ordinal));
        Assert.Contains("has a line break in its name ('i\\nd')", folder.Smelt("run").Expect(1).Out);
        folder.Write("gold/out.sql", sql).Smelt("run").Expect(0);
        Assert.Equal("id,day\n1,a\n", folder.Read("out/all.csv"));
    }

    [Fact]
    public void A_sink_is_neither_refreshed_fully_nor_shown_as_a_table()
    {
        using var folder = Pipeline("format = 'csv'");
        folder.Write("landing/1.csv", "id,day\n1,a\n").Smelt("run").Expect(0);
        Assert.Contains("SM6208", folder.Smelt("run", "--full-refresh", "gold.out").Expect(1).Out);
        Assert.Contains("sink", folder.Smelt("history", "gold.out").Expect(2).Err);
        folder.Smelt("run", "--full-refresh-all").Expect(0);
        Assert.Single(Files(folder));
    }

    [Theory]
    [InlineData("after-intent")]
    [InlineData("after-data")]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    [InlineData("after-commit-1")]
    [InlineData("before-done")]
    public void A_killed_update_delivers_each_row_once(string point)
    {
        using var folder = Pipeline("format = 'csv', file = '{day}.csv'");
        folder.Write("landing/1.csv", "id,day\n1,a\n2,b\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,day\n3,a\n4,b\n").RunKilledAt("gold.out/f:" + point);
        folder.Write("landing/3.csv", "id,day\n5,a\n").Smelt("run").Expect(0);
        Assert.Equal("id,day\n1,a\n3,a\n5,a\n", folder.Read("out/a.csv"));
        Assert.Equal("id,day\n2,b\n4,b\n", folder.Read("out/b.csv"));
        // What the killed attempt left is gone, and nothing else.
        Assert.Equal(["a.csv", "b.csv"], Directory.GetFiles(folder.File("out")).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_what_is_left_of_the_flows_own_batches_is_removed()
    {
        using var folder = Pipeline("format = 'csv', file = '{day}.csv'");
        folder.Write("landing/1.csv", "id,day\n1,a\n").RunKilledAt("gold.out/f:after-data");
        var left = Path.GetFileName(Assert.Single(Directory.GetFiles(folder.File("out"))));
        var id = left[1..left.IndexOf('-', StringComparison.Ordinal)];
        string[] others = [$".{id}-1-9-0123456789abcdef-0.tmp", $".{new string('0', 32)}-1-1-0123456789abcdef-0.tmp", $".{id}-notes.tmp", ".mine.tmp"];
        foreach (var other in others) folder.Write("out/" + other, "mine");
        folder.Smelt("run").Expect(0);
        // Another attempt of the batch may still be writing: the next batch takes it.
        Assert.Contains(left, Directory.GetFiles(folder.File("out")).Select(static f => Path.GetFileName(f)!));
        folder.Write("landing/2.csv", "id,day\n2,a\n").Smelt("run").Expect(0);
        // A later batch's, another flow's, and what only looks like one.
        Assert.Equal(others.Append("a.csv").Order(StringComparer.Ordinal), Directory.GetFiles(folder.File("out")).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_changed_under_a_prepared_batch_is_not_overwritten_and_the_advice_that_is_given_helps()
    {
        using var folder = Pipeline("format = 'csv', file = '{day}.csv'");
        folder.Write("landing/1.csv", "id,day\n1,a\n").Smelt("run").Expect(0);
        folder.Write("landing/2.csv", "id,day\n2,a\n").RunKilledAt("gold.out/f:after-prepared");
        File.AppendAllText(folder.File("out/a.csv"), "3,by hand\n");
        var refused = folder.Smelt("run").Expect(1).Out;
        Assert.Contains("SM6142", refused, StringComparison.Ordinal);
        Assert.Equal("id,day\n1,a\n3,by hand\n", folder.Read("out/a.csv"));
        var advice = System.Text.RegularExpressions.Regex.Match(refused, "mv '([^']+)' '([^']+)'");
        Assert.True(advice.Success, refused);
        File.Move(folder.File(advice.Groups[1].Value), folder.File(advice.Groups[2].Value), overwrite: true);
        folder.Write("landing/3.csv", "id,day\n4,a\n").Smelt("run").Expect(0);
        Assert.Equal("id,day\n1,a\n2,a\n4,a\n", folder.Read("out/a.csv"));
    }

    private static PipelineFolder Pipeline(string options) => new PipelineFolder("name: s\n")
        .Write("bronze/o.sql", "SELECT id::BIGINT AS id, day FROM STREAM read_files('landing', format => 'csv')")
        .Write("gold/out.sql", $"CREATE SINK out OPTIONS (path = 'out', {options}); CREATE FLOW f AS INSERT INTO out BY NAME SELECT id, day FROM STREAM bronze.o");

    private static string[] Files(PipelineFolder folder) => [.. Directory.GetFiles(folder.File("out")).Select(f => Path.GetFileName(f)!).Where(static f => !f.StartsWith('.')).Order(StringComparer.Ordinal)];
}
