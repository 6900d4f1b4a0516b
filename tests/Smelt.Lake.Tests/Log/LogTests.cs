using System.Diagnostics;

namespace Smelt.Lake.Tests.Log;

public sealed class LogTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_corrupt_commit_is_told_by_file_and_line()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var file = lake.Store.Locate("t/_delta_log/00000000000000000001.json");
        foreach (var (text, line) in new[] { ("{\"txn\":{\"appId\":\"a\",\"version\":1}}\n{\"add\":{\"path\":", 2), ("{\"add\":{\"size\":1}}", 1), ("{\"unknown\":{}}\n\n{\"txn\":{\"appId\":\"a\",\"version\":\"x\"}}", 3), ("[]", 1), ("\0\0\0", 1) })
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            var fault = await Assert.ThrowsAsync<DeltaLogException>(async () => await lake.Lake.Table("t").SnapshotAsync());
            Assert.Equal((DeltaLogFault.Corrupt, "t/_delta_log/00000000000000000001.json", line), (fault.Fault, fault.File, fault.Line!.Value));
        }
    }

    [Fact]
    public async Task Unknown_actions_and_fields_are_passed_over_and_unknown_features_refused_by_name()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var table = lake.Lake.Table("t");
        var file = lake.Store.Locate("t/_delta_log/00000000000000000001.json");
        await File.WriteAllTextAsync(file, "{\"news\":{\"a\":[1,{}]}}\n{\"txn\":{\"appId\":\"a\",\"version\":5,\"later\":{}}}\n{\"commitInfo\":{\"operation\":5,\"operationParameters\":\"text\",\"timestamp\":\"x\"}}\n", TestContext.Current.CancellationToken);
        Assert.Equal(5, (await table.SnapshotAsync()).Transactions["a"].Version);
        await File.WriteAllTextAsync(file, """{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors","holograms"],"writerFeatures":["deletionVectors","holograms"]}}""", TestContext.Current.CancellationToken);
        Assert.Equal(["holograms"], (await Assert.ThrowsAsync<UnsupportedProtocolException>(async () => await table.SnapshotAsync())).Features);
        await File.WriteAllTextAsync(file, """{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["icebergCompatV3","appendOnly"]}}""", TestContext.Current.CancellationToken);
        var snapshot = await table.SnapshotAsync();
        var plan = await lake.PlanAsync(table, snapshot, "SELECT 2 AS id");
        Assert.Equal(["icebergCompatV3"], (await Assert.ThrowsAsync<UnsupportedProtocolException>(async () => await table.CommitAsync(plan))).Features);
    }

    [Fact]
    public async Task A_broken_checkpoint_or_hint_is_passed_over_while_the_commits_are_there()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 11; i++)
            await lake.WriteAsync("t", $"SELECT {i} AS id", txn: new TransactionMark("f", i));
        var expected = await lake.RowsAsync("t");
        Assert.Equal(11, expected.Count);
        var hint = lake.Store.Locate("t/_delta_log/_last_checkpoint");
        foreach (var text in new[] { "", "{", "{\"version\":7}", "{\"version\":\"x\"}", "{\"version\":99,\"size\":1}" })
        {
            await File.WriteAllTextAsync(hint, text, TestContext.Current.CancellationToken);
            Assert.Equal(expected, await lake.RowsAsync("t"));
        }
        await File.WriteAllTextAsync(lake.Store.Locate("t/_delta_log/00000000000000000010.checkpoint.parquet"), "not parquet", TestContext.Current.CancellationToken);
        Assert.Equal(expected, await lake.RowsAsync("t"));
        File.Delete(lake.Store.Locate("t/_delta_log/00000000000000000002.json"));
        var fault = await Assert.ThrowsAsync<DeltaLogException>(async () => await lake.Lake.Table("t").SnapshotAsync());
        Assert.Equal("t/_delta_log/00000000000000000010.checkpoint.parquet", fault.File);
    }

    [Fact]
    public async Task A_checkpoint_alone_gives_the_whole_state_and_keeps_transactions_and_tombstones()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 11; i++)
            await lake.WriteAsync("t", $"SELECT {i} AS id, 'p' || ({i} % 2) AS p", i == 5 ? PlanKind.Overwrite : PlanKind.Append, txn: new TransactionMark("f", i),
                options: i == 0 ? new TableOptions { PartitionBy = ["p"] } : null);
        var table = lake.Lake.Table("t");
        var before = await table.SnapshotAsync();
        foreach (var file in Directory.EnumerateFiles(lake.Store.Locate("t/_delta_log"), "*.json"))
            File.Delete(file);
        var after = await table.SnapshotAsync();
        Assert.Equal((10L, before.Metadata, before.Protocol, 10L), (after.Version, after.Metadata, after.Protocol, after.Transactions["f"].Version));
        Assert.Equal(before.Files.Select(f => (f.Path, f.Size, f.Stats, f.PartitionValues["p"])).Order(), after.Files.Select(f => (f.Path, f.Size, f.Stats, f.PartitionValues["p"])).Order());
        Assert.Equal(5, after.State.Tombstones.Count);
        Assert.Equal(11, Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 99 AS id, 'p1' AS p")).Version);
        Assert.Equal("log-version-not-found", (await Assert.ThrowsAsync<DeltaLogException>(async () => await table.SnapshotAsync(40))).Code);
    }

    [Fact]
    public async Task A_scan_with_deletion_vectors_works_as_a_view_of_an_attached_catalog()
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "golden", "dv-partitioned-with-checkpoint"));
        var table = lake.Lake.Table("delta");
        var scan = table.Scan(await table.SnapshotAsync());
        Assert.True(scan.NeedsSetup);
        lake.Duck.Execute("ATTACH ':memory:' AS step_7; USE step_7; CREATE SCHEMA silver");
        await scan.PrepareAsync(lake.Duck);
        lake.Duck.Execute($"CREATE VIEW silver.t AS {scan.Sql}");
        Assert.Equal((await table.SnapshotAsync()).NumRecords, lake.Duck.Scalar("SELECT count(*) FROM silver.t"));
    }

    [Fact]
    public async Task Creating_many_small_tables_costs_a_few_fsyncs_each()
    {
        using var lake = new TestLake();
        const int tables = 100;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < tables; i++)
            await lake.Store.EnsureFolderAsync($"silver/t{i}");
        var before = lake.Store.DirectorySyncs;
        for (var i = 0; i < tables; i++)
            Assert.IsType<CommitResult.Committed>(await lake.WriteAsync($"silver/t{i}", $"SELECT {i} AS id, 'x' AS name"));
        output.WriteLine($"{tables} tables: {clock.Elapsed.TotalMilliseconds:F0} ms, {lake.Store.DirectorySyncs - before} fsyncs of directories");
        // The table's folder with its data file and its log's entry, and the log's folder; two for what lies above them all.
        Assert.True(lake.Store.DirectorySyncs - before <= 2 * tables + 2);
    }
}
