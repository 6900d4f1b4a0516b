using System.Diagnostics;

namespace Smelt.Lake.Tests.Committing;

public sealed class CommitTests
{
    [Fact]
    public async Task Create_append_and_overwrite_give_the_rows_they_say()
    {
        using var lake = new TestLake();
        Assert.Equal(0, Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 1 AS id, 'a' AS name")).Version);
        Assert.Equal(1, Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 2 AS id, 'b' AS name")).Version);
        Assert.Equal(["""{"id":1,"name":"a"}""", """{"id":2,"name":"b"}"""], await lake.RowsAsync("t"));
        Assert.Equal(2, Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 'x' AS name", PlanKind.Overwrite)).Version);
        Assert.Equal(["""{"name":"x"}"""], await lake.RowsAsync("t"));
        Assert.Equal(["""{"id":1,"name":"a"}"""], await lake.RowsAsync("t", version: 0));
        var committed = await lake.Lake.Table("t").HistoryAsync();
        Assert.Equal([2L, 1L, 0L], committed.Select(c => c.Version));
        Assert.Equal("1", committed[0].OperationMetrics["numOutputRows"]);
    }

    [Fact]
    public async Task A_query_without_rows_makes_a_table_without_files()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS id WHERE false");
        Assert.Empty((await lake.Lake.Table("t").SnapshotAsync()).Files);
        Assert.Empty(await lake.RowsAsync("t"));
        Assert.Empty(Directory.EnumerateFiles(Path.Join(lake.Root, "t"), "*.parquet"));
    }

    [Fact]
    public async Task A_transaction_is_committed_once_and_the_log_says_whose_attempt_won()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var snapshot = await table.SnapshotAsync();
        var mine = await lake.PlanAsync(table, snapshot, "SELECT 2 AS id", txn: new TransactionMark("flow/1", 7), attempt: "first");
        var other = await lake.PlanAsync(table, snapshot, "SELECT 3 AS id", txn: new TransactionMark("flow/1", 7), attempt: "second");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(mine));
        await lake.WriteAsync("t", "SELECT 9 AS id");
        foreach (var again in new[] { mine, other })
        {
            var already = Assert.IsType<CommitResult.AlreadyCommitted>(await table.CommitAsync(again, snapshot));
            Assert.Equal((1L, "first"), (already.Version, already.Attempt));
        }
        Assert.Equal(["""{"id":1}""", """{"id":2}""", """{"id":9}"""], await lake.RowsAsync("t"));
    }

    [Fact]
    public async Task Creating_a_table_that_is_there_conflicts_unless_it_is_the_same_transaction()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        var one = await lake.PlanAsync(table, null, "SELECT 1 AS id", txn: new TransactionMark("f", 1), attempt: "a");
        var two = await lake.PlanAsync(table, null, "SELECT 2 AS id", attempt: "b");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(one));
        Assert.Equal(ConflictKind.TableExists, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(two)).Kind);
        Assert.Equal("a", Assert.IsType<CommitResult.AlreadyCommitted>(await table.CommitAsync(one)).Attempt);
    }

    [Fact]
    public async Task An_overwrite_conflicts_with_rows_that_came_after_it_read_but_not_with_a_rearrangement()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var read = await table.SnapshotAsync();
        var overwrite = await lake.PlanAsync(table, read, "SELECT 5 AS id", PlanKind.Overwrite);

        var old = read.Files.Single();
        var rearranged = old with { Path = "copy.parquet", DataChange = false };
        File.Copy(Path.Join(lake.Root, "t", FilePath.Decode(old.Path)), Path.Join(lake.Root, "t", "copy.parquet"));
        var optimize = new CommitActions { Info = new CommitInfo { Operation = "OPTIMIZE" } };
        optimize.Adds.Add(rearranged);
        optimize.Removes.Add(RemoveFile.Of(old, 1, dataChange: false));
        await lake.Store.PutIfAbsentAsync(LogFile.CommitKey("t", 1), CommitBuilder.Serialize(optimize));

        Assert.Equal(2, Assert.IsType<CommitResult.Committed>(await table.CommitAsync(overwrite)).Version);
        Assert.Equal(["""{"id":5}"""], await lake.RowsAsync("t"));

        var late = await lake.PlanAsync(table, await table.SnapshotAsync(), "SELECT 6 AS id", PlanKind.Overwrite);
        await lake.WriteAsync("t", "SELECT 7 AS id");
        var conflict = Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(late));
        Assert.Equal((ConflictKind.DataChanged, 3L), (conflict.Kind, conflict.Version));
    }

    [Fact]
    public async Task An_append_goes_over_added_columns_and_not_over_changed_ones()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var first = await lake.PlanAsync(table, await table.SnapshotAsync(), "SELECT 2 AS id");
        await lake.WriteAsync("t", "SELECT 3 AS id, 'n' AS note");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(first));
        Assert.Equal(["""{"id":1,"note":null}""", """{"id":2,"note":null}""", """{"id":3,"note":"n"}"""], await lake.RowsAsync("t"));

        var second = await lake.PlanAsync(table, await table.SnapshotAsync(), "SELECT 4 AS id");
        await lake.WriteAsync("t", "SELECT 'text' AS id", PlanKind.Overwrite);
        Assert.Equal(ConflictKind.MetadataChanged, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(second)).Kind);
    }

    [Fact]
    public async Task Two_writers_that_add_the_same_column_both_commit_and_others_conflict()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var read = await table.SnapshotAsync();
        var one = await lake.PlanAsync(table, read, "SELECT 2 AS id, 'a' AS x");
        var same = await lake.PlanAsync(table, read, "SELECT 3 AS id, 'b' AS x");
        var other = await lake.PlanAsync(table, read, "SELECT 4 AS id, 5 AS y");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(one));
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(same));
        Assert.Equal(ConflictKind.MetadataChanged, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(other)).Kind);
    }

    [Fact]
    public async Task An_append_only_table_is_replaced_only_by_a_plan_that_lifts_the_property()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        var protect = new TableOptions { Properties = new Dictionary<string, string?> { ["delta.appendOnly"] = "true" } };
        await lake.WriteAsync("t", "SELECT 1 AS id", options: protect);
        Assert.Equal(ConflictKind.AppendOnly, Assert.IsType<CommitResult.Conflict>(await lake.WriteAsync("t", "SELECT 2 AS id", PlanKind.Overwrite)).Kind);
        Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 3 AS id"));

        var refresh = await lake.PlanAsync(table, await table.SnapshotAsync(), "SELECT 4 AS id", PlanKind.Overwrite);
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(refresh with { SetProperties = new Dictionary<string, string?> { ["delta.appendOnly"] = null } }));
        var again = new TablePlan
        {
            Folder = "t", Kind = PlanKind.Metadata, TableId = refresh.TableId, Operation = "SET TBLPROPERTIES", Attempt = "x",
            SetProperties = new Dictionary<string, string?> { ["delta.appendOnly"] = "true" },
        };
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(again));
        Assert.True((await table.SnapshotAsync()).Metadata.IsOn("delta.appendOnly"));
        Assert.Equal(["""{"id":4}"""], await lake.RowsAsync("t"));
    }

    [Fact]
    public async Task A_commit_bears_the_marks_of_all_whose_work_it_is_and_is_made_once()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        var plan = (await lake.PlanAsync(table, null, "SELECT 1 AS id", txn: new TransactionMark("f", 3))) with { AlsoTransactions = [new TransactionMark("g", 1), new TransactionMark("h", 7)] };
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(TablePlan.FromJson(plan.ToJson())));
        Assert.IsType<CommitResult.AlreadyCommitted>(await table.CommitAsync(plan));
        Assert.Equal("f 3, g 1, h 7", string.Join(", ", (await table.SnapshotAsync()).Transactions.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => $"{t.Key} {t.Value.Version}")));
    }

    [Fact]
    public async Task A_plan_for_a_table_that_was_dropped_and_made_again_conflicts()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        await lake.WriteAsync("t", "SELECT 1 AS id");
        var known = await table.SnapshotAsync();
        var plan = await lake.PlanAsync(table, known, "SELECT 2 AS id");
        Directory.Delete(Path.Join(lake.Root, "t"), recursive: true);
        Assert.Equal(ConflictKind.TableReplaced, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(plan, known)).Kind);
        await Task.Delay(5, TestContext.Current.CancellationToken);
        await lake.WriteAsync("t", "SELECT 1 AS id");
        await lake.WriteAsync("t", "SELECT 2 AS id");
        Assert.Equal(ConflictKind.TableReplaced, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(plan)).Kind);
        Assert.Equal(ConflictKind.TableReplaced, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(plan, known)).Kind);
    }

    [Fact]
    public async Task A_plan_survives_its_JSON_and_its_missing_files_are_told()
    {
        using var lake = new TestLake();
        var table = lake.Lake.Table("t");
        var plan = await lake.PlanAsync(table, null, "SELECT i AS \"a b\", 'p' || (i % 3) AS p FROM range(10) t(i)", txn: new TransactionMark("f", 3),
            options: new TableOptions { PartitionBy = ["p"], Comment = "it's \"quoted\" \u00fc\n" });
        plan = plan with { Tags = new Dictionary<string, string> { ["k"] = "v" }, SetProperties = new Dictionary<string, string?> { ["gone"] = null, ["set"] = "1" }, Domains = [new DomainMetadata("d", "{}")], AlsoTransactions = [new TransactionMark("g", 1), new TransactionMark("h", 1, 5)] };
        var again = TablePlan.FromJson(plan.ToJson());
        Assert.Equal(plan.ToJson(), again.ToJson());
        Assert.Equal(plan, again);
        Assert.Empty(await table.MissingFilesAsync(again));
        File.Delete(lake.Store.Locate("t/" + FilePath.Decode(plan.Adds[0].Path)));
        Assert.Single(await table.MissingFilesAsync(again));
        Assert.Throws<FormatException>(() => TablePlan.FromJson("{\"kind\":\"Append\"}"));
        Assert.Throws<FormatException>(() => TablePlan.FromJson("[1"));
    }

    [Fact]
    public async Task A_streams_append_does_not_follow_a_replacement_of_the_rows_before_it_and_a_plain_append_does()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT 1 AS n");
        var table = lake.Lake.Table("t");
        var before = await table.TrySnapshotAsync();
        var stalled = await lake.PlanAsync(table, before, "SELECT 2 AS n", txn: new TransactionMark("flow:g1", 2));
        var plain = await lake.PlanAsync(table, before, "SELECT 3 AS n");
        await lake.WriteAsync("t", "SELECT 1 AS n UNION ALL SELECT 2", PlanKind.Overwrite, txn: new TransactionMark("flow:g2", 1));
        Assert.Equal(ConflictKind.DataChanged, Assert.IsType<CommitResult.Conflict>(await table.CommitAsync(stalled, before)).Kind);
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(plain, before));
        Assert.Equal(["""{"n":1}""", """{"n":2}""", """{"n":3}"""], await lake.RowsAsync("t"));
        // What is appended meanwhile hinders no stream.
        var next = await lake.PlanAsync(table, await table.TrySnapshotAsync(), "SELECT 4 AS n", txn: new TransactionMark("flow:g2", 2));
        await lake.WriteAsync("t", "SELECT 5 AS n");
        Assert.IsType<CommitResult.Committed>(await table.CommitAsync(next));
    }

    [Fact]
    public async Task Eight_processes_that_append_at_once_lose_no_commit()
    {
        const int processes = 8, commits = 8;
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT -1 AS writer, 0 AS n");
        var children = Enumerable.Range(0, processes).Select(n =>
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
            foreach (var argument in new[] { ChildProcess.Verb, "append", lake.Root, n.ToString(), commits.ToString() })
                start.ArgumentList.Add(argument);
            return Process.Start(start)!;
        }).ToList();
        foreach (var child in children)
        {
            Assert.Equal(commits.ToString(), (await child.StandardOutput.ReadToEndAsync()).Trim());
            await child.WaitForExitAsync();
        }
        Assert.Equal(processes * commits, (await lake.Lake.Table("t").SnapshotAsync()).Version);
        var expected = Enumerable.Range(0, processes).SelectMany(w => Enumerable.Range(0, commits).Select(n => $$"""{"writer":{{w}},"n":{{n}}}""")).Append("""{"writer":-1,"n":0}""");
        Assert.Equal(expected.Order(StringComparer.Ordinal), await lake.RowsAsync("t"));
    }
}
