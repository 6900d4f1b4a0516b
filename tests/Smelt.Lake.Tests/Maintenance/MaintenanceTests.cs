using Smelt.DuckDb;

namespace Smelt.Lake.Tests;

/// <summary>OPTIMIZE, VACUUM, RESTORE, CLONE and CONVERT.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private DeltaTable Table => _lake.Lake.Table("t");

    private static MaintenanceResult.Done Done(MaintenanceResult result) => Assert.IsType<MaintenanceResult.Done>(result);

    [Fact]
    public async Task Small_files_become_one_a_partition_and_no_row_changes()
    {
        for (var i = 0; i < 5; i++)
            await _lake.WriteAsync("t", $"SELECT {i} * 10 + range AS a, range % 2 AS p FROM range(10)", options: new TableOptions { PartitionBy = ["p"] });
        var before = await _lake.RowsAsync("t");
        var done = Done(await Table.OptimizeAsync());
        Assert.Equal(2, done.Snapshot.Files.Count);
        Assert.Equal((10, 2), (done.Metrics["numRemovedFiles"], done.Metrics["numAddedFiles"]));
        Assert.Equal(before, await _lake.RowsAsync("t"));
        Assert.All(done.Snapshot.Files, f => Assert.False(f.DataChange));
        Assert.Equal("OPTIMIZE", (await Table.HistoryAsync(1))[0].Operation);
        Assert.Equal(4, await Table.LastDataChangeVersionAsync(done.Snapshot));
        Assert.IsType<MaintenanceResult.Nothing>(await Table.OptimizeAsync());
        Assert.Equal(before, await _lake.RowsAsync("t", 4));
    }

    [Fact]
    public async Task Only_the_partitions_of_the_condition_are_compacted_and_other_conditions_are_refused()
    {
        for (var i = 0; i < 3; i++)
            await _lake.WriteAsync("t", "SELECT range AS a, range % 2 AS p FROM range(10)", options: new TableOptions { PartitionBy = ["p"] });
        var done = Done(await Table.OptimizeAsync(new OptimizeOptions { Where = "p = 1" }));
        Assert.Equal(4, done.Snapshot.Files.Count);
        Assert.Contains("partition columns only (p)", Assert.IsType<MaintenanceResult.Refused>(await Table.OptimizeAsync(new OptimizeOptions { Where = "a = 1" })).Message);
    }

    [Fact]
    public async Task Z_order_makes_every_column_narrow_in_each_file()
    {
        await _lake.WriteAsync("t", "SELECT hash(range) % 1000 AS x, hash(range + 7) % 1000 AS y, repeat('v', 20) || hash(range) AS v FROM range(200000)");
        var before = await SumAsync();
        var done = Done(await Table.OptimizeAsync(new OptimizeOptions { ZOrderBy = ["x", "Y"], TargetFileBytes = 200_000 }));
        Assert.True(done.Snapshot.Files.Count >= 8, $"{done.Snapshot.Files.Count} files");
        Assert.Equal(before, await SumAsync());
        foreach (var column in new[] { "x", "y" })
        {
            var hits = Enumerable.Range(0, 20).Average(i => new PruneFilter(done.Snapshot.Metadata, RowPredicate.Of(column, Comparison.Equal, new PredicateValue.Number(i * 50))).Select(done.Snapshot.Files).Count());
            Assert.True(hits <= done.Snapshot.Files.Count * 0.6, $"{column}: {hits} of {done.Snapshot.Files.Count} files");
        }
    }

    [Fact]
    public async Task A_clustered_table_is_laid_on_a_Hilbert_curve_and_only_new_files_are_taken_the_next_time()
    {
        await _lake.WriteAsync("t", "SELECT (hash(range) % 1000)::BIGINT AS x, (hash(range + 7) % 1000)::BIGINT AS y, repeat('v', 20) || hash(range) AS v FROM range(200000)",
            options: new TableOptions { ClusterBy = ["x", "y"] });
        var options = new OptimizeOptions { TargetFileBytes = 200_000 };
        var first = Done(await Table.OptimizeAsync(options)).Snapshot;
        Assert.All(first.Files, f => Assert.Equal("liquid", f.ClusteringProvider));
        Assert.IsType<MaintenanceResult.Nothing>(await Table.OptimizeAsync(options));
        await _lake.WriteAsync("t", "SELECT 5::BIGINT AS x, range::BIGINT AS y, 'new' AS v FROM range(1000)");
        var second = Done(await Table.OptimizeAsync(options));
        Assert.Equal(1, second.Metrics["numRemovedFiles"]);
        Assert.Equal(first.Files.Count + 1, second.Snapshot.Files.Count);
        var full = Done(await Table.OptimizeAsync(options with { Full = true }));
        Assert.Equal(second.Snapshot.Files.Count, full.Metrics["numRemovedFiles"]);
        Assert.Equal(201000, full.Snapshot.NumRecords);
        Assert.Contains("has its own order", Assert.IsType<MaintenanceResult.Refused>(await Table.OptimizeAsync(new OptimizeOptions { ZOrderBy = ["x"] })).Message);
    }

    [Fact]
    public async Task Deleted_rows_are_shed_and_row_ids_stay_with_their_rows()
    {
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(100)", options: new TableOptions
        {
            Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = "true", ["delta.enableRowTracking"] = "true" },
        });
        await _lake.WriteAsync("t", "SELECT 100 + range AS a FROM range(50)");
        Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("a % 3 = 0"));
        var ids = await IdsAsync();
        Assert.Equal(100, ids.Count);
        var done = Done(await Table.OptimizeAsync());
        Assert.Equal(2, done.Metrics["numDeletionVectorsRemoved"]);
        Assert.Equal(ids, await IdsAsync());
    }

    [Fact]
    public async Task A_delete_between_wins_over_an_OPTIMIZE_that_began_before_and_an_append_does_not_disturb_it()
    {
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(10)");
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(10)");
        var snapshot = await Table.SnapshotAsync();
        using var connection = TestLake.Connect();
        var plan = await new OptimizeRun(new DmlAttempt(Table, snapshot, connection, new DmlOptions()), new OptimizeOptions(), []).PlanAsync(TestContext.Current.CancellationToken);
        await _lake.WriteAsync("t", "SELECT 77 AS a");
        Assert.IsType<CommitResult.Committed>(await Table.CommitAsync(plan!));
        var again = await Table.SnapshotAsync();
        var second = await new OptimizeRun(new DmlAttempt(Table, again, connection, new DmlOptions()), new OptimizeOptions(), []).PlanAsync(TestContext.Current.CancellationToken);
        await Table.DeleteAsync("a = 3");
        Assert.Equal(ConflictKind.ConcurrentDelete, Assert.IsType<CommitResult.Conflict>(await Table.CommitAsync(second!)).Kind);
    }

    [Fact]
    public async Task Vacuum_takes_what_no_version_in_time_needs_and_nothing_else()
    {
        await _lake.WriteAsync("t", "SELECT range AS a, range % 2 AS _p FROM range(10)", options: new TableOptions { PartitionBy = ["_p"], Properties = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" } });
        await Table.DeleteAsync("a < 3");
        var folder = Path.Join(_lake.Root, "t");
        File.WriteAllText(Path.Join(folder, "part-orphan.parquet"), "x");
        Directory.CreateDirectory(Path.Join(folder, "_hidden"));
        File.WriteAllText(Path.Join(folder, "_hidden", "kept.parquet"), "x");
        var refused = Assert.IsType<VacuumResult.Refused>(await Table.VacuumAsync(new VacuumOptions { Retain = TimeSpan.Zero }));
        Assert.Contains("168 hours", refused.Message);
        Assert.Empty(Assert.IsType<VacuumResult.Done>(await Table.VacuumAsync()).Report.Keys);
        // The clock is the test's: files are older than it by years once it goes on.
        _lake.Clock.Advance(DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow() + TimeSpan.FromDays(8));
        var dry = Assert.IsType<VacuumResult.Done>(await Table.VacuumAsync(new VacuumOptions { DryRun = true })).Report;
        Assert.True(dry.Keys.All(k => File.Exists(Path.Join(_lake.Root, k))));
        Assert.Contains("t/part-orphan.parquet", dry.Keys);
        var held = Assert.IsType<VacuumResult.Done>(await Table.VacuumAsync(new VacuumOptions { Protected = new HashSet<string> { "t/part-orphan.parquet" } })).Report;
        Assert.Equal(dry.Keys.Except(["t/part-orphan.parquet"]), held.Keys);
        Assert.Equal(["t/part-orphan.parquet"], Assert.IsType<VacuumResult.Done>(await Table.VacuumAsync()).Report.Keys);
        Assert.True(File.Exists(Path.Join(folder, "_hidden", "kept.parquet")));
        Assert.Equal(7, (await _lake.RowsAsync("t")).Count);
        var left = Directory.GetFiles(folder, "*.parquet", SearchOption.AllDirectories).Count(f => !f.Contains("_hidden") && !f.Contains("_delta_log"));
        Assert.Equal((await Table.SnapshotAsync()).Files.Count, left);
        Assert.Equal(["VACUUM END", "VACUUM START"], (await Table.HistoryAsync(2)).Select(h => h.Operation));
    }

    [Fact]
    public async Task Restore_brings_back_rows_schema_and_properties_unless_their_files_are_gone()
    {
        await _lake.WriteAsync("t", "SELECT range AS a FROM range(10)");
        await Table.DeleteAsync("a < 5");
        await Table.AlterAsync(new TableChange.AddColumns([(ColumnPath.Parse("b"), new ColumnSpec("b", DeltaType.String))]));
        await _lake.WriteAsync("t", "SELECT 99 AS a, 'x' AS b");
        var done = Done(await Table.RestoreAsync(0));
        Assert.Equal(1, done.Metrics["numRestoredFiles"]);
        Assert.Equal(await _lake.RowsAsync("t", 0), await _lake.RowsAsync("t"));
        Assert.Null(done.Snapshot.Schema.Find("b"));
        Assert.IsType<MaintenanceResult.Nothing>(await Table.RestoreAsync(0));
        var back = Done(await Table.RestoreAsync(3));
        Assert.Equal(await _lake.RowsAsync("t", 3), await _lake.RowsAsync("t"));
        File.Delete(_lake.Store.Locate("t/" + Uri.UnescapeDataString((await Table.SnapshotAsync(0)).Files.Single().Path)));
        Assert.Contains("1 files of version 0 are not there any more", Assert.IsType<MaintenanceResult.Refused>(await Table.RestoreAsync(0)).Message);
        Done(await Table.RestoreAsync(0, ignoreMissingFiles: true));
        Assert.Equal("RESTORE", (await Table.HistoryAsync(1))[0].Operation);
    }

    [Fact]
    public async Task A_shallow_clone_begins_as_the_source_is_and_goes_its_own_way()
    {
        await _lake.WriteAsync("t", "SELECT range AS a, 'ä %' AS p FROM range(10)", options: new TableOptions { PartitionBy = ["p"], Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = "true" } });
        await Table.DeleteAsync("a < 2");
        var clone = _lake.Lake.Table("c");
        Done(await clone.CloneFromAsync(Table));
        Assert.Equal(await _lake.RowsAsync("t"), await _lake.RowsAsync("c"));
        await clone.DeleteAsync("a < 4");
        await _lake.WriteAsync("c", "SELECT 50 AS a, 'q' AS p");
        Assert.Equal(8, (await _lake.RowsAsync("t")).Count);
        Assert.Equal(7, (await _lake.RowsAsync("c")).Count);
        _lake.Clock.Advance(DateTimeOffset.UtcNow - _lake.Clock.GetUtcNow() + TimeSpan.FromDays(8));
        await clone.VacuumAsync();
        Assert.Equal(8, (await _lake.RowsAsync("t")).Count);
        Assert.Contains("already", Assert.IsType<MaintenanceResult.Refused>(await clone.CloneFromAsync(Table)).Message);
    }

    [Fact]
    public async Task Parquet_files_become_a_table_with_bounds_and_partitions()
    {
        Directory.CreateDirectory(Path.Join(_lake.Root, "t", "day=2024-01-01"));
        Directory.CreateDirectory(Path.Join(_lake.Root, "t", "day=__HIVE_DEFAULT_PARTITION__"));
        _lake.Duck.Execute($"COPY (SELECT range AS a, 'x' || range AS s, range / 2.0 AS d FROM range(5)) TO '{_lake.Root}/t/day=2024-01-01/f.parquet'");
        _lake.Duck.Execute($"COPY (SELECT 100 + range AS a, NULL::VARCHAR AS s, 'nan'::DOUBLE AS d, true AS b FROM range(3)) TO '{_lake.Root}/t/day=__HIVE_DEFAULT_PARTITION__/f.parquet'");
        Assert.Contains("partitions", Assert.IsType<MaintenanceResult.Refused>(await Table.ConvertAsync()).Message);
        var made = Done(await Table.ConvertAsync([new ColumnSpec("day", DeltaType.Date)])).Snapshot;
        Assert.Equal(8, made.NumRecords);
        Assert.Contains("""{"a":102,"s":null,"d":null,"b":true,"day":null}""", (await _lake.RowsAsync("t")).Select(r => r.Replace("NaN", "null").Replace("\"nan\"", "null")));
        Assert.Contains("\"maxValues\":{\"a\":4,\"s\":\"x4\",\"d\":2.0", made.Files.First(f => f.PartitionValues["day"] is not null).Stats);
        Assert.IsType<MaintenanceResult.Nothing>(await Table.ConvertAsync());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Hilberts_curve_visits_every_point_once_by_steps_of_one(int dimensions)
    {
        var curve = new SpaceFillingCurve(dimensions, hilbert: true);
        var side = dimensions == 2 ? 16 : 8;
        var points = new SortedDictionary<Int128, int[]>();
        for (var n = 0; n < Math.Pow(side, dimensions); n++)
        {
            var point = Enumerable.Range(0, dimensions).Select(d => n / (int)Math.Pow(side, d) % side).ToArray();
            points.Add(curve.Index(((int[])point.Clone()).AsSpan()), point);
        }
        // A corner cube of the space is one stretch of the curve.
        Assert.Equal(points.Count - 1, (int)(points.Keys.Max() - points.Keys.Min()));
        Assert.All(points.Values.Zip(points.Values.Skip(1)), p => Assert.Equal(1, p.First.Zip(p.Second).Sum(c => Math.Abs(c.First - c.Second))));
    }

    private async Task<string> SumAsync()
    {
        var scan = Table.Scan(await Table.SnapshotAsync());
        return string.Join(",", _lake.Duck.Rows($"SELECT count(*), sum(hash(x, y, v)::HUGEINT)::VARCHAR FROM ({scan.Sql})")[0]);
    }

    private async Task<List<string>> IdsAsync()
    {
        using var connection = TestLake.Connect();
        var attempt = new DmlAttempt(Table, await Table.SnapshotAsync(), connection, new DmlOptions());
        var sql = await attempt.ScanAsync(attempt.Files, default);
        return [.. connection.Rows($"SELECT a || ':' || {RowPlace.RowId} || ':' || {RowPlace.CommitVersion} FROM ({sql}) ORDER BY a").Select(r => (string)r[0]!)];
    }
}
