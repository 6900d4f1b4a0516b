using Smelt.Lake.Tests.Interop;

namespace Smelt.Lake.Tests.Changes;

/// <summary>The change data feed: rows that came, went and changed, version by version.</summary>
public sealed class ChangeFeedTests(SparkFixture spark)
{
    // Spark takes its time for each: one table in ./test, the other under deep.
    public static TheoryData<string, string> Tables
    {
        get
        {
            var tables = new TheoryData<string, string> { { "names", "'delta.columnMapping.mode' = 'name', 'delta.enableDeletionVectors' = 'true', 'delta.enableInCommitTimestamps' = 'true'," } };
            if (Deep.Count(0, 1) == 1)
                tables.Add("ids", "'delta.columnMapping.mode' = 'id',");
            return tables;
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task The_changes_of_every_range_are_those_that_Spark_tells(string name, string properties)
    {
        using var lake = new TestLake();
        var (table, path) = (lake.Lake.Table(name), lake.Store.Locate(name));
        var t = $"delta.`{path}`";
        foreach (var statement in new[]
        {
            $"CREATE TABLE {t} (id BIGINT, name STRING, grp INT, amount DECIMAL(10,2)) USING delta PARTITIONED BY (grp) TBLPROPERTIES ({properties} 'delta.enableChangeDataFeed' = 'true')",
            $"INSERT INTO {t} SELECT id, concat('n', id), CAST(id % 3 AS INT), CAST(id / 4 AS DECIMAL(10,2)) FROM range(0, 60, 1, 2)",
            $"UPDATE {t} SET name = upper(name) WHERE id IN (4, 5)",
            $"DELETE FROM {t} WHERE id = 7",
            $"DELETE FROM {t} WHERE grp = 1",
            $"MERGE INTO {t} AS t USING (SELECT 6L AS id, 'merged' AS name, 0 AS grp UNION ALL SELECT 200L, 'new', 6 UNION ALL SELECT 8L, 'gone', 2) AS s ON t.id = s.id "
                + "WHEN MATCHED AND s.name = 'gone' THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name, grp) VALUES (s.id, s.name, s.grp)",
            $"OPTIMIZE {t}",
            $"RESTORE TABLE {t} TO VERSION AS OF 3",
            $"ALTER TABLE {t} ADD COLUMN (extra STRING)",
            $"INSERT INTO {t} (id, name, grp, extra) VALUES (300, 'late', 1, 'e')",
            $"INSERT OVERWRITE {t} SELECT 1L, 'all', 1, 1.5, 'x'",
        })
            await spark.SqlAsync(statement);
        var newest = (await table.LatestVersionAsync())!.Value;
        foreach (var (from, to) in new[] { (0L, newest), (2, 3), (7, 7) })
        {
            var scan = await table.ChangesAsync(from, to);
            // Spark gives the columns of today's schema where a table maps no names: those of the last version asked for are compared.
            var columns = string.Join(", ", scan.Schema.Fields.Select(f => $"`{f.Name}`"));
            Assert.Equal(await spark.RowsAsync(lake, $"SELECT {columns} FROM table_changes_by_path('{path}', {from}, {to})", scan.Schema), await lake.RowsAsync(scan));
        }
        var times = (await table.HistoryAsync()).ToDictionary(c => c.Version, c => c.Timestamp!.Value);
        Assert.Equal((2, 3), await table.VersionsBetweenAsync(times[2], times[4] - 1));
        Assert.Equal((0, newest), await table.VersionsBetweenAsync(0));
    }

    public static TheoryData<string, int, int> Feeds => new()
    {
        { "cdf-table-simple", 0, 3 }, { "cdf-table-with-dv", 0, 2 }, { "cdf-table-update-ops", 0, 2 }, { "cdf-table-partitioned", 0, 2 }, { "cdf-table-data-change", 0, 1 }, { "cdf-column-mapping-name-mode", 1, 3 },
    };

    [Theory]
    [MemberData(nameof(Feeds))]
    public async Task The_changes_of_other_writers_tables_are_those_that_Spark_tells(string name, int from, int to)
    {
        var root = Shared.Path("delta-conformance", "feature", name);
        using var lake = new TestLake(root);
        using var scratch = new TestLake();
        var table = lake.Lake.Table("");
        var scan = await table.ChangesAsync(from, Math.Min(to, (await table.LatestVersionAsync())!.Value));
        var columns = string.Join(", ", scan.Schema.Fields.Select(f => $"`{f.Name}`"));
        Assert.Equal(await spark.RowsAsync(scratch, $"SELECT {columns} FROM table_changes_by_path('{root}', {from}, {to})", scan.Schema), await lake.RowsAsync(scan));
    }

    [Fact]
    public async Task What_the_log_does_not_tell_any_more_is_refused_with_the_reason()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        var feed = new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" } };
        await lake.WriteAsync("t", "SELECT 1 AS id");
        await lake.WriteAsync("t", "SELECT 2 AS id", options: feed);
        await lake.WriteAsync("t", "SELECT 3 AS id, 'x' AS word");
        await lake.WriteAsync("t", "SELECT 4 AS id", PlanKind.Overwrite);
        await lake.WriteAsync("t", "SELECT 5 AS id");
        Assert.Equal(2, (await lake.RowsAsync(await table.ChangesAsync(1, 2))).Count);
        await RefusedAsync(0, 1, "changes-not-recorded", "version 0 did not record its changes");
        await RefusedAsync(2, 4, "changes-incompatible", "the column 'word' was dropped or renamed");
        await RefusedAsync(9, null, "log-version-not-found", "the newest is 4");
        await RefusedAsync(3, 2, "log-version-not-found", "before they begin");
        var removed = (await LogReader.CommitAsync(table, 3, default))!.Removes[0].Path;
        File.Delete(lake.Store.Locate($"t/{removed}"));
        await RefusedAsync(3, 3, "log-version-not-found", $"VACUUM took '{removed}'");
        Assert.Single(await lake.RowsAsync(await table.ChangesAsync(4)));
        await table.CheckpointAsync(await table.SnapshotAsync(3));
        for (var v = 0; v < 4; v++)
            File.Delete(lake.Store.Locate(LogFile.CommitKey("t", v)));
        await RefusedAsync(2, 4, "log-version-not-found", "cleaned up");
        await RefusedAsync(3, 4, "log-version-not-found", "its commit was cleaned up");
        Assert.Single(await lake.RowsAsync(await table.ChangesAsync(4)));

        async Task RefusedAsync(long from, long? to, string code, string said)
        {
            var fault = await Assert.ThrowsAsync<DeltaLogException>(async () => await table.ChangesAsync(from, to));
            Assert.Equal(code, fault.Code);
            Assert.Contains(said, fault.Message);
        }
    }

    [Fact]
    public async Task A_vector_that_grew_gives_deletes_and_one_that_shrank_gives_inserts()
    {
        using var lake = new TestLake();
        var feed = new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" } };
        await lake.WriteAsync("t", "SELECT i AS id FROM range(10) t(i)", options: feed);
        var table = lake.Lake.Table("t");
        var add = (await LogReader.CommitAsync(table, 0, default))!.Adds[0];
        // {3,4,7,11,18,29} of the protocol's own example; only three of them are rows of the file.
        var vector = new DeletionVector("i", "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", null, 40, 6);
        var actions = new CommitActions { Info = new CommitInfo { Operation = "DELETE" } };
        actions.Removes.Add(RemoveFile.Of(add, 1));
        actions.Adds.Add(add with { DeletionVector = vector });
        await File.WriteAllBytesAsync(lake.Store.Locate(LogFile.CommitKey("t", 1)), CommitBuilder.Serialize(actions).ToArray(), TestContext.Current.CancellationToken);
        actions = new CommitActions { Info = new CommitInfo { Operation = "RESTORE" } };
        actions.Removes.Add(RemoveFile.Of(add with { DeletionVector = vector }, 2));
        actions.Adds.Add(add);
        await File.WriteAllBytesAsync(lake.Store.Locate(LogFile.CommitKey("t", 2)), CommitBuilder.Serialize(actions).ToArray(), TestContext.Current.CancellationToken);
        var changes = (await lake.RowsAsync(await table.ChangesAsync(1, 2))).Select(r => System.Text.Json.JsonDocument.Parse(r).RootElement)
            .Select(r => $"{r.GetProperty("_commit_version")} {r.GetProperty("_change_type")} {r.GetProperty("id")}");
        Assert.Equal(["1 delete 3", "1 delete 4", "1 delete 7", "2 insert 3", "2 insert 4", "2 insert 7"], changes.Order(StringComparer.Ordinal));
    }
}
