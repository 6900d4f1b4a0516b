using System.Text.Json;

namespace Smelt.Lake.Tests.Interop;

/// <summary>Every feature and command of ours as Spark sees it, and what Spark makes of the table afterwards.</summary>
public sealed class FeaturesBetweenEngines(SparkFixture spark) : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private DeltaTable Table => _lake.Lake.Table("t");

    private string Ours => $"delta.`{_lake.Store.Locate("t")}`";

    private async Task EqualAsync()
    {
        // A reader that knows nothing of what is in memory here.
        var fresh = new DeltaLake(_lake.Store, TestLake.Connect).Table("t");
        var snapshot = await fresh.SnapshotAsync();
        Assert.Equal(await spark.RowsAsync(_lake, "t"), TestLake.Json(_lake.Duck, fresh.Scan(snapshot).Sql is var sql && !fresh.Scan(snapshot).NeedsSetup ? sql : await PreparedAsync(fresh, snapshot)));
    }

    private async Task<string> PreparedAsync(DeltaTable table, Snapshot snapshot)
    {
        var scan = table.Scan(snapshot);
        await scan.PrepareAsync(_lake.Duck);
        return scan.Sql;
    }

    private async Task CreateAsync(IReadOnlyList<ColumnSpec> columns, TableOptions options)
    {
        var clockNow = DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow();
        _lake.Clock.Advance(clockNow);
        Assert.IsType<CreateResult.Created>(await Table.CreateAsync(columns, null, options));
    }

    [Fact]
    public async Task Generated_identity_default_and_checked_columns_are_kept_by_both()
    {
        await CreateAsync(
            [
                new("id", DeltaType.Long) { Identity = new IdentitySpec(10, 5) }, new("a", DeltaType.Integer, Nullable: false), new("ts", DeltaType.Timestamp),
                new("day", DeltaType.Date) { GeneratedAs = "CAST(ts AS DATE)" }, new("kind", DeltaType.String) { Default = "'new'" },
            ],
            new TableOptions { Properties = new Dictionary<string, string?> { ["delta.constraints.positive"] = "a > 0" } });
        await _lake.WriteAsync("t", "SELECT 1 AS a, TIMESTAMPTZ '2024-03-01 10:00:00+00' AS ts");
        await EqualAsync();
        await spark.SqlAsync("SET spark.sql.session.timeZone = UTC");
        await spark.SqlAsync($"INSERT INTO {Ours} (a, ts) VALUES (2, TIMESTAMP '2024-04-01 10:00:00')");
        await _lake.WriteAsync("t", "SELECT 3 AS a, TIMESTAMPTZ '2024-05-01 10:00:00+00' AS ts, 'given' AS kind");
        await EqualAsync();
        var rows = await spark.SqlAsync($"SELECT id, a, CAST(day AS STRING) AS day, kind FROM {Ours} ORDER BY a");
        Assert.Equal(["2024-03-01", "2024-04-01", "2024-05-01"], rows.Select(r => r.GetProperty("day").GetString()));
        Assert.Equal(["new", "new", "given"], rows.Select(r => r.GetProperty("kind").GetString()));
        Assert.Equal(3, rows.Select(r => r.GetProperty("id").GetInt64()).Distinct().Count());
        Assert.All(rows, r => Assert.Equal(0, r.GetProperty("id").GetInt64() % 5));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => spark.SqlAsync($"INSERT INTO {Ours} (a, ts) VALUES (-2, NULL)"));
        Assert.Contains("CHECK", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Row_ids_commit_times_and_V2_checkpoints_are_ours_and_Sparks_in_turn()
    {
        await CreateAsync([new("a", DeltaType.Long), new("b", DeltaType.String)], new TableOptions
        {
            Properties = new Dictionary<string, string?>
            {
                ["delta.enableRowTracking"] = "true", ["delta.enableInCommitTimestamps"] = "true", ["delta.checkpointPolicy"] = "v2", ["delta.checkpointInterval"] = "4",
                ["delta.enableDeletionVectors"] = "true", ["delta.feature.vacuumProtocolCheck"] = "supported",
            },
        });
        for (var i = 0; i < 3; i++)
            await _lake.WriteAsync("t", $"SELECT {i * 100} + range AS a, 'x' || range AS b FROM range(20)");
        await spark.SqlAsync($"INSERT INTO {Ours} SELECT id + 1000, 'spark' FROM range(10)");
        await spark.SqlAsync($"UPDATE {Ours} SET b = 'u' WHERE a = 5");
        Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("a % 10 = 3"));
        Assert.IsType<MaintenanceResult.Done>(await Table.OptimizeAsync());
        await EqualAsync();
        var theirs = await spark.SqlAsync($"SELECT a, _metadata.row_id AS id, _metadata.row_commit_version AS v FROM {Ours} ORDER BY a");
        Assert.Equal(theirs.Count, theirs.Select(r => r.GetProperty("id").GetInt64()).Distinct().Count());
        using var connection = TestLake.Connect();
        var attempt = new DmlAttempt(Table, await Table.SnapshotAsync(), connection, new DmlOptions());
        var sql = await attempt.ScanAsync(attempt.Files, TestContext.Current.CancellationToken);
        var ours = connection.Rows($"SELECT a, {RowPlace.RowId}, {RowPlace.CommitVersion} FROM ({sql}) ORDER BY a");
        Assert.Equal(theirs.Select(r => $"{r.GetProperty("a")} {r.GetProperty("id")} {r.GetProperty("v")}"), ours.Select(r => $"{r[0]} {r[1]} {r[2]}"));
        var history = await spark.SqlAsync($"DESCRIBE HISTORY {Ours}");
        Assert.Equal("OPTIMIZE", history[0].GetProperty("operation").GetString());
        // Version 8 is ours: a checkpoint with sidecars, which Spark reads where the commits before it are gone.
        Assert.Null(Assert.IsType<CommitResult.Committed>(await _lake.WriteAsync("t", "SELECT 7777::BIGINT AS a, 'last' AS b")).CheckpointFault);
        Assert.NotEmpty(Directory.GetFiles(Path.Join(_lake.Root, "t/_delta_log"), "00000000000000000008.checkpoint.*.parquet"));
        await spark.SqlAsync($"INSERT INTO {Ours} VALUES (8888, 'spark')");
        await EqualAsync();
    }

    [Fact]
    public async Task Altered_tables_are_read_altered_on_and_written_by_Spark()
    {
        await CreateAsync([new("a", DeltaType.Short), new("b", DeltaType.String), new("s", new StructType([new DeltaField("p", DeltaType.Integer), new DeltaField("q", DeltaType.Integer)]))],
            new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableTypeWidening"] = "true", ["delta.columnMapping.mode"] = "name" } });
        await _lake.WriteAsync("t", "SELECT 1::SMALLINT AS a, 'x' AS b, {p: 1, q: 2} AS s");
        TableChange[] changes =
        [
            new TableChange.ChangeType(ColumnPath.Parse("a"), DeltaType.Long), new TableChange.RenameColumn(ColumnPath.Parse("b"), "new b"), new TableChange.DropColumns([ColumnPath.Parse("s.q")]),
            new TableChange.AddColumns([(ColumnPath.Parse("c"), new ColumnSpec("c", new DecimalType(10, 2), Comment: "money"))]), new TableChange.SetNullable(ColumnPath.Parse("a"), false),
            new TableChange.CommentTable("altered"), new TableChange.AddConstraint("big", "a > -100"), new TableChange.SetProperties(new Dictionary<string, string?> { ["owner"] = "me" }),
        ];
        foreach (var change in changes)
            Assert.IsType<AlterResult.Altered>(await Table.AlterAsync(change));
        await _lake.WriteAsync("t", "SELECT 5000000000 AS a, 'y' AS \"new b\", {p: 3} AS s, 1.25::DECIMAL(10,2) AS c");
        await EqualAsync();
        await spark.SqlAsync($"ALTER TABLE {Ours} RENAME COLUMN `new b` TO bb");
        await spark.SqlAsync($"INSERT INTO {Ours} VALUES (7, 'z', named_struct('p', 9), 2.5)");
        await EqualAsync();
        var detail = (await spark.SqlAsync($"DESCRIBE DETAIL {Ours}"))[0];
        Assert.Equal("altered", detail.GetProperty("description").GetString());
        Assert.Equal("me", detail.GetProperty("properties").GetProperty("owner").GetString());
    }

    [Fact]
    public async Task Clustered_Z_ordered_restored_and_cloned_tables_are_read_by_Spark_which_goes_on()
    {
        await CreateAsync([new("x", DeltaType.Long), new("y", DeltaType.Long), new("s", DeltaType.String)], new TableOptions { ClusterBy = ["x", "y"] });
        for (var i = 0; i < 3; i++)
            await _lake.WriteAsync("t", $"SELECT (hash(range) % 1000)::BIGINT AS x, (hash(range + 7) % 1000)::BIGINT AS y, 's' || range AS s FROM range({i * 1000}, {i * 1000 + 1000})");
        Assert.IsType<MaintenanceResult.Done>(await Table.OptimizeAsync());
        var detail = (await spark.SqlAsync($"DESCRIBE DETAIL {Ours}"))[0];
        Assert.Equal(["x", "y"], detail.GetProperty("clusteringColumns").EnumerateArray().Select(c => c.GetString()));
        await spark.SqlAsync($"INSERT INTO {Ours} VALUES (1, 2, 'spark')");
        await spark.SqlAsync($"OPTIMIZE {Ours} FULL");
        await EqualAsync();
        Assert.IsType<MaintenanceResult.Done>(await Table.RestoreAsync(2));
        await EqualAsync();
        Assert.IsType<MaintenanceResult.Done>(await _lake.Lake.Table("c").CloneFromAsync(Table));
        Assert.Equal(await spark.RowsAsync(_lake, "c"), await _lake.RowsAsync("c"));
        await spark.SqlAsync($"DELETE FROM delta.`{_lake.Store.Locate("c")}` WHERE x < 100");
        Assert.Equal(await spark.RowsAsync(_lake, "c"), await _lake.RowsAsync("c"));
        await _lake.WriteAsync("z", "SELECT range AS a, range % 10 AS b FROM range(1000)");
        await _lake.WriteAsync("z", "SELECT range AS a, range % 10 AS b FROM range(1000)");
        Assert.IsType<MaintenanceResult.Done>(await _lake.Lake.Table("z").OptimizeAsync(new OptimizeOptions { ZOrderBy = ["a", "b"] }));
        Assert.Equal(await spark.RowsAsync(_lake, "z"), await _lake.RowsAsync("z"));
        Assert.Equal("""["a","b"]""", (await spark.SqlAsync($"DESCRIBE HISTORY delta.`{_lake.Store.Locate("z")}`"))[0].GetProperty("operationParameters").GetProperty("zOrderBy").GetString());
    }

    [Fact]
    public async Task Converted_folders_and_vacuumed_tables_are_Sparks_too()
    {
        Directory.CreateDirectory(Path.Join(_lake.Root, "t", "p=1"));
        Directory.CreateDirectory(Path.Join(_lake.Root, "t", "p=__HIVE_DEFAULT_PARTITION__"));
        _lake.Duck.Execute($"COPY (SELECT range AS a, 'x' || range AS s FROM range(50)) TO '{_lake.Root}/t/p=1/f.parquet'");
        _lake.Duck.Execute($"COPY (SELECT range AS a, NULL::VARCHAR AS s FROM range(5)) TO '{_lake.Root}/t/p=__HIVE_DEFAULT_PARTITION__/f.parquet'");
        _lake.Clock.Advance(DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow());
        Assert.IsType<MaintenanceResult.Done>(await Table.ConvertAsync([new ColumnSpec("p", DeltaType.Integer)]));
        await EqualAsync();
        await spark.SqlAsync($"MERGE INTO {Ours} AS t USING (SELECT 1L AS a, 'm' AS s, 1 AS p) AS n ON t.a = n.a AND t.p = n.p WHEN MATCHED THEN UPDATE SET *");
        await EqualAsync();
        await Table.VacuumAsync(new VacuumOptions { Retain = TimeSpan.Zero, AllowShortRetention = true });
        await EqualAsync();
        await spark.SqlAsync("SET spark.databricks.delta.retentionDurationCheck.enabled = false");
        await spark.SqlAsync($"VACUUM {Ours} RETAIN 0 HOURS");
        await EqualAsync();
    }
}
