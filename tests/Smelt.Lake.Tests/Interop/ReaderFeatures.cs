namespace Smelt.Lake.Tests.Interop;

/// <summary>A table that Spark makes with every feature that a reader has to know, read at each of its versions.</summary>
public sealed class ReaderFeatures(SparkFixture spark)
{
    [Fact]
    public async Task A_table_of_all_reader_features_is_read_equal_at_every_version()
    {
        using var lake = new TestLake();
        var t = $"delta.`{lake.Store.Locate("t")}`";
        foreach (var statement in new[]
        {
            $"CREATE TABLE {t} (id INT, small SMALLINT, price DECIMAL(6,2), at TIMESTAMP, clock TIMESTAMP_NTZ, part STRING, deep STRUCT<a: INT, b: STRUCT<c: STRING>>, list ARRAY<STRUCT<x: INT>>, pairs MAP<STRING, INT>) USING delta PARTITIONED BY (part) "
                + "TBLPROPERTIES ('delta.columnMapping.mode' = 'id', 'delta.enableDeletionVectors' = 'true', 'delta.enableTypeWidening' = 'true', 'delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '3', "
                + "'delta.feature.vacuumProtocolCheck' = 'supported', 'delta.enableRowTracking' = 'true', 'delta.enableInCommitTimestamps' = 'true')",
            $"INSERT INTO {t} SELECT CAST(id AS INT), CAST(id AS SMALLINT), id / 4, TIMESTAMP'2020-01-01 00:00:00Z' + make_interval(0,0,0,id), TIMESTAMP_NTZ'2020-01-01 12:00:00', concat('p ', id % 3), struct(CAST(id AS INT), struct(concat('c', id))), array(struct(CAST(id AS INT))), map('k', CAST(id AS INT)) FROM range(0, 30, 1, 1)",
            $"DELETE FROM {t} WHERE id % 7 = 3",
            $"ALTER TABLE {t} ALTER COLUMN id TYPE BIGINT",
            $"ALTER TABLE {t} RENAME COLUMN deep.b TO renamed",
            $"INSERT INTO {t} (id, part, price, deep) VALUES (9000000000, NULL, 1.25, struct(1, struct('late')))",
            $"UPDATE {t} SET small = 1 WHERE id = 4",
            $"ALTER TABLE {t} DROP COLUMN list",
            $"OPTIMIZE {t}",
        })
            await spark.SqlAsync(statement);
        var table = lake.Lake.Table("t");
        var newest = await table.SnapshotAsync();
        Assert.Equal(["columnMapping", "deletionVectors", "timestampNtz", "typeWidening", "v2Checkpoint", "vacuumProtocolCheck"],
            newest.Protocol.ReaderFeatures!.Select(f => f.Replace("-preview", "", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(Directory.EnumerateFiles(lake.Store.Locate("t/_delta_log")), f => f.Contains(".checkpoint.", StringComparison.Ordinal));
        for (var version = 1L; version <= newest.Version; version++)
            Assert.Equal(await spark.RowsAsync(lake, "t", version), await lake.RowsAsync("t", version));
        Assert.Empty((await table.CheckAsync()).Findings);
        Assert.Equal(newest.Version, await table.VersionAtAsync(newest.TimestampMs));
    }
}
