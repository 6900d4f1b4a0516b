namespace Smelt.Lake.Tests.Changes;

public sealed class ChangeTests
{
    [Fact]
    public async Task A_reader_of_appends_gets_each_versions_files_once()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 4; i++)
            await lake.WriteAsync("t", $"SELECT {i} AS id");
        await lake.WriteAsync("t", "SELECT 9 AS id, 'x' AS more");
        var table = lake.Lake.Table("t");
        var now = await table.SnapshotAsync();
        var appends = Assert.IsType<ChangeRange.Appends>(await table.AppendsBetweenAsync(now.Metadata.Id, 1, now));
        Assert.Equal([2L, 3L, 4L], appends.Versions.Select(v => v.Version));
        Assert.True(appends.SchemaChanged);
        Assert.Equal(["""{"id":2,"more":null}""", """{"id":3,"more":null}""", """{"id":9,"more":"x"}"""], await lake.RowsAsync(table.Scan(now, appends.Files)));
        Assert.Empty(Assert.IsType<ChangeRange.Appends>(await table.AppendsBetweenAsync(now.Metadata.Id, now.Version, now)).Versions);
    }

    [Fact]
    public async Task What_a_reader_cannot_follow_is_told_by_kind_version_and_operation()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var first = await table.SnapshotAsync();
        await lake.WriteAsync("t", "SELECT 2 AS id", PlanKind.Overwrite);
        var now = await table.SnapshotAsync();
        Assert.Equal(new ChangeRange.Broken(ChangeBreak.Overwritten, 1, "WRITE"), await table.AppendsBetweenAsync(now.Metadata.Id, 0, now));
        Assert.Equal(ChangeBreak.Replaced, Assert.IsType<ChangeRange.Broken>(await table.AppendsBetweenAsync("another", 0, now)).Kind);
        Assert.Equal(ChangeBreak.Replaced, Assert.IsType<ChangeRange.Broken>(await table.AppendsBetweenAsync(first.Metadata.Id, 5, now)).Kind);

        var restore = new CommitActions { Info = new CommitInfo { Operation = "RESTORE" } };
        restore.Adds.AddRange(first.Files);
        restore.Removes.AddRange(now.Files.Select(f => RemoveFile.Of(f, 1)));
        await lake.Store.PutIfAbsentAsync(LogFile.CommitKey("t", 2), CommitBuilder.Serialize(restore));
        var restored = await table.UpdateAsync(now);
        Assert.Equal(new ChangeRange.Broken(ChangeBreak.Restored, 2, "RESTORE"), await table.AppendsBetweenAsync(now.Metadata.Id, 1, restored));

        File.Delete(lake.Store.Locate("t/_delta_log/00000000000000000001.json"));
        Assert.Equal(new ChangeRange.Broken(ChangeBreak.LogGone, 1, null), await table.AppendsBetweenAsync(now.Metadata.Id, 0, restored));
    }

    [Fact]
    public async Task Only_rows_and_schema_count_as_a_change_of_data_also_behind_a_checkpoint()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        await lake.WriteAsync("t", "SELECT 2 AS id");
        var id = (await table.SnapshotAsync()).Metadata.Id;
        for (var i = 0; i < 9; i++)
            await table.CommitAsync(new TablePlan
            {
                Folder = "t", Kind = PlanKind.Metadata, TableId = id, Operation = "SET TBLPROPERTIES", Attempt = $"{i}",
                SetProperties = new Dictionary<string, string?> { ["n"] = $"{i}" },
            });
        Assert.True(File.Exists(lake.Store.Locate("t/_delta_log/00000000000000000010.checkpoint.parquet")));
        Assert.Equal(1, await table.LastDataChangeVersionAsync(await table.SnapshotAsync()));
        Assert.Equal(0, await table.LastDataChangeVersionAsync(await table.SnapshotAsync(0)));
        await lake.WriteAsync("t", "SELECT 1 AS id, 2 AS x WHERE false");
        Assert.Equal(11, await table.LastDataChangeVersionAsync(await table.SnapshotAsync()));
    }
}
