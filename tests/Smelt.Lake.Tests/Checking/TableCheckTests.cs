namespace Smelt.Lake.Tests.Checking;

public sealed class TableCheckTests
{
    [Fact]
    public async Task Everything_that_can_be_wrong_is_found_by_kind_and_file()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 12; i++)
            await lake.WriteAsync("t", $"SELECT {i} AS id");
        var table = lake.Lake.Table("t");
        var whole = await table.CheckAsync();
        Assert.Equal((11L, 12, 0), (whole.Version!.Value, whole.Files, whole.OrphanFiles));
        Assert.Empty(whole.Findings);
        var files = (await table.SnapshotAsync()).Files.Select(f => lake.Store.Locate($"t/{f.Path}")).ToList();
        File.Delete(files[0]);
        await File.WriteAllTextAsync(files[1], "no parquet at all");
        File.Copy(files[3], files[2], overwrite: true);
        await File.WriteAllTextAsync(lake.Store.Locate("t/left.parquet"), "x");
        await File.WriteAllTextAsync(lake.Store.Locate(LogFile.ChecksumKey("t", 11)), "{\"numFiles\":99}");
        await File.WriteAllTextAsync(lake.Store.Locate(LogFile.CheckpointKey("t", 10)), "damaged");
        var commit = lake.Store.Locate(LogFile.CommitKey("t", 5));
        await File.WriteAllTextAsync(commit, (await File.ReadAllTextAsync(commit)).Replace("numRecords\\\":1", "numRecords\\\":7"));
        var check = await table.CheckAsync();
        Assert.Equal([TableFindingKind.Checkpoint, TableFindingKind.Checksum, TableFindingKind.MissingFile, TableFindingKind.FileSize, TableFindingKind.UnreadableFile, TableFindingKind.RowCount],
            check.Findings.Select(f => f.Kind).Distinct().Order());
        Assert.Equal((1, 1L), (check.OrphanFiles, check.OrphanBytes));
        File.Delete(lake.Store.Locate(LogFile.CommitKey("t", 6)));
        var broken = await table.CheckAsync();
        Assert.Null(broken.Version);
        Assert.Equal([TableFindingKind.Log, TableFindingKind.Gap], broken.Findings.Select(f => f.Kind).Order());
    }

    [Fact]
    public async Task A_damaged_deletion_vector_is_found()
    {
        var from = Shared.Path("delta-conformance", "golden", "dv-partitioned-with-checkpoint", "delta");
        using var lake = new TestLake();
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Join(lake.Root, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        var table = lake.Lake.Table("");
        Assert.Empty((await table.CheckAsync()).Findings);
        foreach (var vector in Directory.EnumerateFiles(lake.Root, "*.bin", SearchOption.AllDirectories))
            await File.WriteAllBytesAsync(vector, new byte[new FileInfo(vector).Length]);
        Assert.All((await table.CheckAsync()).Findings, f => Assert.Equal(TableFindingKind.DeletionVector, f.Kind));
        Assert.NotEmpty((await table.CheckAsync()).Findings);
    }
}
