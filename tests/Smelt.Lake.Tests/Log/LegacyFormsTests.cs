namespace Smelt.Lake.Tests.Log;

/// <summary>Compactions and checksum files beside the commits.</summary>
public sealed class LegacyFormsTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_compaction_stands_for_its_commits_and_one_that_cannot_be_read_is_passed_over()
    {
        using var lake = new TestLake();
        for (var v = 0; v < 9; v++)
            await lake.WriteAsync("t", $"SELECT {v} AS id", v == 5 ? PlanKind.Overwrite : PlanKind.Append, txn: new TransactionMark("f", v));
        var table = lake.Lake.Table("t");
        var expected = new List<List<string>>();
        for (var v = 0; v < 9; v++)
            expected.Add(Files(await table.SnapshotAsync(v)));
        await CompactAsync(lake, 2, 4);
        var furthest = await CompactAsync(lake, 2, 7);
        for (var v = 0; v < 9; v++)
            Assert.Equal((string.Join('\n', expected[v]), (long)v), (string.Join('\n', Files(await table.SnapshotAsync(v))), (await table.SnapshotAsync(v)).Transactions["f"].Version));
        Assert.Equal(7, await table.LastDataChangeVersionAsync(await table.SnapshotAsync(7)));
        // They are what is read: with the commits gone they still give their versions, and broken ones leave a gap.
        for (var v = 2; v < 7; v++)
            File.Delete(lake.Store.Locate(LogFile.CommitKey("t", v)));
        Assert.Equal(expected[4], Files(await table.SnapshotAsync(4)));
        Assert.Equal(expected[8], Files(await table.SnapshotAsync(8)));
        foreach (var text in new[] { "{\"add\":", "{\"add\":{\"path\":\"a\"}}\n{\"remove\":{\"path\":\"a\"}}" })
        {
            await File.WriteAllTextAsync(furthest, text, Cancel);
            var fault = await Assert.ThrowsAsync<DeltaLogException>(async () => await table.SnapshotAsync());
            Assert.EndsWith("00000000000000000007.compacted.json", fault.File);
            Assert.Equal(expected[4], Files(await table.SnapshotAsync(4)));
        }
    }

    [Fact]
    public async Task A_compaction_that_says_two_things_of_a_file_gives_way_to_its_commits()
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "feature", "compacted-log-files-table"));
        var snapshot = await lake.Lake.Table("").SnapshotAsync(10, Cancel);
        Assert.Equal(3, snapshot.Files.Count);
    }

    [Fact]
    public async Task Every_checksum_file_of_other_writers_agrees_with_their_logs()
    {
        var (compared, root) = (0, Shared.Path("delta-conformance"));
        foreach (var file in Directory.EnumerateFiles(root, "0*.crc", SearchOption.AllDirectories))
        {
            var log = Path.GetDirectoryName(file)!;
            // Made up by hand: its features do not go together.
            if (log.Contains("crc-full", StringComparison.Ordinal))
                continue;
            using var lake = new TestLake(Path.GetDirectoryName(log));
            Snapshot snapshot;
            try
            {
                snapshot = await lake.Lake.Table("").SnapshotAsync(long.Parse(Path.GetFileNameWithoutExtension(file)), Cancel);
            }
            catch (LakeException)
            {
                // Refused for what it is; other tests say why.
                continue;
            }
            Assert.True(snapshot.HasChecksum, file);
            Assert.True(snapshot.ChecksumFaults.Count == 0, $"{file}: {string.Join("; ", snapshot.ChecksumFaults)}");
            compared++;
        }
        Assert.True(compared >= 25, $"{compared}");
    }

    [Fact]
    public async Task A_checksum_file_that_differs_is_told_and_never_believed()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var snapshot = await lake.Lake.Table("t").SnapshotAsync();
        var file = lake.Store.Locate(LogFile.ChecksumKey("t", 0));
        await File.WriteAllTextAsync(file, $"{{\"tableSizeBytes\":{snapshot.SizeInBytes},\"numFiles\":1,\"numMetadata\":1,\"numProtocol\":1}}", Cancel);
        Assert.Empty((await lake.Lake.Table("t").SnapshotAsync()).ChecksumFaults);
        foreach (var (text, said) in new[]
        {
            ("{\"numFiles\":2}", "numFiles: 2 by the checksum file, 1 by the log"), ("{\"tableSizeBytes\":1}", "tableSizeBytes"), ("{\"numDeletedRecordsOpt\":4}", "numDeletedRecordsOpt"),
            ("{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7}}", "another protocol"), ("{\"metadata\":{\"id\":\"x\",\"schemaString\":\"{}\"}}", "other metadata"),
            ("{\"domainMetadata\":[{\"domain\":\"d\",\"configuration\":\"c\"}]}", "'d' differs"), ("{\"numFiles\":\"many\"", "cannot be read"), ("[]", "cannot be read"),
        })
        {
            await File.WriteAllTextAsync(file, text, Cancel);
            var again = await lake.Lake.Table("t").SnapshotAsync();
            Assert.Contains(said, Assert.Single(again.ChecksumFaults));
            Assert.Equal(snapshot.SizeInBytes, again.SizeInBytes);
        }
    }

    private static List<string> Files(Snapshot snapshot) => [.. snapshot.Files.Select(f => $"{f.Path} {f.DeletionVector?.UniqueId} {f.Size}").Order(StringComparer.Ordinal)];

    /// <summary>Writes a compaction as the protocol has it: the last action on each file.</summary>
    private static async Task<string> CompactAsync(TestLake lake, int from, int to)
    {
        var (files, marks) = (new Dictionary<string, string>(), new Dictionary<string, string>());
        for (var v = from; v <= to; v++)
            foreach (var line in await File.ReadAllLinesAsync(lake.Store.Locate(LogFile.CommitKey("t", v)), Cancel))
            {
                var action = System.Text.Json.Nodes.JsonNode.Parse(line)!.AsObject().Single();
                if (action.Key is "add" or "remove")
                    files[action.Value!["path"]!.GetValue<string>()] = line;
                else if (action.Key == "txn")
                    marks["f"] = line;
            }
        var file = lake.Store.Locate($"t/_delta_log/{from:D20}.{to:D20}.compacted.json");
        await File.WriteAllLinesAsync(file, files.Values.Concat(marks.Values), Cancel);
        return file;
    }
}
