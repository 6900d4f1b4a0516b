namespace Smelt.Lake.Tests.Dml;

/// <summary>What is refused, what is left alone, and what a statement does to files.</summary>
public sealed class DmlTests : IDisposable
{
    private readonly TestLake _lake = new();

    private DeltaTable Table => _lake.Lake.Table("t");

    public void Dispose() => _lake.Dispose();

    [Fact]
    public async Task Only_files_that_hold_rows_concerned_are_written_again()
    {
        await MakeAsync(files: 4);
        var before = await Table.SnapshotAsync();
        var deleted = Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("id = 15"));
        Assert.Equal((1, 1, 1, 9), (deleted.Metrics.FilesScanned, deleted.Metrics.FilesRemoved, deleted.Metrics.FilesAdded, deleted.Metrics.RowsCopied));
        Assert.Equal(3, deleted.Snapshot.Files.Select(static f => f.Path).Intersect(before.Files.Select(static f => f.Path)).Count());
        var merged = Assert.IsType<DmlResult.Committed>(await Table.MergeAsync(Upsert("SELECT i AS id, 'm' AS name FROM range(31, 33) t(i)")));
        Assert.Equal((1, 2, 8), (merged.Metrics.FilesScanned, merged.Metrics.RowsUpdated, merged.Metrics.RowsCopied));
        var whole = Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("id >= 20 AND id < 30"));
        Assert.Equal((0, 1, 10), (whole.Metrics.FilesAdded, whole.Metrics.FilesRemoved, whole.Metrics.RowsDeleted));
        Assert.Equal(29, whole.Snapshot.NumRecords);
    }

    [Fact]
    public async Task A_condition_on_partitions_reads_no_file()
    {
        await _lake.WriteAsync("t", "SELECT i AS id, 'p' || (i % 3) AS p FROM range(30) t(i)", options: new TableOptions { PartitionBy = ["p"] });
        foreach (var file in (await Table.SnapshotAsync()).Files)
            File.Delete(_lake.Store.Locate("t/" + FilePath.Decode(file.Path)));
        var deleted = Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("upper(t.p) = 'P1'", new DmlOptions { Alias = "t" }));
        Assert.Equal((1, 10), (deleted.Metrics.FilesRemoved, deleted.Metrics.RowsDeleted));
    }

    [Fact]
    public async Task Nothing_to_do_is_no_commit()
    {
        await MakeAsync();
        Assert.IsType<DmlResult.Unchanged>(await Table.DeleteAsync("id > 1000"));
        Assert.IsType<DmlResult.Unchanged>(await Table.UpdateAsync([new("name", "'x'")], "NULL"));
        Assert.IsType<DmlResult.Unchanged>(await Table.MergeAsync(Upsert("SELECT 1 AS id, 'x' AS name WHERE false")));
        Assert.IsType<DmlResult.Unchanged>(await Table.InsertAsync(new InsertCommand { Source = "SELECT 1, 'x' WHERE false" }));
        Assert.Equal(0, (await Table.SnapshotAsync()).Version);
        Assert.Single(Directory.GetFiles(_lake.Store.Locate("t"), "*.parquet"));
    }

    [Theory]
    [InlineData("SELECT 1 AS id, 'a' AS name UNION ALL SELECT 1, 'b'", false)]
    [InlineData("SELECT 1 AS id, 'a' AS name UNION ALL SELECT 1, 'a'", false)]
    [InlineData("SELECT 100 AS id, 'a' AS name UNION ALL SELECT 100, 'b'", true)]
    public async Task Several_rows_of_the_source_for_one_of_the_target_are_refused(string source, bool isFine)
    {
        await MakeAsync();
        var result = await Table.MergeAsync(Upsert(source));
        if (isFine)
            Assert.Equal(2, Assert.IsType<DmlResult.Committed>(result).Metrics.RowsInserted);
        else
            Assert.Equal(DmlRefusal.MultipleMatches, Assert.IsType<DmlResult.Refused>(result).Kind);
    }

    [Fact]
    public async Task Several_matches_do_not_matter_where_all_that_happens_is_one_deletion()
    {
        await MakeAsync();
        const string source = "SELECT 1 AS id, 'a' AS name UNION ALL SELECT 1, 'b' UNION ALL SELECT 50, 'c'";
        MergeCommand With(params MergeClause[] clauses) => new() { Source = source, On = "target.id = source.id", Clauses = clauses };
        Assert.IsType<DmlResult.Refused>(await Table.MergeAsync(With(new MergeClause.Delete("source.name < 'z'"))));
        // A clause that takes neither pair: only with clauses of other kinds does the pair count.
        Assert.IsType<DmlResult.Unchanged>(await Table.MergeAsync(With(new MergeClause.Delete("source.name = 'z'"))));
        var merged = Assert.IsType<DmlResult.Committed>(await Table.MergeAsync(With(new MergeClause.Delete(), new MergeClause.Insert(null))));
        Assert.Equal((1, 1), (merged.Metrics.RowsDeleted, merged.Metrics.RowsInserted));
    }

    [Theory]
    [InlineData(DmlRefusal.Value, "tiny", "1000")]
    [InlineData(DmlRefusal.Value, "tiny", "'abc'")]
    [InlineData(DmlRefusal.Column, "nope", "1")]
    [InlineData(DmlRefusal.Column, "s.nope", "1")]
    [InlineData(DmlRefusal.Sql, "tiny", "nope + 1")]
    [InlineData(DmlRefusal.Sql, "tiny", "1 +")]
    [InlineData(DmlRefusal.Value, "tiny", "1, 2")]
    [InlineData(DmlRefusal.Sql, "tiny", "1); (2")]
    [InlineData(DmlRefusal.Value, "must", "NULL")]
    [InlineData(null, "tiny", "100")]
    [InlineData(null, "s.b.c", "'new'")]
    public async Task A_value_is_stored_as_its_column_or_not_at_all(DmlRefusal? refusal, string column, string value)
    {
        await _lake.WriteAsync("t", "SELECT i AS id, i::TINYINT AS tiny, {'a': i, 'b': {'c': 'x', 'd': i}} AS s, i AS must FROM range(5) t(i)");
        Assert.IsType<AlterResult.Altered>(await Table.AlterAsync(new TableChange.SetNullable(new ColumnPath(["must"]), false)));
        var rows = await _lake.RowsAsync("t");
        var result = await Table.UpdateAsync([new(column, value)], "id = 3");
        if (refusal is null)
        {
            Assert.IsType<DmlResult.Committed>(result);
            Assert.Single((await _lake.RowsAsync("t")).Except(rows));
            return;
        }
        Assert.Equal(refusal, Assert.IsType<DmlResult.Refused>(result).Kind);
        Assert.Equal(rows, await _lake.RowsAsync("t"));
        Assert.Single(Directory.GetFiles(_lake.Store.Locate("t"), "*.parquet"));
    }

    [Fact]
    public async Task A_merge_with_schema_evolution_brings_new_columns()
    {
        await MakeAsync();
        const string source = "SELECT i AS id, 'new' AS extra, i::DOUBLE AS unused FROM range(8, 12) t(i)";
        MergeCommand merge = new() { Source = source, On = "target.id = source.id", Clauses = [new MergeClause.Update(null), new MergeClause.Insert([new("id", "source.id"), new("extra", "source.extra")])] };
        Assert.Equal(DmlRefusal.Column, Assert.IsType<DmlResult.Refused>(await Table.MergeAsync(merge)).Kind);
        var merged = Assert.IsType<DmlResult.Committed>(await Table.MergeAsync(merge, new DmlOptions { SchemaEvolution = true }));
        Assert.Equal(["id", "name", "extra", "unused"], merged.Snapshot.Schema.Fields.Select(static f => f.Name));
        var rows = await _lake.RowsAsync("t");
        Assert.Contains("""{"id":8,"name":"n8","extra":"new","unused":8.0}""", rows);
        Assert.Contains("""{"id":11,"name":null,"extra":"new","unused":null}""", rows);
        Assert.Contains("""{"id":1,"name":"n1","extra":null,"unused":null}""", rows);
    }

    [Fact]
    public async Task An_append_only_table_is_appended_to_and_not_changed()
    {
        await _lake.WriteAsync("t", "SELECT 1 AS id, 'a' AS name", options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.appendOnly"] = "true" } });
        DmlResult[] refused =
        [
            await Table.DeleteAsync("id = 1"), await Table.UpdateAsync([new("id", "2")], null), await Table.MergeAsync(Upsert("SELECT 2 AS id, 'x' AS name")),
            await Table.ReplaceWhereAsync("SELECT 1 AS id", "id = 1"), await Table.InsertAsync(new InsertCommand { Source = "SELECT 1, 'b'", Replaces = new InsertTarget.Everything() }),
        ];
        Assert.All(refused, static r => Assert.Equal(DmlRefusal.AppendOnly, Assert.IsType<DmlResult.Refused>(r).Kind));
        Assert.IsType<DmlResult.Committed>(await Table.InsertAsync(new InsertCommand { Source = "SELECT 1, 'b'" }));
        Assert.IsType<DmlResult.Committed>(await Table.MergeAsync(new MergeCommand { Source = "SELECT 7 AS id, 'x' AS name", On = "target.id = source.id", Clauses = [new MergeClause.Insert(null)] }));
        Assert.Equal(3, (await _lake.RowsAsync("t")).Count);
    }

    [Fact]
    public async Task Rows_that_replace_others_satisfy_the_condition_or_are_refused()
    {
        await MakeAsync();
        Assert.Equal(DmlRefusal.ReplaceWhere, Assert.IsType<DmlResult.Refused>(await Table.ReplaceWhereAsync("SELECT i AS id, 'r' AS name FROM range(5, 9) t(i)", "id < 8")).Kind);
        Assert.Equal(10, (await _lake.RowsAsync("t")).Count);
        Assert.Single(Directory.GetFiles(_lake.Store.Locate("t"), "*.parquet"));
        Assert.IsType<DmlResult.Committed>(await Table.ReplaceWhereAsync("SELECT i AS id, 'r' AS name FROM range(5, 8) t(i)", "id < 8"));
        Assert.Equal(5, (await _lake.RowsAsync("t")).Count);
    }

    [Fact]
    public async Task A_deletion_vector_masks_rows_until_all_are_gone()
    {
        await _lake.WriteAsync("t", "SELECT i AS id, 'n' || i AS name FROM range(100000) t(i)", options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = "true" } });
        var file = Assert.Single((await Table.SnapshotAsync()).Files);
        for (var step = 0; step < 3; step++)
        {
            var deleted = Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync($"id % 4 = {step}"));
            var masked = Assert.Single(deleted.Snapshot.Files);
            Assert.Equal((file.Path, 25_000L * (step + 1), 100_000), (masked.Path, masked.DeletionVector!.Cardinality, masked.NumRecords));
            Assert.Equal("u", masked.DeletionVector.StorageType);
            Assert.Contains("\"tightBounds\":false", masked.Stats, StringComparison.Ordinal);
        }
        Assert.Equal(25_000, (await _lake.RowsAsync("t")).Count);
        var emptied = Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("id % 4 = 3"));
        Assert.Empty(emptied.Snapshot.Files);
    }

    [Fact]
    public async Task Values_that_differ_each_time_are_drawn_once_for_the_row_and_the_change_feed()
    {
        await _lake.WriteAsync("t", "SELECT i AS id, 0.0::DOUBLE AS r, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS ts FROM range(100) t(i)", options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableChangeDataFeed"] = "true" } });
        await ChecksAsync(await Table.UpdateAsync([new("r", "random()"), new("ts", "current_timestamp")], null));
        await ChecksAsync(await Table.UpdateAsync([new("ts", "now()")], "id < 50"));
        await ChecksAsync(await Table.MergeAsync(new MergeCommand { Source = "SELECT range AS id FROM range(90, 110)", On = "target.id = source.id", Clauses = [new MergeClause.Update([new("r", "random()")]), new MergeClause.Insert([new("id", "source.id"), new("r", "random()"), new("ts", "now()")])] }));
        Assert.Equal(DmlRefusal.NotSupported, Assert.IsType<DmlResult.Refused>(await Table.MergeAsync(new MergeCommand { Source = "SELECT 1 AS id", On = "target.id = source.id", Clauses = [new MergeClause.Delete("random() < 0.5")] })).Kind);

        async Task ChecksAsync(DmlResult result)
        {
            var committed = Assert.IsType<DmlResult.Committed>(result);
            var files = (await LogReader.CommitAsync(Table, committed.Version, default))!.ChangeFiles.Select(f => $"'{FilePath.Locate(Table, f.Path)}'");
            var feed = $"SELECT id, r, ts FROM read_parquet([{string.Join(", ", files)}]) WHERE _change_type IN ('update_postimage', 'insert')";
            Assert.True((long)_lake.Duck.Scalar($"SELECT count(*) FROM ({feed})")! > 0);
            Assert.Empty(TestLake.Json(_lake.Duck, $"{feed} EXCEPT SELECT id, r, ts FROM ({Table.Scan(committed.Snapshot).Sql})"));
        }
    }

    [Fact]
    public async Task A_source_may_be_the_target_itself_or_other_tables_and_files()
    {
        await MakeAsync();
        var options = new DmlOptions { Inputs = [new NamedInput.Table("self", Table), new NamedInput.Table("old", Table, 0), new NamedInput.ParquetFiles("files", [.. Directory.GetFiles(_lake.Store.Locate("t"), "*.parquet")])] };
        Assert.Equal(10, Assert.IsType<DmlResult.Committed>(await Table.InsertAsync(new InsertCommand { Source = "SELECT id + 100, name FROM self" }, options)).Metrics.RowsInserted);
        Assert.Equal(5, Assert.IsType<DmlResult.Committed>(await Table.DeleteAsync("id IN (SELECT id FROM old WHERE id < 5)", options)).Metrics.RowsDeleted);
        Assert.Equal(5, Assert.IsType<DmlResult.Committed>(await Table.MergeAsync(Upsert("SELECT * FROM files"), options)).Metrics.RowsInserted);
        Assert.Equal(20, (await _lake.RowsAsync("t")).Count);
    }

    private static MergeCommand Upsert(string source) => new() { Source = source, On = "target.id = source.id", Clauses = [new MergeClause.Update(null), new MergeClause.Insert(null)] };

    private async Task MakeAsync(int files = 1)
    {
        for (var i = 0; i < files; i++)
            await _lake.WriteAsync("t", $"SELECT i AS id, 'n' || i AS name FROM range({i * 10}, {i * 10 + 10}) t(i)");
    }
}
