namespace Smelt.Lake.Tests.Dml;

/// <summary>Two writers: the second commits on a version that the first has moved on from.</summary>
public sealed class ConcurrentDmlTests : IDisposable
{
    private readonly TestLake _lake = new();

    private DeltaTable Table => _lake.Lake.Table("t");

    public void Dispose() => _lake.Dispose();

    /// <summary>The second writer deletes id 5, which is in the first of two files, having read before the first writer's commit.</summary>
    [Theory]
    [InlineData("DELETE id = 3", ConflictKind.ConcurrentAppend)]
    [InlineData("DELETE id < 10", ConflictKind.ConcurrentDelete)]
    [InlineData("DELETE id = 13", null)]
    [InlineData("UPDATE id = 13 TO 5", ConflictKind.ConcurrentAppend)]
    [InlineData("UPDATE id = 13 TO 14", null)]
    [InlineData("INSERT 5", null)]
    [InlineData("INSERT 50", null)]
    [InlineData("OVERWRITE", ConflictKind.ConcurrentAppend)]
    [InlineData("PROPERTIES", ConflictKind.MetadataChanged)]
    [InlineData("SERIALIZABLE INSERT 5", ConflictKind.ConcurrentAppend)]
    [InlineData("SERIALIZABLE INSERT 50", null)]
    public async Task A_deletion_stands_where_the_others_change_does_not_touch_what_it_read(string other, ConflictKind? conflict)
    {
        var serializable = other.StartsWith("SERIALIZABLE", StringComparison.Ordinal);
        await MakeAsync(serializable);
        var seen = await Table.SnapshotAsync();
        await DoAsync(other.Replace("SERIALIZABLE ", "", StringComparison.Ordinal));
        using var connection = TestLake.Connect();
        var result = await Table.ChangeAsync(new DeleteRows("id = 5"), new DmlOptions { MaxAttempts = 1 }, connection, seen, default);
        if (conflict is null)
            Assert.IsType<DmlResult.Committed>(result);
        else
            Assert.Equal(conflict, Assert.IsType<DmlResult.Conflict>(result).Last.Kind);
        // Given more than one try it goes through, on what the table is then.
        var again = await Table.ChangeAsync(new DeleteRows("id = 5"), new DmlOptions(), connection, seen, default);
        Assert.True(again is DmlResult.Committed or DmlResult.Unchanged, again.ToString());
        Assert.DoesNotContain(await _lake.RowsAsync("t"), static r => r.Contains("\"id\":5,", StringComparison.Ordinal));
        await NoFilesAreLeftAsync();
    }

    [Fact]
    public async Task A_file_that_was_read_and_stays_must_not_go_meanwhile()
    {
        await MakeAsync(serializable: false);
        var seen = await Table.SnapshotAsync();
        await DoAsync("DELETE id >= 10");
        using var connection = TestLake.Connect();
        // Nothing prunes this condition, so both files are read; the rows are in the first.
        var delete = new DeleteRows("length(name) = 2 AND name LIKE '%5'");
        Assert.Equal(ConflictKind.ConcurrentRead, Assert.IsType<DmlResult.Conflict>(await Table.ChangeAsync(delete, new DmlOptions { MaxAttempts = 1 }, connection, seen, default)).Last.Kind);
        Assert.Equal(2, Assert.IsType<DmlResult.Committed>(await Table.ChangeAsync(delete, new DmlOptions(), connection, seen, default)).Attempts);
        await NoFilesAreLeftAsync();
    }

    [Fact]
    public async Task A_data_file_that_is_broken_is_a_fault_and_no_refusal()
    {
        await MakeAsync(serializable: false);
        var file = _lake.Store.Locate("t/" + FilePath.Decode((await Table.SnapshotAsync()).Files.First().Path));
        await File.WriteAllTextAsync(file, "nonsense", TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<Exception>(async () => await Table.DeleteAsync("name LIKE '%5'"));
    }

    [Fact]
    public async Task A_merge_that_found_no_partner_conflicts_with_a_row_that_came_meanwhile()
    {
        await MakeAsync(serializable: true);
        var seen = await Table.SnapshotAsync();
        await DoAsync("INSERT 50");
        MergeCommand merge = new() { Source = "SELECT 50 AS id, 'merged' AS name", On = "target.id = source.id", Clauses = [new MergeClause.Update(null), new MergeClause.Insert(null)] };
        using var connection = TestLake.Connect();
        Assert.Equal(ConflictKind.ConcurrentAppend, Assert.IsType<DmlResult.Conflict>(await Table.ChangeAsync(new MergeRows(merge), new DmlOptions { MaxAttempts = 1 }, connection, seen, default)).Last.Kind);
        var merged = Assert.IsType<DmlResult.Committed>(await Table.ChangeAsync(new MergeRows(merge), new DmlOptions(), connection, seen, default));
        Assert.Equal((2, 1, 0), (merged.Attempts, merged.Metrics.RowsUpdated, merged.Metrics.RowsInserted));
        await NoFilesAreLeftAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_writers_at_once_lose_nothing(bool vectors)
    {
        await _lake.WriteAsync("t", "SELECT i AS id, 0 AS hits FROM range(40) t(i)", options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = vectors ? "true" : "false" } });
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var done = (w % 2) switch
                {
                    0 => await Table.UpdateAsync([new("hits", "hits + 1")], $"id % 2 = {i % 2}", new DmlOptions { MaxAttempts = 100 }),
                    _ => await Table.MergeAsync(new MergeCommand
                    {
                        Source = $"SELECT range AS id FROM range({i * 4}, {i * 4 + 4}) UNION ALL SELECT {1000 + w * 100 + i}",
                        On = "target.id = source.id",
                        Clauses = [new MergeClause.Update([new("hits", "hits + 1")]), new MergeClause.Insert([new("id", "source.id"), new("hits", "0")])],
                    }, new DmlOptions { MaxAttempts = 100 }),
                };
                Assert.IsType<DmlResult.Committed>(done);
            }
        }));
        await Task.WhenAll(writers);
        var snapshot = await Table.SnapshotAsync();
        Assert.Equal(20, snapshot.Version);
        var scan = Table.Scan(snapshot);
        await scan.PrepareAsync(_lake.Duck, default);
        // Each updating writer hits every even row three times and every odd one twice, each merging one the first 20 rows once and adds five.
        Assert.Equal([50L, (3 * 20 + 2 * 20) * 2L + 20 * 2], _lake.Duck.Rows($"SELECT count(*), (sum(hits) FILTER (id < 40))::BIGINT FROM ({scan.Sql})")[0].Select(static v => (object?)v));
        await NoFilesAreLeftAsync();
    }

    private async Task MakeAsync(bool serializable)
    {
        var properties = new Dictionary<string, string?> { ["delta.isolationLevel"] = serializable ? "Serializable" : "WriteSerializable" };
        await _lake.WriteAsync("t", "SELECT i AS id, 'n' || i AS name FROM range(10) t(i)", options: new TableOptions { Properties = properties });
        await _lake.WriteAsync("t", "SELECT i AS id, 'n' || i AS name FROM range(10, 20) t(i)");
    }

    private async Task DoAsync(string other)
    {
        var done = other.Split(' ') switch
        {
            ["DELETE", .. var condition] => await Table.DeleteAsync(string.Join(' ', condition)),
            ["UPDATE", _, _, var from, _, var to] => await Table.UpdateAsync([new("id", to)], $"id = {from}"),
            ["INSERT", var id] => await Table.InsertAsync(new InsertCommand { Source = $"SELECT {id}, 'other'" }),
            ["OVERWRITE"] => await Table.InsertAsync(new InsertCommand { Source = "SELECT i, 'o' FROM range(8) t(i)", Replaces = new InsertTarget.Everything() }),
            _ => null,
        };
        if (done is null)
            Assert.IsType<AlterResult.Altered>(await Table.AlterAsync(new TableChange.SetProperties(new Dictionary<string, string?> { ["my.own"] = "x" })));
        else
            Assert.IsType<DmlResult.Committed>(done);
    }

    /// <summary>An attempt that did not commit takes its files away again: what is there was named by some commit.</summary>
    private async Task NoFilesAreLeftAsync()
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        for (var version = (await Table.SnapshotAsync()).Version; version >= 0; version--)
            foreach (var add in (await LogReader.CommitAsync(Table, version, default))!.Adds)
            {
                named.Add(FilePath.Decode(add.Path));
                if (add.DeletionVector is { } vector)
                    named.Add($"deletion_vector_{new Guid(Z85.Decode(vector.PathOrInline, 16), bigEndian: true)}.bin");
            }
        var there = Directory.GetFiles(_lake.Store.Locate("t")).Select(static f => Path.GetFileName(f)).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(named.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }
}
