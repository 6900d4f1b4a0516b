namespace Smelt.EndToEnd.Tests;

/// <summary><c>smelt table</c> and <c>smelt query</c> over tables, of a pipeline and without one.</summary>
public sealed class TableCommandTests
{
    [Fact]
    public void A_table_is_looked_at_by_its_dataset_or_its_folder()
    {
        using var folder = new PipelineFolder().Write("silver/parts.sql",
            "CREATE OR REFRESH MATERIALIZED VIEW silver.parts PARTITIONED BY (p) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT i AS id, 'p' || (i % 3) AS p FROM range(30) t(i)");
        folder.Smelt("run", "--no-tests").Expect(0);
        folder.Write("silver/parts.sql",
            "CREATE OR REFRESH MATERIALIZED VIEW silver.parts PARTITIONED BY (p) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') AS SELECT i AS id, 'p' || (i % 3) AS p FROM range(12) t(i)")
            .Write("gold/changes.sql", "SELECT _change_type AS kind, count(*) AS n FROM table_changes('silver.parts', 1) GROUP BY ALL").Smelt("run", "--no-tests").Expect(0);
        var path = folder.File("lake/silver/parts");
        using var elsewhere = new PipelineFolder(null);
        foreach (var (where, table) in new[] { (folder, "silver.parts"), (folder, path), (elsewhere, path) })
        {
            var detail = where.Smelt("table", "detail", table, "--json").Expect(0).Json;
            Assert.Equal((1, 3, 12, 0), (detail.GetProperty("version").GetInt32(), detail.GetProperty("numFiles").GetInt32(), detail.GetProperty("numRecords").GetInt32(), detail.GetProperty("numDeletionVectors").GetInt32()));
            Assert.Equal("p", detail.GetProperty("partitionColumns")[0].GetString());
            Assert.Equal("id", detail.GetProperty("schema").GetProperty("fields")[0].GetProperty("name").GetString());
            Assert.Equal(2, where.Smelt("table", "history", table, "--json").Expect(0).Json.GetProperty("commits").GetArrayLength());
            Assert.Equal(0, where.Smelt("table", "check", table, "--json").Expect(0).Json.GetProperty("findings").GetArrayLength());
            // Of the 30 rows 12 are as they were: a view with a change data feed commits the others only.
            Assert.Equal(18, where.Smelt("table", "changes", table, "1", "--json").Expect(0).Json.GetProperty("rows").GetArrayLength());
        }
        Assert.Contains("partitioned by    p", folder.Smelt("table", "detail", "silver.parts").Expect(0).Out);
        Assert.Equal("30", One(elsewhere, $"SELECT count(*) FROM read_delta('{path}', version => 0)"));
        var newest = folder.Smelt("table", "history", path, "--json").Expect(0).Json.GetProperty("commits")[0].GetProperty("time").GetString();
        Assert.Equal("12", One(elsewhere, $"SELECT count(*) FROM read_delta('{path}', timestamp => '{newest}')"));
        Assert.Equal("48", One(elsewhere, $"SELECT count(*) FROM table_changes('{path}', '2001-01-01', '2999-01-01')"));
        Assert.Contains("after its newest version", elsewhere.Smelt("query", $"SELECT 1 FROM read_delta('{path}', timestamp => '2999-01-01')").Expect(1).Err);
        Assert.Equal("48", One(elsewhere, $"SELECT count(*) FROM table_changes('{path}', 0, 1)"));
        Assert.Equal("48", One(folder, "SELECT count(*) FROM table_changes('silver.parts', 0)"));
        using (var lake = new OpenLake(folder.Path))
            Assert.Equal("delete 18", lake.Text("SELECT string_agg(kind || ' ' || n, ' ' ORDER BY kind) FROM gold.changes"));
        Assert.Contains("is no Delta table", elsewhere.Smelt("table", "detail", "nowhere").Expect(2).Err);
        Assert.Contains("the newest is 1", elsewhere.Smelt("table", "changes", path, "7").Expect(1).Err);
        File.Delete(Directory.EnumerateFiles(path, "*.parquet", SearchOption.AllDirectories).Where(static f => !f.Contains("_change_data", StringComparison.Ordinal)).OrderByDescending(File.GetLastWriteTimeUtc).First());
        Assert.Contains("missing-file", folder.Smelt("table", "check", "silver.parts").Expect(1).Out);
    }

    private static string One(PipelineFolder folder, string sql) => folder.Smelt("query", sql, "--format", "csv").Expect(0).Out.Trim().Split('\n')[^1].Trim();
}
