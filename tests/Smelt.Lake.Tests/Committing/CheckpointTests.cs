using System.Text.Json;

namespace Smelt.Lake.Tests;

/// <summary>Checkpoints of both kinds, checksums and the cleaning of logs.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private DeltaTable Table => _lake.Lake.Table("t");

    private string Log(string pattern = "*") => string.Join(",", Directory.GetFiles(Path.Join(_lake.Root, "t/_delta_log"), pattern, SearchOption.AllDirectories).Select(Path.GetFileName).Order());

    private async Task WriteAsync(int commits, Dictionary<string, string?>? properties = null, int from = 0, string query = "SELECT {0} AS a, 'x' AS p, TIMESTAMPTZ '2024-01-01' AS t, {{n: 1}} AS s")
    {
        for (var i = from; i < from + commits; i++)
            Assert.IsType<CommitResult.Committed>(await _lake.WriteAsync("t", string.Format(query, i), options: new TableOptions { PartitionBy = ["p"], Properties = properties }, txn: new TransactionMark("f", i)));
    }

    [Fact]
    public async Task A_V2_checkpoint_with_sidecars_gives_the_whole_state()
    {
        await WriteAsync(11, new() { ["delta.checkpointPolicy"] = "v2" });
        await Table.DeleteAsync("a = 3");
        var before = await _lake.RowsAsync("t");
        Assert.Contains("v2Checkpoint", (await Table.SnapshotAsync()).Protocol.ReaderFeatures!);
        Assert.Matches(@"00000000000000000010\.checkpoint\.[0-9a-f-]{36}\.parquet", Log("*.checkpoint.*"));
        Assert.Single(Directory.GetFiles(Path.Join(_lake.Root, "t/_delta_log/_sidecars")));
        for (var v = 0; v <= 10; v++)
            File.Delete(_lake.Store.Locate($"t/_delta_log/{v:D20}.json"));
        Assert.Equal(before, await _lake.RowsAsync("t"));
        Assert.Equal(10, (await Table.SnapshotAsync()).Transactions["f"].Version);
    }

    [Fact]
    public async Task Statistics_stand_in_checkpoints_as_text_and_as_columns_as_the_table_says()
    {
        await WriteAsync(11, new() { ["delta.checkpoint.writeStatsAsStruct"] = "true", ["delta.checkpoint.writeStatsAsJson"] = "false" });
        var file = _lake.Store.Locate("t/_delta_log/00000000000000000010.checkpoint.parquet");
        var row = _lake.Duck.Rows($"SELECT \"add\".stats_parsed.maxValues.a, \"add\".stats_parsed.minValues.t::VARCHAR, \"add\".stats_parsed.nullCount.s.n, \"add\".partitionValues_parsed.p FROM '{file}' WHERE \"add\".path IS NOT NULL ORDER BY 1 DESC")[0];
        Assert.Equal([10, "2024-01-01 00:00:00+00", 0L, "x"], row);
        Assert.DoesNotContain("stats VARCHAR", _lake.Duck.Rows($"SELECT typeof(\"add\") FROM '{file}'")[0][0]!.ToString());
        var stats = (await Table.SnapshotAsync()).Files.Select(f => f.Stats).First();
        Assert.Contains("\"maxValues\"", stats);
        Assert.Equal(11, (await Table.SnapshotAsync()).NumRecords);
    }

    [Fact]
    public async Task Every_version_has_a_checksum_that_its_replay_comes_to()
    {
        await WriteAsync(4, new() { ["delta.enableDeletionVectors"] = "true" });
        await Table.DeleteAsync("a = 2 OR a = 1");
        await Table.OptimizeAsync();
        for (var v = 0; v <= 5; v++)
        {
            var snapshot = await new DeltaLake(_lake.Store).Table("t").SnapshotAsync(v);
            using var crc = JsonDocument.Parse(await File.ReadAllTextAsync(_lake.Store.Locate($"t/_delta_log/{v:D20}.crc"), TestContext.Current.CancellationToken));
            Assert.Equal(snapshot.Files.Count, crc.RootElement.GetProperty("numFiles").GetInt32());
            Assert.Equal(snapshot.Files.Sum(f => f.Size), crc.RootElement.GetProperty("tableSizeBytes").GetInt64());
            Assert.Equal(snapshot.Metadata.SchemaString, crc.RootElement.GetProperty("metadata").GetProperty("schemaString").GetString());
        }
    }

    [Fact]
    public async Task The_log_is_cleaned_up_to_the_newest_checkpoint_that_is_old_enough()
    {
        await WriteAsync(25);
        var old = DateTime.UtcNow.AddDays(-40);
        for (var v = 0; v <= 22; v++)
            foreach (var file in Directory.GetFiles(Path.Join(_lake.Root, "t/_delta_log"), $"{v:D20}*"))
                File.SetLastWriteTimeUtc(file, old.AddMinutes(v));
        _lake.Clock.Advance(DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow());
        await WriteAsync(6, from: 25);
        Assert.StartsWith("00000000000000000020.checkpoint.parquet,00000000000000000020.crc,00000000000000000020.json,00000000000000000021.", Log("0*"));
        Assert.Equal(31, (await _lake.RowsAsync("t")).Count);
        Assert.Equal(21, (await _lake.RowsAsync("t", 20)).Count);
        Assert.Equal(DeltaLogFault.VersionNotFound, (await Assert.ThrowsAsync<DeltaLogException>(async () => await Table.SnapshotAsync(19))).Fault);
    }

    [Fact]
    public async Task A_log_that_may_not_be_cleaned_is_left_alone()
    {
        await WriteAsync(11, new() { ["delta.enableExpiredLogCleanup"] = "false", ["delta.logRetentionDuration"] = "interval 1 day" });
        foreach (var file in Directory.GetFiles(Path.Join(_lake.Root, "t/_delta_log")))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-40));
        _lake.Clock.Advance(DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow());
        await WriteAsync(10, from: 11);
        Assert.Contains("00000000000000000000.json", Log("0*.json"));
    }
}
