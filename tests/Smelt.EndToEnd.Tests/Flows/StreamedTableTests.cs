using System.Text.Json;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Streaming tables over Delta tables, own and foreign, row by row and change by change.</summary>
public sealed class StreamedTableTests
{
    [Fact]
    public void A_foreign_table_is_read_version_by_version_each_file_once()
    {
        using var producer = Producer(3);
        using var folder = Reader(producer, "STREAM read_delta('SOURCE')");
        folder.Smelt("run").Expect(0);
        Assert.Equal("1 2 3", Ids(folder));
        Produce(producer, 4);
        producer.Smelt("table", "optimize", "bronze.o").Expect(0);
        Produce(producer, 5);
        Assert.Equal(2, Step(folder.Update()).GetProperty("rowsOut").GetInt32());
        Assert.Equal("1 2 3 4 5", Ids(folder));
        Assert.Equal("skipped", Step(folder.Update()).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("maxFilesPerTrigger => 1", 5)]
    [InlineData("maxFilesPerTrigger => 2", 3)]
    [InlineData("maxBytesPerTrigger => '1b'", 5)]
    [InlineData("maxBytesPerTrigger => '1GB'", 1)]
    public void Limits_make_batches_of_which_one_update_makes_all(string limit, int batches)
    {
        using var producer = Producer(5);
        using var folder = Reader(producer, $"STREAM read_delta('SOURCE', {limit})");
        Assert.Equal(5, Step(folder.Update()).GetProperty("rowsOut").GetInt32());
        Assert.Equal(batches, Commits(folder));
        for (var day = 6; day <= 10; day++) Produce(producer, day);
        Assert.Equal(5, Step(folder.Update()).GetProperty("rowsOut").GetInt32());
        Assert.Equal(2 * batches, Commits(folder));
        Assert.Equal("1 2 3 4 5 6 7 8 9 10", Ids(folder));
        folder.Smelt("run", "--full-refresh", "silver.r").Expect(0);
        Assert.Equal((2 * batches) + 1, Commits(folder));
        Assert.Equal("1 2 3 4 5 6 7 8 9 10", Ids(folder));
    }

    [Fact]
    public void A_version_of_many_files_is_divided_and_a_killed_batch_reads_its_part_again()
    {
        using var producer = new PipelineFolder("name: p\n").Write("bronze/o.sql", "CREATE STREAMING TABLE o PARTITIONED BY (p) AS SELECT id::BIGINT AS id, id::BIGINT % 4 AS p FROM STREAM read_files('landing', format => 'csv')");
        producer.Write("landing/1.csv", "id\n" + string.Join('\n', Enumerable.Range(1, 8)) + "\n").Smelt("run").Expect(0);
        using var folder = Reader(producer, "STREAM read_delta('SOURCE', maxFilesPerTrigger => 3, startingVersion => 0)");
        folder.RunKilledAt("silver.r:after-intent");
        folder.RunKilledAt("silver.r:after-prepared");
        producer.Write("landing/2.csv", "id\n" + string.Join('\n', Enumerable.Range(9, 8)) + "\n").Smelt("run").Expect(0);
        folder.Smelt("run").Expect(0);
        Assert.Equal(string.Join(' ', Enumerable.Range(1, 16)), Ids(folder));
        // 3, 1 and 2 of the second version, 2.
        Assert.Equal(3, Commits(folder));
    }

    [Fact]
    public void Files_of_a_source_come_in_batches_too()
    {
        using var folder = new PipelineFolder("name: p\n").Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv', maxFilesPerTrigger => 2)");
        for (var day = 1; day <= 5; day++) folder.Write($"landing/{day}.csv", $"id\n{day}\n");
        folder.Smelt("run").Expect(0);
        Assert.Equal(3, folder.Query("SELECT DISTINCT _batch_id FROM bronze.o").Count);
        Assert.Equal("5", folder.Scalar("SELECT count(*) FROM bronze.o"));
    }

    [Theory]
    [InlineData("STREAM delta.`SOURCE` WITH (maxFilesPerTrigger = 2) AS d", 2)]
    [InlineData("STREAM(delta.`SOURCE`)", 1)]
    [InlineData("STREAM delta.`${root}/lake/bronze/o`", 1)]
    public void A_foreign_table_is_named_by_its_path_as_Spark_writes_it(string stream, int batches)
    {
        using var producer = Producer(3);
        using var folder = Reader(producer, stream);
        folder.Write("smelt.yml", $"name: r\n{(stream.Contains("root", StringComparison.Ordinal) ? $"variables: {{root: {producer.Path}}}\n" : "")}");
        folder.Smelt("run").Expect(0);
        Assert.Equal("1 2 3", Ids(folder));
        Assert.Equal(batches, Commits(folder));
        Produce(producer, 4);
        Assert.Equal(1, Step(folder.Update()).GetProperty("rowsOut").GetInt32());
        Assert.Equal("4", folder.Scalar($"SELECT max(id) FROM delta.`{producer.File("lake/bronze/o")}`"));
    }

    [Theory]
    [InlineData("STREAM read_delta('SOURCE', startingTimestamp => '2999-01-01')")]
    [InlineData("STREAM delta.`SOURCE` WITH (startingTimestamp = '2999-01-01')")]
    public void A_stream_that_is_to_begin_in_the_future_stops_as_in_Spark(string stream)
    {
        using var producer = Producer(1);
        using var folder = Reader(producer, stream);
        var step = Step(folder.Smelt("run", "--json").Expect(1).Json);
        Assert.Equal("SM6190", step.GetProperty("code").GetString());
        Assert.Contains("startingVersion => 'latest'", step.GetProperty("message").GetString());
        Assert.Contains("SM6190", folder.Smelt("plan").Expect(1).Out);
    }

    [Theory]
    [InlineData("startingVersion => 1", "2 3")]
    [InlineData("startingVersion => 'latest'", "")]
    [InlineData("startingTimestamp => '2000-01-01'", "1 2 3")]
    public void A_stream_begins_where_it_is_told_to(string start, string ids)
    {
        using var producer = Producer(3);
        using var folder = Reader(producer, $"STREAM read_delta('SOURCE', {start})");
        folder.Smelt("run").Expect(0);
        Assert.Equal(ids, Ids(folder));
        Produce(producer, 4);
        folder.Smelt("run").Expect(0);
        Assert.Equal($"{ids} 4".Trim(), Ids(folder));
    }

    [Fact]
    public void What_a_stream_cannot_follow_stops_it_and_skip_change_commits_passes_it_over()
    {
        using var folder = new PipelineFolder("name: p\n")
            .Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/base.sql", "SELECT id::BIGINT AS id FROM STREAM bronze.o")
            .Write("silver/stops.sql", "SELECT id FROM STREAM silver.base")
            .Write("silver/goes_on.sql", "SELECT b.id FROM STREAM silver.base WITH (skipChangeCommits) AS b");
        folder.Write("landing/1.csv", "id\n1\n2\n").Smelt("run").Expect(0);
        folder.Smelt("sql", "DELETE FROM silver.base WHERE id = 1").Expect(0);
        folder.Write("landing/2.csv", "id\n3\n");
        var update = folder.Smelt("run", "--json").Expect(1).Json;
        var stopped = Step(update, "silver.stops");
        Assert.Equal("SM6101", stopped.GetProperty("code").GetString());
        Assert.Contains("skipChangeCommits", stopped.GetProperty("message").GetString());
        Assert.Contains("silver.base: version 1 took rows out or changed them (skipChangeCommits) and is passed over", Step(update, "silver.goes_on").GetProperty("notes").EnumerateArray().Select(static n => n.GetString()));
        Assert.Equal("1 2 3", Ids(folder, "silver.goes_on"));
        // What was passed over is in this table and no more in its source.
        Assert.Contains("SM6208", folder.Smelt("run", "--full-refresh", "silver.goes_on").Expect(1).Out);
        Assert.Equal("1 2 3", Ids(folder, "silver.goes_on"));
        folder.Smelt("run", "--full-refresh", "silver.stops").Expect(0);
        Assert.Equal("2 3", Ids(folder, "silver.stops"));
    }

    [Fact]
    public async Task Commits_that_forget_rows_on_purpose_are_passed_over_and_told()
    {
        using var folder = new PipelineFolder("name: p\n")
            .Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/base.sql", "SELECT id::BIGINT AS id FROM STREAM bronze.o")
            .Write("silver/r.sql", "SELECT id FROM STREAM silver.base");
        folder.Write("landing/1.csv", "id\n1\n2\n").Smelt("run").Expect(0);
        using (var lake = new OpenLake(folder.Path))
        {
            await lake.Table("silver.base").DeleteAsync("id = 1", new Smelt.Lake.DmlOptions { Tags = Smelt.Lake.CommitMarks.Of(Smelt.Lake.CommitMarks.Retention) }, TestContext.Current.CancellationToken);
        }
        folder.Write("landing/2.csv", "id\n3\n");
        var step = Step(folder.Update());
        Assert.Contains("silver.base: version 1 took rows out for retention and is passed over", step.GetProperty("notes").EnumerateArray().Select(static n => n.GetString()));
        Assert.Equal("1 2 3", Ids(folder));
    }

    [Fact]
    public async Task A_log_that_was_cleaned_past_the_offset_stops_the_stream()
    {
        using var producer = Producer(3);
        using var folder = Reader(producer, "STREAM read_delta('SOURCE')");
        folder.Smelt("run").Expect(0);
        Produce(producer, 4);
        Produce(producer, 5);
        using (var lake = new OpenLake(producer.Path))
        {
            var snapshot = lake.Snapshot("bronze.o");
            await lake.Table("bronze.o").CheckpointAsync(snapshot, TestContext.Current.CancellationToken);
        }
        for (var version = 0; version <= 3; version++) File.Delete(producer.File($"lake/bronze/o/_delta_log/{version:00000000000000000000}.json"));
        var stopped = Step(folder.Smelt("run", "--json").Expect(1).Json);
        Assert.Equal("SM6103", stopped.GetProperty("code").GetString());
        Assert.Equal("1 2 3", Ids(folder));
    }

    [Fact]
    public void Changes_are_streamed_each_once_beginning_with_the_table_as_it_is()
    {
        using var folder = new PipelineFolder("name: p\n")
            .Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv')")
            .Write("silver/base.sql", "CREATE STREAMING TABLE base TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT id::BIGINT AS id FROM STREAM bronze.o")
            .Write("silver/r.sql", "SELECT id, _change_type AS what, _commit_version AS v FROM STREAM table_changes(silver.base)")
            .Write("silver/later.sql", "SELECT id, _change_type AS what FROM STREAM table_changes('silver.base', 1)");
        folder.Write("landing/1.csv", "id\n1\n2\n").Smelt("run").Expect(0);
        folder.Smelt("sql", "UPDATE silver.base SET id = 20 WHERE id = 2").Expect(0);
        folder.Write("landing/2.csv", "id\n3\n");
        folder.RunKilledAt("silver.r:after-intent");
        folder.Smelt("run").Expect(0);
        const string Log = "SELECT string_agg(what || ' ' || id, ', ' ORDER BY v, what, id) FROM silver.r";
        Assert.Equal("insert 1, insert 2, update_postimage 20, update_preimage 2, insert 3", folder.Scalar(Log));
        Assert.Equal("insert 3, update_postimage 20, update_preimage 2", folder.Scalar("SELECT string_agg(what || ' ' || id, ', ' ORDER BY what, id) FROM silver.later"));
        folder.Smelt("sql", "DELETE FROM silver.base WHERE id = 1").Expect(0);
        folder.Smelt("run").Expect(0);
        Assert.EndsWith("insert 3, delete 1", folder.Scalar(Log), StringComparison.Ordinal);
        Assert.All(folder.Update().GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
    }

    [Fact]
    public void A_table_that_records_no_changes_cannot_be_streamed_change_by_change()
    {
        using var producer = Producer(1);
        using var folder = Reader(producer, "STREAM table_changes('SOURCE')");
        var stopped = Step(folder.Smelt("run", "--json").Expect(1).Json);
        Assert.Contains("delta.enableChangeDataFeed", stopped.GetProperty("message").GetString());
    }

    private static PipelineFolder Producer(int days)
    {
        var producer = new PipelineFolder("name: p\n").Write("bronze/o.sql", "SELECT id FROM STREAM read_files('landing', format => 'csv')");
        for (var day = 1; day <= days; day++) Produce(producer, day);
        return producer;
    }

    private static void Produce(PipelineFolder producer, int day) => LocalUpdate.Run(producer.Write($"landing/{day}.csv", $"id\n{day}\n").Path);

    private static PipelineFolder Reader(PipelineFolder producer, string stream) =>
        new PipelineFolder("name: r\n").Write("silver/r.sql", $"SELECT id::BIGINT AS id FROM {stream.Replace("SOURCE", producer.File("lake/bronze/o"), StringComparison.Ordinal)}");

    private static string Ids(PipelineFolder folder, string table = "silver.r") => folder.Scalar($"SELECT string_agg(id, ' ' ORDER BY id) FROM {table}") ?? "";

    private static JsonElement Step(JsonElement update, string dataset = "silver.r") => update.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("dataset").GetString() == dataset);

    private static int Commits(PipelineFolder folder) => folder.Smelt("history", "silver.r", "--limit", "100", "--json").Expect(0).Json.GetProperty("commits").GetArrayLength();
}
