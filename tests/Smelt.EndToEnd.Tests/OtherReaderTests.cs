using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.EndToEnd.Tests;

/// <summary>
/// The retail sample and a table with names that Parquet refuses, exported by us and read by delta-rs and by Spark; and tables that these two wrote and changed, exported by them at
/// every version. One start of Python; Spark is the suite's.
/// </summary>
public sealed class OtherReadersLake : IDisposable
{
    private const string Rows = "SELECT * FROM VALUES (1, 'a', 1.50, DATE '2024-01-01'), (2, 'b', 2.50, DATE '2024-01-02'), (3, NULL, -0.01, NULL) AS t(id, name, price, day)";

    public OtherReadersLake()
    {
        Retail = PipelineFolder.Retail();
        Retail.Write("gold/spaced.sql", "CREATE MATERIALIZED VIEW gold.spaced PARTITIONED BY (\"the status\") AS SELECT order_status AS \"the status\", order_total AS \"total, gross\", order_id AS \"id=1;{x}\" FROM gold.customer_orders");
        Accounts.Add(Retail);
        Retail.Update();
        Accounts.SecondDay(Retail);
        Retail.Update();
        Tables = [.. Retail.Tables().Select(t => (t, Retail.File("lake/" + t.Replace('.', '/')))), ("_smelt.event_log", Retail.File("lake/_smelt/event_log")), .. Accounts.Memories(Retail)];
        Directory.CreateDirectory(Retail.File("out"));
        Parallel.ForEach(Tables, new ParallelOptions { MaxDegreeOfParallelism = 2 }, t => Retail.Smelt("query", $"SELECT * FROM read_delta('{t.Path}')", "--format", "parquet", "--output", Ours(t.Name)).Expect(0));
        foreach (var (name, columns) in Accounts.Feeds) Retail.Smelt("query", $"SELECT {columns} FROM table_changes('{name}', 0)", "--format", "parquet", "--output", Ours(name + ".changes")).Expect(0);
    }

    public PipelineFolder Retail { get; }

    public IReadOnlyList<(string Name, string Path)> Tables { get; }

    public string Ours(string name) => Retail.File($"out/{name}.ours.parquet");

    public string Theirs(string name) => Retail.File($"out/{name}.theirs.parquet");

    public void DeltaRs() => Python("""
        import sys, json, duckdb
        from deltalake import DeltaTable, QueryBuilder, write_deltalake
        c = duckdb.connect(); c.execute("set timezone='UTC'")
        def export(name, out, version=None):
            t = QueryBuilder().register('t', DeltaTable(name, version=version)).execute('select * from t').read_all()
            c.execute(f"copy (select * from t) to '{out}' (format parquet)")
        jobs = json.load(sys.stdin)
        for path, out in jobs['read']: export(path, out)
        p = jobs['write']
        q = lambda s: QueryBuilder().execute(s).read_all()
        write_deltalake(p, q("select value as id, 'n'||value as name, arrow_cast(value, 'Decimal128(10, 2)') as price, 'p '||(value%2) as part from generate_series(0,19)"), partition_by=['part'])
        write_deltalake(p, q("select value as id, 'ü'||value as name, arrow_cast(1.25, 'Decimal128(10, 2)') as price, 'p,1' as part from generate_series(20,29)"), mode='append')
        DeltaTable(p).delete("id % 3 = 0")
        DeltaTable(p).merge(q("select cast(4 as bigint) as id, 'merged' as name, arrow_cast(9, 'Decimal128(10, 2)') as price, 'p 0' as part"), predicate='s.id = t.id', source_alias='s', target_alias='t').when_matched_update_all().when_not_matched_insert_all().execute()
        write_deltalake(p, q("select value as id, 'over' as name, arrow_cast(0, 'Decimal128(10, 2)') as price, 'p 0' as part from generate_series(1,3)"), mode='overwrite')
        for v in range(DeltaTable(p).version() + 1): export(p, f"{p}.{v}.parquet", v)
        """);

    public void AskSpark(Spark spark)
    {
        var sql = new List<string> { "SET spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS" };
        foreach (var (name, path) in Tables) sql.Add($"INSERT OVERWRITE DIRECTORY '{Theirs(name)}.spark' USING parquet SELECT * FROM delta.`{path}`");
        foreach (var (name, columns) in Accounts.Feeds) sql.Add($"INSERT OVERWRITE DIRECTORY '{Theirs(name)}.changes.spark' USING parquet SELECT {columns} FROM table_changes_by_path('{Retail.File("lake/" + name.Replace('.', '/'))}', 0)");
        var own = Retail.File("spark-table");
        string[] changes =
        [
            $"CREATE TABLE delta.`{own}` USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true') AS {Rows}",
            $"INSERT INTO delta.`{own}` SELECT id + 10, upper(name), price * 2, day FROM ({Rows})",
            $"DELETE FROM delta.`{own}` WHERE id IN (2, 11)",
            $"MERGE INTO delta.`{own}` t USING (SELECT 3 AS id, 'merged' AS name UNION ALL SELECT 99, 'new') s ON s.id = t.id WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)",
            $"UPDATE delta.`{own}` SET price = 7 WHERE id = 1",
            $"INSERT OVERWRITE delta.`{own}` SELECT * FROM ({Rows}) WHERE id < 3",
        ];
        sql.AddRange(changes);
        for (var version = 0; version < changes.Length; version++) sql.Add($"INSERT OVERWRITE DIRECTORY '{own}.{version}' USING parquet SELECT * FROM delta.`{own}` VERSION AS OF {version}");
        sql.Add("RESET spark.sql.parquet.outputTimestampType");
        spark.Run(sql);
    }

    /// <summary>Holds two Parquet sources against each other, row for row, every value as its text.</summary>
    public static void Equal(string what, string ours, string theirs)
    {
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = database.Connect();
        List<string> Names(string path) => [.. connection.Rows($"SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet({SqlText.Literal(path)}, hive_partitioning = false))").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)];
        Assert.True(Names(ours).SequenceEqual(Names(theirs)), $"{what}: {string.Join(", ", Names(ours))} / {string.Join(", ", Names(theirs))}");
        var columns = string.Join(", ", Names(ours).Select(static n => SqlText.Identifier(n) + "::VARCHAR"));
        string Side(string path) => $"SELECT {columns} FROM read_parquet({SqlText.Literal(path)}, hive_partitioning = false)";
        var differing = connection.Rows($"SELECT 'ours', * FROM ({Side(ours)} EXCEPT ALL {Side(theirs)}) UNION ALL SELECT 'theirs', * FROM ({Side(theirs)} EXCEPT ALL {Side(ours)}) LIMIT 4");
        Assert.True(differing.Count == 0, what + "\n" + string.Join("\n", differing.Select(static r => string.Join(" | ", r))));
    }

    public long CountOf(string name)
    {
        using var database = DuckDbDatabase.OpenInMemory();
        using var connection = database.Connect();
        return (long)connection.Scalar($"SELECT count(*) FROM read_parquet({SqlText.Literal(Ours(name))})")!;
    }

    /// <summary>Rows that <c>smelt query</c> reads from a table of another writer at a version, as Parquet.</summary>
    public string Read(string path, int? version)
    {
        var output = $"{path}.{version?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "now"}.ours.parquet";
        Retail.Smelt("query", $"SELECT * FROM read_delta('{path}'{(version is null ? "" : $", version => {version}")})", "--format", "parquet", "--output", output).Expect(0);
        return output;
    }

    private void Python(string program)
    {
        var jobs = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["read"] = Tables.Select(t => new[] { t.Path, Theirs(t.Name) }).ToArray(), ["write"] = Retail.File("rs-table"),
        });
        ShellProgram.RunWith(Retail.Path, jobs, Repository.SharedPath("peers/peers.sh"), "python", "-c", program).Expect(0);
    }

    public void Dispose() => Retail.Dispose();
}

public sealed class OtherReaderTests(OtherReadersLake lake, Spark spark) : IClassFixture<OtherReadersLake>
{
    [Fact]
    public void Tables_that_differ_in_a_row_or_in_how_often_it_stands_there_are_not_equal()
    {
        var (products, twice) = (lake.Ours("silver.products"), lake.Retail.File("twice.parquet"));
        OtherReadersLake.Equal("the same", products, products);
        lake.Retail.Smelt("query", "SELECT * FROM silver.products UNION ALL (SELECT * FROM silver.products LIMIT 1)", "--format", "parquet", "--output", twice).Expect(0);
        Assert.ThrowsAny<Exception>(() => OtherReadersLake.Equal("one twice", products, twice));
        Assert.ThrowsAny<Exception>(() => OtherReadersLake.Equal("others", products, lake.Ours("silver.customers")));
    }

    [Fact]
    public void Every_table_of_the_sample_is_read_row_for_row_by_delta_rs_and_what_delta_rs_wrote_is_read_by_us_at_every_version()
    {
        lake.DeltaRs();
        Assert.True(lake.Tables.Count >= 20, $"{lake.Tables.Count} tables");
        Assert.Contains(lake.Tables, static t => t.Name == "silver.orders__quarantine");
        Assert.Equal(2, lake.Tables.Count(static t => t.Name.StartsWith("_smelt.cdc_", StringComparison.Ordinal)));
        foreach (var (name, _) in lake.Tables)
        {
            Assert.True(lake.CountOf(name) > 0, name);
            OtherReadersLake.Equal("delta-rs " + name, lake.Ours(name), lake.Theirs(name));
        }
        var path = lake.Retail.File("rs-table");
        for (var version = 0; version < 5; version++) OtherReadersLake.Equal($"delta-rs wrote version {version}", lake.Read(path, version), $"{path}.{version}.parquet");
        OtherReadersLake.Equal("delta-rs wrote", lake.Read(path, null), $"{path}.4.parquet");
    }

    [Fact]
    public void Every_table_of_the_sample_is_read_row_for_row_by_Spark_and_what_Spark_wrote_is_read_by_us_at_every_version()
    {
        lake.AskSpark(spark);
        foreach (var (name, _) in lake.Tables) OtherReadersLake.Equal("Spark " + name, lake.Ours(name), $"{lake.Theirs(name)}.spark/*.parquet");
        foreach (var (name, _) in Accounts.Feeds)
        {
            Assert.True(lake.CountOf(name + ".changes") > lake.CountOf(name), name);
            OtherReadersLake.Equal("Spark, changes of " + name, lake.Ours(name + ".changes"), $"{lake.Theirs(name)}.changes.spark/*.parquet");
        }
        var path = lake.Retail.File("spark-table");
        for (var version = 0; version < 6; version++) OtherReadersLake.Equal($"Spark wrote version {version}", lake.Read(path, version), $"{path}.{version}/*.parquet");
        OtherReadersLake.Equal("Spark wrote", lake.Read(path, null), $"{path}.5/*.parquet");
    }
}
