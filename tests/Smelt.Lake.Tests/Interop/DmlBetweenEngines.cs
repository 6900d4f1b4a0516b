using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake.Tests.Interop;

/// <summary>What we change is read equal by Spark, with its history, change feed and row ids; Spark goes on with our table, and we with what it left.</summary>
public sealed class DmlBetweenEngines(SparkFixture spark)
{
    private const string Rows =
        """
        SELECT i AS id, 'n' || i AS name, CASE WHEN i % 4 <> 0 THEN 'g ' || (i % 3) END AS grp, (i * 1.25)::DECIMAL(10, 2) AS money, {'a': i, 'b': {'c': 'x' || i}} AS deep,
          [i, NULL] AS list, TIMESTAMP '2020-01-01 00:00:00.123456' + to_days(i::INTEGER) AS clock, TIMESTAMPTZ '2021-01-01 00:00:00+00' + to_hours(i) AS instant
        FROM range({0}, {1}) AS t(i)
        """;

    public static TheoryData<string, bool> Kinds()
    {
        (string, bool)[] kinds =
        [
            ("delta.enableDeletionVectors,delta.enableChangeDataFeed,delta.enableRowTracking,delta.columnMapping.mode=name", true),
            ("", false),
            ("delta.enableDeletionVectors", true),
            ("delta.enableChangeDataFeed,delta.columnMapping.mode=name", true),
            ("delta.enableRowTracking,delta.enableChangeDataFeed,delta.enableInCommitTimestamps", false),
        ];
        return [.. kinds.Take(Deep.Count(2, kinds.Length))];
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_we_change_is_read_equal_by_Spark_which_goes_on_with_it(string features, bool partitioned)
    {
        using var lake = new TestLake();
        var properties = features.Split(',', StringSplitOptions.RemoveEmptyEntries).ToDictionary(static f => f.Split('=')[0], static string? (f) => f.Split('=').ElementAtOrDefault(1) ?? "true");
        await lake.WriteAsync("t", Query(0, 40), options: new TableOptions { Properties = properties, PartitionBy = partitioned ? ["grp"] : null });
        await lake.WriteAsync("t", Query(40, 60));
        await ChangeAsync(lake.Lake.Table("t"));
        await EqualAsync(lake, properties);
        var ours = $"delta.`{lake.Store.Locate("t")}`";
        await spark.SqlAsync($"MERGE INTO {ours} AS t USING (SELECT * FROM {ours} WHERE id % 10 = 1) AS s ON s.id = t.id WHEN MATCHED AND s.id > 30 THEN DELETE WHEN MATCHED THEN UPDATE SET name = 'spark'");
        await spark.SqlAsync($"UPDATE {ours} SET money = 0 WHERE id % 10 = 2");
        await spark.SqlAsync($"OPTIMIZE {ours}");
        await ChangeAsync(lake.Lake.Table("t"));
        await EqualAsync(lake, properties);
    }

    private static async Task ChangeAsync(DeltaTable table)
    {
        Done(await table.DeleteAsync("id % 7 = 3"));
        Done(await table.DeleteAsync("id % 7 = 4 AND id > 20"));
        Done(await table.UpdateAsync([new("name", "upper(name)"), new("deep.b.c", "'set'"), new("money", "money + id")], "id BETWEEN 10 AND 25"));
        Done(await table.MergeAsync(new MergeCommand
        {
            Source = Query(50, 56) + " UNION ALL " + Query(100, 104),
            SourceAlias = "s",
            On = "t.id = s.id",
            Clauses = [new MergeClause.Delete("s.id = 51"), new MergeClause.Update(null), new MergeClause.Insert(null)],
        }, new DmlOptions { Alias = "t" }));
        Done(await table.ReplaceWhereAsync($"SELECT * REPLACE ('g 1' AS grp) FROM ({Query(200, 205)})", "grp = 'g 1'"));
        Done(await table.InsertAsync(new InsertCommand { Source = Query(300, 310), ByName = true }));
        Done(await table.MergeAsync(new MergeCommand
        {
            Source = Query(0, 9),
            On = "target.id = source.id",
            Clauses = [new MergeClause.UpdateBySource([new("list", "[]")], "target.id < 14"), new MergeClause.DeleteBySource("target.id > 308 OR target.id = 12")],
        }));
    }

    private static void Done(DmlResult result) => Assert.True(result is DmlResult.Committed or DmlResult.Unchanged, result.ToString());

    private static string Query(int from, int to) => Rows.Replace("{0}", $"{from}", StringComparison.Ordinal).Replace("{1}", $"{to}", StringComparison.Ordinal);

    private async Task EqualAsync(TestLake lake, Dictionary<string, string?> properties)
    {
        var newest = await lake.Lake.Table("t").SnapshotAsync();
        Assert.Equal(await lake.RowsAsync("t"), await spark.RowsAsync(lake, "t"));
        Assert.Equal(newest.Version + 1, (await spark.SqlAsync($"DESCRIBE HISTORY delta.`{lake.Store.Locate("t")}`")).Count);
        if (properties.ContainsKey("delta.enableChangeDataFeed"))
            for (var version = Math.Max(1, newest.Version - Deep.Count(3, 7)); version <= newest.Version; version++)
                await FeedAddsUpAsync(lake, version);
        if (properties.ContainsKey("delta.enableRowTracking"))
            await IdsEqualAsync(lake, newest);
        if (properties.Count == 0)
            Assert.Equal(await lake.RowsAsync("t"), await DeltaRs.RowsAsync(lake.Store.Locate("t")));
    }

    /// <summary>The rows of the version before, changed as Spark's change feed says, are the version's.</summary>
    private async Task FeedAddsUpAsync(TestLake lake, long version)
    {
        var feed = await spark.CopyAsync(lake, $"SELECT id, name, grp, money, list, deep.b.c AS c, clock, instant, _change_type FROM table_changes_by_path('{lake.Store.Locate("t")}', {version}, {version})");
        async Task<string> RowsAtAsync(long at)
        {
            var table = lake.Lake.Table("t");
            var scan = table.Scan(await table.SnapshotAsync(at));
            await scan.PrepareAsync(lake.Duck, default);
            return $"(SELECT id, name, grp, money, list, deep.b.c AS c, clock, instant FROM ({scan.Sql}))";
        }
        var told = $"(SELECT * FROM {await RowsAtAsync(version - 1)} UNION ALL SELECT * EXCLUDE (_change_type) FROM {feed} WHERE _change_type IN ('insert', 'update_postimage')) "
            + $"EXCEPT ALL (SELECT * EXCLUDE (_change_type) FROM {feed} WHERE _change_type IN ('delete', 'update_preimage'))";
        Assert.Equal(TestLake.Json(lake.Duck, await RowsAtAsync(version)), TestLake.Json(lake.Duck, told));
    }

    private async Task IdsEqualAsync(TestLake lake, Snapshot newest)
    {
        var files = newest.Files.ToList();
        var scan = new ScanBuilder(lake.Lake.Table("t"), newest) { NumberOf = files.IndexOf }.Build(files);
        await scan.PrepareAsync(lake.Duck, default);
        var theirs = await spark.CopyAsync(lake, $"SELECT id, _metadata.row_id AS r, _metadata.row_commit_version AS v FROM delta.`{lake.Store.Locate("t")}`");
        Assert.Equal(TestLake.Json(lake.Duck, $"SELECT id, r, v FROM {theirs}"), TestLake.Json(lake.Duck, $"SELECT id, {RowPlace.RowId} AS r, {RowPlace.CommitVersion} AS v FROM ({scan.Sql})"));
    }

    [Fact]
    public async Task Our_history_counts_as_Sparks_does()
    {
        using var lake = new TestLake();
        foreach (var vectors in (bool[])[true, false])
        {
            if (Deep.Count(0, 1) == 0 && !vectors)
                continue;
            var (ours, theirs) = ($"ours-{vectors}", $"delta.`{lake.Store.Locate($"theirs-{vectors}")}`");
            await lake.WriteAsync(ours, "SELECT i AS id, 'n' || i AS name FROM range(100) t(i)", options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = vectors ? "true" : "false" } });
            await spark.SqlAsync($"CREATE TABLE {theirs} USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}') AS SELECT /*+ COALESCE(1) */ id, concat('n', id) AS name FROM range(0, 100, 1, 1)");
            var table = lake.Lake.Table(ours);
            string[] statements =
            [
                "DELETE FROM {0} WHERE id < 5", "DELETE FROM {0} WHERE id < 10", "UPDATE {0} SET name = 'u' WHERE id < 20",
                "MERGE INTO {0} AS t USING (SELECT id, 'm' AS name FROM range(90, 110)) AS s ON t.id = s.id WHEN MATCHED AND s.id > 95 THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
            ];
            foreach (var statement in statements)
                await spark.SqlAsync(statement.Replace("{0}", theirs, StringComparison.Ordinal));
            Done(await table.DeleteAsync("id < 5"));
            Done(await table.DeleteAsync("id < 10"));
            Done(await table.UpdateAsync([new("name", "'u'")], "id < 20"));
            Done(await table.MergeAsync(new MergeCommand
            {
                Source = "SELECT range AS id, 'm' AS name FROM range(90, 110)", SourceAlias = "s", On = "t.id = s.id",
                Clauses = [new MergeClause.Delete("s.id > 95"), new MergeClause.Update(null), new MergeClause.Insert(null)],
            }, new DmlOptions { Alias = "t" }));
            var wanted = await lake.Lake.Table($"theirs-{vectors}").HistoryAsync(4);
            var found = await table.HistoryAsync(4);
            foreach (var (want, have) in wanted.Zip(found))
            {
                Assert.Equal(want.Operation, have.Operation);
                Assert.Empty(want.OperationParameters.Keys.Except(have.OperationParameters.Keys));
                foreach (var (name, value) in want.OperationMetrics.Where(static m => !m.Key.EndsWith("TimeMs", StringComparison.Ordinal) && !m.Key.Contains("Bytes", StringComparison.Ordinal) && !m.Key.EndsWith("FilesAdded", StringComparison.Ordinal)))
                    Assert.True(have.OperationMetrics.GetValueOrDefault(name) == value, $"{want.Operation} {name}: Spark counts {value}, we {have.OperationMetrics.GetValueOrDefault(name)}");
            }
        }
    }
}
