namespace Smelt.Lake.Tests.Interop;

/// <summary>Tables that we write, read by Spark and delta-rs; tables that they write and change, read by us.</summary>
public sealed class TablesBetweenEngines(SparkFixture spark)
{
    private const string AllTypes =
        """
        SELECT i AS id, i % 2 = 0 AS flag, i::TINYINT AS tiny, i::SMALLINT AS small, i::INTEGER AS whole, (i * 10000000000)::BIGINT AS long, (i / 3)::FLOAT AS single,
          i / 7 AS dbl, (i * 1.25)::DECIMAL(10, 2) AS money, (i * 3)::DECIMAL(38, 10) AS exact, CASE WHEN i % 4 <> 0 THEN 'täxt ' || i END AS words,
          encode('b' || i) AS bytes, DATE '2020-02-28' + i::INTEGER AS day, TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' + to_seconds(i) AS instant,
          TIMESTAMP '2020-01-01 00:00:00.123456' + to_days(i::INTEGER) AS clock, [i, NULL, i + 1] AS list, {'a': i, 'b': {'c': 'x' || i}} AS deep,
          MAP {'k' || i: i} AS pairs, [{'p': i, 'q': 'z'}] AS structs, i::UBIGINT AS unsigned, (i::HUGEINT) AS huge, uuid() AS uid, TIME '12:34:56' AS tod
        FROM range({0}, {1}) AS t(i)
        """;

    [Fact]
    public async Task A_table_of_all_types_with_checkpoints_is_read_equal_by_Spark_and_delta_rs()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 12; i++)
        {
            var committed = Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", Query(i * 10)));
            Assert.Null(committed.CheckpointFault);
        }
        Assert.True(File.Exists(lake.Store.Locate("t/_delta_log/00000000000000000010.checkpoint.parquet")));
        File.Delete(lake.Store.Locate("t/_delta_log/00000000000000000003.json"));
        await EqualAsync(lake, "t");
    }

    [Fact]
    public async Task A_partitioned_table_with_odd_values_is_read_equal_by_Spark_and_delta_rs()
    {
        using var lake = new TestLake();
        const string rows =
            """
            SELECT * FROM (VALUES (1, 'a b', DATE '2020-01-01', TIMESTAMPTZ '2020-01-01 00:00:00.5+00'), (2, 'x/y=z?*[1]', NULL, NULL), (3, '', DATE '1999-12-31', TIMESTAMPTZ '1999-12-31 23:59:59+00'),
              (4, NULL, DATE '2020-01-01', NULL), (5, '100%', DATE '2020-01-01', NULL), (6, 'ü', DATE '2020-01-01', NULL)) AS t(id, p, d, ts)
            """;
        await lake.WriteAsync("t", rows, options: new TableOptions { PartitionBy = ["p", "d", "ts"] });
        await lake.WriteAsync("t", rows);
        Assert.All((await lake.Lake.Table("t").SnapshotAsync()).Files, f => Assert.DoesNotContain("", f.PartitionValues.Values));
        await EqualAsync(lake, "t");
    }

    [Fact]
    public async Task A_table_with_mapped_names_is_read_equal_by_Spark_and_delta_rs()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT i AS \"order id\", {'a b': i, 'c': [{'d;e': 'x'}]} AS \"st,r\", MAP {'k': {'f g': i}} AS m, 'p' || (i % 2) AS \"part (1)\" FROM range(4) t(i)",
            options: new TableOptions { PartitionBy = ["part (1)"] });
        await lake.WriteAsync("t", "SELECT 9 AS \"order id\", 'late' AS \"new = col\"");
        var snapshot = await lake.Lake.Table("t").SnapshotAsync();
        Assert.Equal((2, 5), (snapshot.Protocol.MinReaderVersion, snapshot.Protocol.MinWriterVersion));
        await EqualAsync(lake, "t");
    }

    [Fact]
    public async Task What_Spark_does_to_our_table_and_its_own_is_read_equal_at_every_version()
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT i AS id, 'n' || i AS name, (i % 3)::INTEGER AS grp FROM range(50) t(i)");
        var ours = $"delta.`{lake.Store.Locate("t")}`";
        await spark.SqlAsync($"INSERT INTO {ours} VALUES (100, 'spark', 1)");
        await spark.SqlAsync($"DELETE FROM {ours} WHERE id = 7");
        await spark.SqlAsync($"MERGE INTO {ours} AS t USING (SELECT 8L AS id, 'merged' AS name, 5 AS grp UNION ALL SELECT 200L, 'new', 6) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *");
        await spark.SqlAsync($"ALTER TABLE {ours} ADD COLUMN (extra STRING)");
        await spark.SqlAsync($"ALTER TABLE {ours} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')");
        await spark.SqlAsync($"DELETE FROM {ours} WHERE id % 5 = 0");
        await spark.SqlAsync($"UPDATE {ours} SET extra = 'e' WHERE id = 11");
        Assert.IsType<CommitResult.Committed>(await lake.WriteAsync("t", "SELECT 300::BIGINT AS id, 'ours' AS name, 2::INTEGER AS grp, 'x' AS extra"));
        await spark.SqlAsync($"OPTIMIZE {ours}");
        var table = lake.Lake.Table("t");
        var newest = await table.SnapshotAsync();
        Assert.Equal(newest.Version - 1, await table.LastDataChangeVersionAsync(newest));
        Assert.Equal(ChangeBreak.RowsChanged, Assert.IsType<ChangeRange.Broken>(await table.AppendsBetweenAsync(newest.Metadata.Id, 0, newest)).Kind);
        for (var version = 0; version <= newest.Version; version++)
            Assert.Equal(await spark.RowsAsync(lake, "t", version), await lake.RowsAsync("t", version));
    }

    [Fact]
    public async Task What_delta_rs_does_to_its_table_is_read_equal()
    {
        using var lake = new TestLake();
        var path = lake.Store.Locate("d");
        await DeltaRs.RunAsync(
            """
            import sys
            from deltalake import DeltaTable, QueryBuilder, write_deltalake
            p = sys.argv[1]
            q = lambda s: QueryBuilder().execute(s).read_all()
            write_deltalake(p, q("select value as id, 'n'||value as name, 'p'||(value%2) as part from generate_series(0,19)"), partition_by=['part'])
            write_deltalake(p, q("select value as id, 'm'||value as name, 'p 1' as part from generate_series(20,29)"), mode='append')
            t = DeltaTable(p); t.delete("id = 3")
            t = DeltaTable(p); t.merge(q("select cast(4 as bigint) as id, 'merged' as name, 'p0' as part"), predicate='s.id = t.id', source_alias='s', target_alias='t').when_matched_update_all().when_not_matched_insert_all().execute()
            write_deltalake(p, q("select value as id, 'x' as name, 'p0' as part, case when value < 50 then cast(1.5 as double) end as extra from generate_series(40,40)"), mode='append', schema_mode='merge')
            t = DeltaTable(p); t.optimize.compact()
            t = DeltaTable(p); t.create_checkpoint()
            """, path);
        Assert.Equal(await DeltaRs.RowsAsync(path), await lake.RowsAsync("d"));
        await lake.WriteAsync("d", "SELECT 50::BIGINT AS id, 'ours' AS name, 'p 1' AS part, 2.5::DOUBLE AS extra");
        Assert.Equal(await DeltaRs.RowsAsync(path), await lake.RowsAsync("d"));
        Assert.Contains(await lake.RowsAsync("d"), r => r.Contains("ours", StringComparison.Ordinal));
    }

    private static string Query(int from) => AllTypes.Replace("{0}", $"{from}", StringComparison.Ordinal).Replace("{1}", $"{from + 10}", StringComparison.Ordinal);

    private async Task EqualAsync(TestLake lake, string folder)
    {
        var ours = await lake.RowsAsync(folder);
        Assert.NotEmpty(ours);
        Assert.Equal(ours, await spark.RowsAsync(lake, folder));
        Assert.Equal(ours.Count, (await DeltaRs.RowsAsync(lake.Store.Locate(folder))).Count);
        Assert.Equal(ours, await DeltaRs.RowsAsync(lake.Store.Locate(folder)));
    }
}
