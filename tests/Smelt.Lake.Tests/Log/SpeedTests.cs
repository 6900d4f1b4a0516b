using System.Diagnostics;

namespace Smelt.Lake.Tests.Log;

public sealed class SpeedTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_thousand_small_tables_open_without_DuckDB_in_well_under_a_second()
    {
        const int tables = 1000, commits = 5;
        var root = Directory.CreateTempSubdirectory("smelt-speed-").FullName;
        try
        {
            for (var t = 0; t < tables; t++)
                Write(Path.Join(root, "silver", $"t{t}", "_delta_log"), commits);
            var lake = new DeltaLake(new LocalObjectStore(root), () => throw new InvalidOperationException("a small log needs no Parquet"));
            await lake.Table("silver/t0").SnapshotAsync(cancel: TestContext.Current.CancellationToken);
            var clock = Stopwatch.StartNew();
            var files = 0;
            for (var t = 0; t < tables; t++)
                files += (await lake.Table($"silver/t{t}").SnapshotAsync(cancel: TestContext.Current.CancellationToken)).Files.Count;
            output.WriteLine($"{tables} tables of {commits} commits: {clock.Elapsed.TotalMilliseconds:F0} ms");
            Assert.Equal(tables * commits, files);
            // 300 ms alone on one core; the machine of a test may be busy.
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1.5), $"{clock.Elapsed}");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Write(string log, int commits)
    {
        Directory.CreateDirectory(log);
        for (var v = 0; v < commits; v++)
        {
            var actions = new CommitActions { Info = new CommitInfo { Timestamp = v, Operation = "WRITE" } };
            if (v == 0)
            {
                actions.Protocol = new TableProtocol(1, 2);
                actions.Metadata = new TableMetadata { Id = "x", SchemaString = SchemaJson.Write(new StructType([.. Enumerable.Range(0, 10).Select(i => new DeltaField($"c{i}", DeltaType.String))])) };
            }
            actions.Adds.Add(new AddFile { Path = $"part-{v}.parquet", Size = 1, Stats = """{"numRecords":10,"minValues":{"c0":"a"},"maxValues":{"c0":"z"},"nullCount":{"c0":0}}""" });
            File.WriteAllBytes(Path.Join(log, $"{v:D20}.json"), CommitBuilder.Serialize(actions).ToArray());
        }
    }
}
