using System.Text;
using Smelt.DuckDb;

namespace Smelt.Lake.Tests.Log;

/// <summary>Broken logs: whatever byte is changed, a table is read or refused with a clear fault, soon and without leaving its folder.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_changed_byte_anywhere_in_the_log_gives_rows_or_a_clear_fault()
    {
        using var lake = new TestLake();
        Copy(Shared.Path("delta-conformance", "golden", "dv-partitioned-with-checkpoint", "delta"), lake.Store.Locate("t"));
        for (var i = 0; i < 3; i++)
            await lake.WriteAsync("p", $"SELECT {i} AS id, 'x' AS word, DATE '2020-01-01' AS day", options: i == 0 ? new TableOptions { PartitionBy = ["word"] } : null);
        var random = new Random(20260728);
        var files = Directory.EnumerateFiles(lake.Root, "*", SearchOption.AllDirectories)
            .Where(f => f.Contains("_delta_log") && (f.EndsWith(".json") || f.EndsWith(".parquet") || f.EndsWith("_last_checkpoint")) || f.EndsWith(".bin")).Order().ToList();
        var (read, refused, rounds) = (0, 0, Deep.Count(250, 10_000));
        for (var round = 0; round < rounds; round++)
        {
            var file = files[random.Next(files.Count)];
            var whole = await File.ReadAllBytesAsync(file);
            await File.WriteAllBytesAsync(file, Mutated(whole, random));
            try
            {
                var name = file.Contains("/p/") ? "p" : "t";
                var reading = Task.Run(async () => await lake.RowsAsync(name));
                Assert.True(await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(60))) == reading, $"{file} in round {round} is read for ever");
                await reading;
                read++;
            }
            catch (Exception e) when (e is LakeException or DuckDbException)
            {
                // DuckDB's own words are for what its reader finds: a data file under another name, a value that is not of its column's type.
                refused++;
                Assert.False(string.IsNullOrWhiteSpace(e.Message));
            }
            await File.WriteAllBytesAsync(file, whole);
        }
        output.WriteLine($"{rounds} changed files: {read} read all the same, {refused} refused");
        Assert.True(refused > rounds / 10);
        Assert.NotEmpty(await lake.RowsAsync("t"));
    }

    public static TheoryData<string> OutsidePaths => ["../secret.parquet", "x/../../secret.parquet", "%2e%2e/secret.parquet", "..%2Fsecret.parquet", "./../secret.parquet"];

    [Theory]
    [MemberData(nameof(OutsidePaths))]
    public async Task A_relative_path_that_leads_out_of_the_table_is_refused(string path)
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id");
        await lake.WriteAsync("other", "SELECT 2 AS id");
        File.Copy(Directory.EnumerateFiles(lake.Store.Locate("other"), "*.parquet").First(), lake.Store.Locate("secret.parquet"));
        var line = $"{{\"add\":{{\"path\":\"{path}\",\"partitionValues\":{{}},\"size\":1,\"modificationTime\":1,\"dataChange\":true}}}}";
        await File.WriteAllTextAsync(lake.Store.Locate(LogFile.CommitKey("t", 1)), line);
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await lake.RowsAsync("t"));
        Assert.Equal("store-bad-key", fault.Code);
        var vector = line.Replace("\"dataChange\":true", "\"dataChange\":true,\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"../../ab^-aqEH.-t@S}K{vb[*k^\",\"offset\":1,\"sizeInBytes\":8,\"cardinality\":1}")
            .Replace(path, "x.parquet");
        await File.WriteAllTextAsync(lake.Store.Locate(LogFile.CommitKey("t", 1)), vector);
        Assert.IsType<DeltaLogException>(await Assert.ThrowsAnyAsync<LakeException>(async () => await lake.RowsAsync("t")));
    }

    [Fact]
    public async Task An_absolute_path_is_read_as_the_protocol_has_it()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id");
        await lake.WriteAsync("other", "SELECT 2 AS id");
        var file = Directory.EnumerateFiles(lake.Store.Locate("other"), "*.parquet").First();
        await File.WriteAllTextAsync(lake.Store.Locate(LogFile.CommitKey("t", 1)),
            $"{{\"add\":{{\"path\":\"file://{file}\",\"partitionValues\":{{}},\"size\":{new FileInfo(file).Length},\"modificationTime\":1,\"dataChange\":true}}}}");
        Assert.Equal(["""{"id":1}""", """{"id":2}"""], await lake.RowsAsync("t"));
    }

    [Fact]
    public async Task A_vector_in_a_checkpoint_counts_though_the_table_has_vectors_off()
    {
        using var lake = new TestLake();
        Copy(Shared.Path("delta-conformance", "golden", "dv-partitioned-with-checkpoint", "delta"), lake.Store.Locate("t"));
        var (table, before) = (lake.Lake.Table("t"), await lake.RowsAsync("t"));
        var snapshot = await table.SnapshotAsync();
        Assert.Contains(snapshot.Files, f => f.DeletionVector is not null);
        var actions = new CommitActions { Info = new CommitInfo { Operation = "SET TBLPROPERTIES" }, Metadata = snapshot.Metadata with { Configuration = new Dictionary<string, string>(snapshot.Metadata.Configuration) { ["delta.enableDeletionVectors"] = "false" } } };
        await File.WriteAllBytesAsync(lake.Store.Locate(LogFile.CommitKey("t", snapshot.Version + 1)), CommitBuilder.Serialize(actions).ToArray());
        await table.CheckpointAsync(await table.SnapshotAsync());
        foreach (var commit in Directory.EnumerateFiles(lake.Store.Locate("t/_delta_log"), "*.json"))
            File.Delete(commit);
        Assert.Equal(before, await lake.RowsAsync("t"));
    }

    private static byte[] Mutated(byte[] whole, Random random)
    {
        var bytes = whole.ToArray();
        switch (random.Next(5))
        {
            case 0: return bytes[..random.Next(bytes.Length)];
            case 1: return [.. bytes[..random.Next(bytes.Length)], .. bytes[random.Next(bytes.Length)..]];
            case 2: return [.. bytes, .. Encoding.UTF8.GetBytes("{\"add\":{\"path\":")];
            default:
                for (var n = random.Next(1, 4); n > 0; n--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Join(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
