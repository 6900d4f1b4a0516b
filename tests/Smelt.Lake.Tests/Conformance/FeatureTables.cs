using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake.Tests.Conformance;

/// <summary>Every version of tables with protocol features, against an independent reader's facts.</summary>
public sealed class FeatureTables
{
    public static TheoryData<string> Names =>
    [
        "app-txn-checkpoint", "app-txn-no-checkpoint", "basic_partitioned", "cdf-column-mapping-name-mode", "cdf-table-data-change",
        "cdf-table-delete-conditional-two-rows", "cdf-table-delete-unconditional", "cdf-table-partitioned", "cdf-table-simple", "cdf-table-update-ops",
        "cdf-table-with-dv", "compacted-log-files-table", "crc-full", "mixed-nulls", "partition_cm/id", "partition_cm/name", "partition_cm/none",
        "stats-writing-all-types/delta", "timestamp-partitioned-table", "timestamp-truncation-stats", "type-widening",
        "v1-multi-part-struct-stats-only", "v2-checkpoints-json-with-sidecars", "v2-checkpoints-parquet-with-sidecars", "v2-classic-checkpoint-parquet",
        "v2-json-sidecars-struct-stats-only", "void-column",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_version_has_the_files_and_rows_that_an_independent_reader_found(string name)
    {
        var root = Shared.Path("delta-conformance", "feature");
        using var facts = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Join(root, "expected.json"), TestContext.Current.CancellationToken));
        var fact = facts.RootElement.EnumerateArray().Single(f => f.GetProperty("table").GetString() == name);
        using var lake = new TestLake(root);
        var table = lake.Lake.Table(name);
        Assert.Equal(fact.GetProperty("latest").GetInt64(), await table.LatestVersionAsync());
        foreach (var version in fact.GetProperty("versions").EnumerateObject())
            await CheckAsync(lake, table, long.Parse(version.Name), version.Value);
        CheckNewest(await table.SnapshotAsync(), fact);
    }

    private static async Task CheckAsync(TestLake lake, DeltaTable table, long version, JsonElement fact)
    {
        var snapshot = await table.SnapshotAsync(version);
        var rows = await lake.RowsAsync(table.Scan(snapshot));
        if (fact.TryGetProperty("error", out _))
        {
            // The independent reader failed on this version's deletion vector itself; the log's own counts stand in for it.
            Assert.Equal(snapshot.NumRecords, rows.Count);
            return;
        }
        Assert.Equal(
            (version, fact.GetProperty("files").GetInt32(), fact.GetProperty("bytes").GetInt64(), fact.GetProperty("dv").GetInt32(), fact.GetProperty("rows").GetInt32()),
            (snapshot.Version, snapshot.Files.Count, snapshot.SizeInBytes, snapshot.Files.Count(f => f.DeletionVector is not null), rows.Count));
        Assert.Equal(fact.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows)))));
        if (snapshot.NumRecords is { } told)
            Assert.Equal(rows.Count, told);
    }

    private static void CheckNewest(Snapshot snapshot, JsonElement fact)
    {
        Assert.Equal(fact.GetProperty("schemaString").GetString(), snapshot.Metadata.SchemaString);
        Assert.Equal(fact.GetProperty("partitionColumns").EnumerateArray().Select(p => p.GetString()), snapshot.Metadata.PartitionColumns);
        Assert.Equal(fact.GetProperty("protocol").GetProperty("minReaderVersion").GetInt32(), snapshot.Protocol.MinReaderVersion);
        Assert.Equal(Texts(fact.GetProperty("configuration")), snapshot.Metadata.Configuration.OrderBy(e => e.Key, StringComparer.Ordinal));
        Assert.Equal(fact.GetProperty("txn").EnumerateObject().Select(t => (t.Name, t.Value.GetInt64())).Order(),
            snapshot.Transactions.Values.Select(t => (t.AppId, t.Version)).Order());
        Assert.Equal(fact.GetProperty("domainMetadata").EnumerateObject().Select(d => d.Name).Order(StringComparer.Ordinal), snapshot.Domains.Keys.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<KeyValuePair<string, string>> Texts(JsonElement json) =>
        json.EnumerateObject().Select(e => KeyValuePair.Create(e.Name, e.Value.GetString()!)).OrderBy(e => e.Key, StringComparer.Ordinal);
}
