namespace Smelt.Lake.Tests.Conformance;

/// <summary>Tables that Spark wrote, with the rows that it reads from them.</summary>
public sealed class GoldenTables
{
    public static TheoryData<string> WithRows =>
    [
        "124-decimal-decode-bug", "125-iterator-bug", "basic-decimal-table", "basic-decimal-table-legacy", "basic-with-inserts-deletes-checkpoint",
        "basic-with-inserts-merge", "basic-with-inserts-overwrite-restore", "basic-with-inserts-updates", "basic-with-vacuum-protocol-check-feature",
        "corrupted-last-checkpoint-kernel", "data-reader-array-complex-objects", "data-reader-array-primitives", "data-reader-date-types-America",
        "data-reader-date-types-Asia", "data-reader-date-types-Etc", "data-reader-date-types-Iceland", "data-reader-date-types-Jst", "data-reader-date-types-Pst",
        "data-reader-date-types-utc", "data-reader-escaped-chars", "data-reader-map", "data-reader-nested-struct", "data-reader-nullable-field-invalid-schema-key",
        "data-reader-partition-values", "data-reader-primitives", "data-reader-timestamp_ntz", "data-reader-timestamp_ntz-id-mode", "data-reader-timestamp_ntz-name-mode",
        "data-skipping-basic-stats-all-types", "data-skipping-basic-stats-all-types-checkpoint", "data-skipping-basic-stats-all-types-columnmapping-id",
        "data-skipping-basic-stats-all-types-columnmapping-name", "data-skipping-change-stats-collected-across-versions", "data-skipping-partition-and-data-column",
        "decimal-various-scale-precision", "deltalog-getChanges", "dv-partitioned-with-checkpoint", "dv-with-columnmapping", "kernel-timestamp-int96",
        "kernel-timestamp-pst", "kernel-timestamp-timestamp_micros", "kernel-timestamp-timestamp_millis", "log-replay-dv-key-cases",
        "log-replay-latest-metadata-protocol", "log-replay-special-characters", "log-replay-special-characters-a", "multi-part-checkpoint", "only-checkpoint-files",
        "parquet-all-types", "parquet-all-types-legacy-format", "snapshot-data0", "snapshot-data1", "snapshot-data2", "snapshot-data2-deleted", "snapshot-data3",
        "snapshot-repartitioned", "snapshot-vacuumed", "table-with-columnmapping-mode-id", "table-with-columnmapping-mode-name", "time-travel-partition-changes-a",
        "time-travel-partition-changes-b", "time-travel-schema-changes-a", "time-travel-schema-changes-b", "time-travel-start", "time-travel-start-start20",
        "time-travel-start-start20-start40", "v2-checkpoint-json", "v2-checkpoint-parquet",
    ];

    [Theory]
    [MemberData(nameof(WithRows))]
    public async Task A_table_gives_exactly_the_rows_that_Spark_reads(string name)
    {
        var root = Shared.Path("delta-conformance", "golden", name);
        using var lake = new TestLake(root);
        // Its partition values of type timestamp were written in the writer's zone, which the log does not tell: the session's is taken.
        if (name == "data-reader-partition-values")
            lake.Duck.Execute("SET TimeZone='America/Los_Angeles'");
        var table = lake.Lake.Table("delta");
        var snapshot = await table.SnapshotAsync(cancel: TestContext.Current.CancellationToken);
        var columns = string.Join(", ", snapshot.Schema.Fields.Select(f =>
            $"CAST(\"{f.Name}\" AS {ParquetSql.TypeOf(name, f.Type)}) AS \"{f.Name}\""));
        var expected = TestLake.Json(lake.Duck, $"SELECT {columns} FROM read_parquet('{root}/expected/**/*.parquet', hive_partitioning=false, union_by_name=true)");
        Assert.Equal(expected, await lake.RowsAsync(table.Scan(snapshot)));
    }

    public static TheoryData<string, int> Logs => new()
    {
        { "canonicalized-paths-normal-a", 0 }, { "canonicalized-paths-normal-b", 0 }, { "canonicalized-paths-special-a", 0 }, { "canonicalized-paths-special-b", 0 },
        { "checkpoint", 1 }, { "delete-re-add-same-file-different-transactions", 2 }, { "log-replay-special-characters-b", 1 },
    };

    [Theory]
    [MemberData(nameof(Logs))]
    public async Task A_log_without_data_files_gives_the_files_that_the_protocol_says(string name, int files)
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "golden", name));
        var snapshot = await lake.Lake.Table("delta").SnapshotAsync(cancel: TestContext.Current.CancellationToken);
        Assert.Equal(files, snapshot.Files.Count);
    }

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "no-delta-log-folder", "log-not-a-table", "no Delta table" },
        { "versions-not-contiguous", "log-gap", "no version 1" },
        { "deltalog-invalid-protocol-version", "protocol-read-unsupported", "reader version 99" },
        { "deltalog-state-reconstruction-from-checkpoint-missing-metadata", "log-incomplete", "metaData" },
        { "deltalog-state-reconstruction-from-checkpoint-missing-protocol", "log-corrupt", "metaData.schemaString is missing" },
        { "deltalog-state-reconstruction-without-metadata", "log-incomplete", "metaData" },
        { "deltalog-state-reconstruction-without-protocol", "log-incomplete", "protocol" },
        { "deltalog-commit-info", "log-corrupt", "metaData.schemaString is missing" },
        { "update-deleted-directory", "log-corrupt", "metaData.schemaString is missing" },
        { "data-reader-absolute-paths-escaped-chars", "log-incomplete", "metaData" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_broken_or_too_new_table_is_refused_by_what_is_wrong(string name, string code, string said)
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "golden", name));
        var fault = await Assert.ThrowsAnyAsync<LakeException>(async () => await lake.Lake.Table("delta").SnapshotAsync());
        Assert.Equal(code, fault.Code);
        Assert.Contains(said, fault.Message);
    }

    public static TheoryData<string, int> HiveTables => new()
    {
        { "deltatbl-incorrect-format-config", 10 }, { "deltatbl-deleted-path", 10 }, { "deltatbl-non-partitioned", 10 }, { "deltatbl-partitioned", 10 },
        { "deltatbl-special-chars-in-partition-column", 10 }, { "deltatbl-partition-prune", 5 }, { "deltatbl-schema-match", 10 }, { "deltatbl-map-types-correctly", 1 },
        { "deltatbl-not-allow-write", 10 }, { "deltatbl-touch-files-needed-for-partitioned", 10 }, { "deltatbl-column-names-case-insensitive", 10 },
    };

    [Theory]
    [MemberData(nameof(HiveTables))]
    public async Task A_table_of_the_Hive_tests_gives_as_many_rows_as_were_written(string name, int rows)
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "golden", "hive", "delta"));
        Assert.Equal(rows, (await lake.RowsAsync(name)).Count);
    }
}
