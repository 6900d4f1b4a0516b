using System.Text.Json;

namespace Smelt.EndToEnd.Tests.Quarantines;

/// <summary>Refused rows let in again: once, exactly, and wherever the process was killed.</summary>
public sealed class ReplayTests(ReplayTests.Prepared prepared) : IClassFixture<ReplayTests.Prepared>
{
    /// <summary>A lake with refused orders whose customer has come since.</summary>
    public sealed class Prepared : IDisposable
    {
        public Prepared()
        {
            LocalUpdate.Run(Folder.Path);
            LocalUpdate.Run(Folder.Write("in/customers/2.csv", "name\nbob\n").Path);
        }

        public PipelineFolder Folder { get; } = Orders();

        public void Dispose() => Folder.Dispose();
    }

    /// <summary>Orders of which some come before their customers.</summary>
    private static PipelineFolder Orders() => new PipelineFolder("name: shop\n")
        .Write("in/orders/1.csv", "order_id,customer,amount\n1,ann,5.50\n2,bob,7.25\n3,ann,oops\n4,,1.00\n")
        .Write("in/customers/1.csv", "name\nann\n")
        .Write("bronze/orders.sql", "SELECT * FROM STREAM read_files('in/orders', format => 'csv')")
        .Write("bronze/customers.sql", "SELECT * FROM STREAM read_files('in/customers', format => 'csv')")
        .Write("silver/orders.sql", """
            CREATE OR REFRESH STREAMING TABLE silver.orders (
              CONSTRAINT known_customer EXPECT (customer_known) ON VIOLATION QUARANTINE ROW,
              CONSTRAINT small EXPECT (amount < 1000) ON VIOLATION DROP ROW
            ) AS SELECT o.order_id::INT AS order_id, o.customer, o.amount::DECIMAL(10,2) AS amount, c.name IS NOT NULL AS customer_known
            FROM STREAM bronze.orders AS o LEFT JOIN bronze.customers AS c ON c.name = o.customer
            """)
        .Write("gold/totals.sql", "SELECT customer, count(*) AS orders, sum(amount) AS total FROM silver.orders GROUP BY customer");

    private const string Ids = "SELECT string_agg(order_id, ',' ORDER BY order_id) FROM silver.";

    private static JsonElement Replay(PipelineFolder folder, params string[] arguments) =>
        folder.Smelt(["quarantine", "replay", "silver.orders", "--json", .. arguments]).Expect(0).Json.GetProperty("steps")[0];

    [Fact]
    public void An_order_before_its_customer_is_quarantined_and_one_replay_admits_it_once()
    {
        using var folder = Orders();
        folder.Update();
        Assert.Equal("1", folder.Scalar(Ids + "orders"));
        Assert.Equal("2,3,4", folder.Scalar(Ids + "orders__quarantine"));
        var held = Assert.Single(folder.Query("SELECT _reason, _source_file, _source_offset, _quarantined_at FROM silver.orders__quarantine WHERE order_id = 2"));
        Assert.Equal("known_customer: customer_known", held.GetProperty("_reason").GetString());
        Assert.Equal("in/orders/1.csv", held.GetProperty("_source_file").GetString());
        Assert.StartsWith("bronze.orders, up to version", held.GetProperty("_source_offset").GetString(), StringComparison.Ordinal);
        folder.Write("in/customers/2.csv", "name\nbob\n");
        folder.Update();
        Assert.Equal("1", folder.Scalar(Ids + "orders"));
        var step = Replay(folder);
        Assert.Equal((3, 1, 0), (step.GetProperty("rowsIn").GetInt32(), step.GetProperty("rowsOut").GetInt32(), step.GetProperty("rowsQuarantined").GetInt32()));
        Assert.Equal("1,2", folder.Scalar(Ids + "orders"));
        Assert.Equal("3,4", folder.Scalar(Ids + "orders__quarantine"));
        // Those refused again keep both reasons, each name once.
        Assert.Equal("['cast:amount', small]", folder.Scalar("SELECT _broken_expectations::VARCHAR FROM silver.orders__quarantine WHERE order_id = 3"));
        Assert.Contains("| replayed 20", folder.Scalar("SELECT _reason FROM silver.orders__quarantine WHERE order_id = 4"), StringComparison.Ordinal);
        Assert.Equal(0, Replay(folder).GetProperty("rowsOut").GetInt32());
        Assert.Equal("1,2", folder.Scalar(Ids + "orders"));
        // What is downstream goes on, and the flow reads nothing twice.
        folder.Update();
        Assert.Equal("2", folder.Scalar("SELECT sum(orders) FROM gold.totals"));
        folder.Write("in/orders/2.csv", "order_id,customer,amount\n5,bob,1\n");
        folder.Update();
        Assert.Equal("1,2,5", folder.Scalar(Ids + "orders"));
    }

    [Fact]
    public void A_mended_query_admits_what_a_cast_failed_on_and_a_rule_or_condition_names_the_rows_to_replay()
    {
        using var folder = Orders();
        folder.Update();
        folder.Write("in/customers/2.csv", "name\nbob\n").Update();
        Assert.Equal("skipped", Replay(folder, "--rule", "no_such_rule").GetProperty("status").GetString());
        Assert.Equal(1, Replay(folder, "--rule", "known_customer", "--where", "order_id = 2").GetProperty("rowsIn").GetInt32());
        var sql = File.ReadAllText(folder.File("silver/orders.sql"));
        folder.Write("silver/orders.sql", sql.Replace("o.amount::", "replace(o.amount, 'oops', '9.99')::", StringComparison.Ordinal));
        Assert.Equal(1, Replay(folder, "--rule", "cast:amount").GetProperty("rowsOut").GetInt32());
        Assert.Equal("9.99", folder.Scalar("SELECT amount FROM silver.orders WHERE order_id = 3"));
        Assert.Equal("4", folder.Scalar(Ids + "orders__quarantine"));
        // The changed definition is still news to the next update.
        folder.Write("in/orders/2.csv", "order_id,customer,amount\n6,bob,oops\n");
        folder.Update("--select", "bronze.orders");
        Assert.Contains("definition changed", folder.Smelt("plan").Expect(0).Out, StringComparison.Ordinal);
        folder.Update();
        Assert.Equal("1,2,3,6", folder.Scalar(Ids + "orders"));
    }

    [Fact]
    public void A_row_of_several_from_one_input_is_judged_as_it_was_kept_and_one_whose_cast_failed_stays()
    {
        using var folder = new PipelineFolder("name: u\n")
            .Write("in/1.json", """{"id":1,"tags":["a","bad","7"]}""" + "\n" + """{"id":2,"tags":["x"]}""" + "\n")
            .Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'json')")
            .Write("silver/t.sql", "CREATE STREAMING TABLE silver.t (CONSTRAINT good EXPECT (tag NOT IN ('bad', 'x')) ON VIOLATION QUARANTINE ROW) AS SELECT id, unnest(tags) AS tag FROM STREAM bronze.t");
        folder.Update();
        Assert.Equal("bad,x", folder.Scalar("SELECT string_agg(tag, ',' ORDER BY tag) FROM silver.t__quarantine"));
        folder.Write("silver/t.sql", "CREATE STREAMING TABLE silver.t (CONSTRAINT good EXPECT (tag NOT IN ('bad')) ON VIOLATION QUARANTINE ROW) AS SELECT id, unnest(tags) AS tag FROM STREAM bronze.t");
        folder.Smelt("quarantine", "replay", "silver.t").Expect(0);
        Assert.Equal("7,a,x", folder.Scalar("SELECT string_agg(tag, ',' ORDER BY tag) FROM silver.t"));
        Assert.Equal("bad", folder.Scalar("SELECT string_agg(tag, ',' ORDER BY tag) FROM silver.t__quarantine"));
    }

    [Fact]
    public void A_row_that_a_join_made_beside_another_of_the_same_input_is_not_made_a_second_time()
    {
        static string Sql(string rule) => $"CREATE STREAMING TABLE silver.t (CONSTRAINT good EXPECT ({rule}) ON VIOLATION QUARANTINE ROW) AS SELECT o.id::INT AS id, d.code FROM STREAM bronze.o AS o JOIN bronze.d AS d ON d.id = o.id";
        using var folder = new PipelineFolder("name: j\n")
            .Write("in/1.csv", "id\n1\n2\n3\n")
            .Write("codes.csv", "id,code\n1,a\n1,bad\n2,bad\n2,worse\n3,bad\n")
            .Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')")
            .Write("bronze/d.sql", "CREATE MATERIALIZED VIEW bronze.d AS SELECT * FROM read_files('codes.csv', format => 'csv')")
            .Write("silver/t.sql", Sql("code NOT IN ('bad', 'worse')"));
        folder.Update();
        Assert.Equal("1a", folder.Scalar("SELECT string_agg(id || code, ' ' ORDER BY id, code) FROM silver.t"));
        folder.Write("codes.csv", "id,code\n1,a\n2,bad\n3,bad\n").Write("silver/t.sql", Sql("code <> 'worse'")).Update();
        var told = folder.Smelt("quarantine", "replay", "silver.t").Expect(0).Out;
        Assert.Contains("3 quarantined rows stay: their input is joined with tables", told, StringComparison.Ordinal);
        Assert.Equal("1a 3bad", folder.Scalar("SELECT string_agg(id || code, ' ' ORDER BY id, code) FROM silver.t"));
        Assert.Equal("1bad 2bad 2worse", folder.Scalar("SELECT string_agg(id || code, ' ' ORDER BY id, code) FROM silver.t__quarantine"));
    }

    [Fact]
    public void Every_value_of_a_row_comes_back_from_quarantine_exactly_in_bronze_too()
    {
        using var folder = new PipelineFolder("name: q\n").Write("seed.sql", "SELECT 1");
        File.Delete(folder.File("seed.sql"));
        folder.Smelt("query", """
            SELECT i AS id, 12345678901234567.89::DECIMAL(38,2) AS d, 'a"b'::BLOB || '\x00\xFF'::BLOB AS b, 'inf'::DOUBLE AS i, 'nan'::DOUBLE AS n, 0.1::DOUBLE AS tenth,
              {'price': 1.10::DECIMAL(38,20), 'list': [{'raw': '\x01'::BLOB}, NULL], 'far': '-inf'::DOUBLE} AS s, MAP {'k': 2.50::DECIMAL(20,10)} AS m, MAP {'p': 1} AS plain,
              TIMESTAMP '2024-02-29 12:00:00.123456' AS t, TIMESTAMPTZ '2024-02-29 12:00:00.123456+02' AS tz, DATE '0001-01-01' AS day, NULL::INT AS nothing, 'a/b~"c' AS "odd/~""name", [[1], []]::INT[][] AS ll, '{"a":1}'::JSON AS j,
              NULL::STRUCT(x INT) AS no_struct
            FROM range(2) AS r(i)
            """, "--format", "parquet", "--output", "in.parquet").Expect(0);
        const string Bronze = "CREATE STREAMING TABLE bronze.t (CONSTRAINT some EXPECT (id > {0}) ON VIOLATION QUARANTINE ROW) AS SELECT * FROM STREAM read_files('in.parquet')";
        const string Silver = "CREATE STREAMING TABLE silver.t (CONSTRAINT some EXPECT (id > {0}) ON VIOLATION QUARANTINE ROW) AS SELECT * FROM STREAM bronze.t";
        string With(string sql, int least) => string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, least);
        folder.Write("bronze/t.sql", With(Bronze, 0)).Write("silver/t.sql", With(Silver, 1));
        folder.Update();
        Assert.Equal("1 0 0 1 1", folder.Scalar("SELECT concat_ws(' ', (SELECT count(*) FROM bronze.t), (SELECT min(id) FROM bronze.t__quarantine), (SELECT count(*) FROM silver.t), (SELECT min(id) FROM silver.t__quarantine), (SELECT count(*) FROM bronze.t__quarantine))"));
        folder.Write("bronze/t.sql", With(Bronze, -1)).Write("silver/t.sql", With(Silver, -1));
        folder.Smelt("quarantine", "replay", "bronze.t").Expect(0);
        folder.Smelt("quarantine", "replay", "silver.t").Expect(0);
        folder.Update();
        // Two rows that differ by their id and the times of their batches only.
        const string Same = "SELECT DISTINCT * EXCLUDE (id, _ingested_at, _ingestion_date, _batch_id) FROM bronze.t UNION ALL SELECT DISTINCT * EXCLUDE (id, _ingested_at, _ingestion_date, _batch_id) FROM silver.t";
        Assert.Equal("2 2 0 0", folder.Scalar("SELECT concat_ws(' ', (SELECT count(*) FROM bronze.t), (SELECT count(*) FROM silver.t), (SELECT count(*) FROM bronze.t__quarantine), (SELECT count(*) FROM silver.t__quarantine))"));
        Assert.Equal("1", folder.Scalar($"SELECT count(*) FROM (SELECT DISTINCT * FROM ({Same}))"));
        Assert.Equal("in.parquet", folder.Scalar("SELECT string_agg(DISTINCT _source_file) FROM bronze.t"));
    }

    [Fact]
    public void List_and_show_tell_of_quarantines_and_a_view_or_a_materialized_view_is_not_replayed()
    {
        using var folder = Orders().Write("gold/seen.sql", "CREATE VIEW gold.seen AS SELECT 1 AS one");
        Assert.Contains("No row was refused", folder.Smelt("quarantine", "list").Expect(0).Out, StringComparison.Ordinal);
        folder.Smelt("quarantine", "show", "silver.orders").Expect(2);
        folder.Update();
        var row = Assert.Single(folder.Smelt("quarantine", "list", "--json").Expect(0).Json.GetProperty("rows").EnumerateArray().ToList());
        Assert.Equal("silver.orders 3 known_customer 2, cast:amount 1, small 1", $"{row.GetProperty("dataset").GetString()} {row.GetProperty("rows").GetInt64()} {row.GetProperty("rules").GetString()}");
        Assert.Single(folder.Smelt("quarantine", "show", "silver.orders", "--rule", "cast:amount", "--json").Expect(0).Json.GetProperty("rows").EnumerateArray().ToList());
        Assert.Contains("is a materialized view", folder.Smelt("quarantine", "replay", "gold.totals").Expect(2).Err, StringComparison.Ordinal);
        Assert.Contains("is a view", folder.Smelt("quarantine", "replay", "gold.seen").Expect(2).Err, StringComparison.Ordinal);
        Assert.Contains("its quarantine is empty", folder.Smelt("quarantine", "replay", "bronze.orders", "--json").Expect(0).Out, StringComparison.Ordinal);
    }

    /// <summary>Every point of a replay; at low count those between which something becomes durable.</summary>
    public static TheoryData<string> Points => Repository.IsDeep ? [.. SmallPipeline.Points("silver.orders"), "update:before-event-log"]
        : ["silver.orders:after-intent", "silver.orders:after-prepared", "silver.orders:after-commit-0", "silver.orders:before-done"];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_replay_that_is_killed_anywhere_admits_each_row_once_whether_the_next_run_is_a_replay_or_an_update(string point)
    {
        foreach (var isUpdateNext in new[] { true, false })
        {
            using var folder = prepared.Folder.Copy();
            var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@" + point }, "quarantine", "replay", "silver.orders", "--no-tests");
            Assert.True(killed.ExitCode == 137, $"kill@{point}: exit code {killed.ExitCode}\n{killed.Out}\n{killed.Err}");
            if (isUpdateNext) LocalUpdate.Run(folder.Path);
            LocalUpdate.RunWith(folder.Path, null, static o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.orders")], Replay = new Smelt.Runs.ReplayOptions(null) });
            LocalUpdate.Run(folder.Path);
            using var lake = new OpenLake(folder.Path);
            Assert.Equal("1,2", lake.Text(Ids + "orders"));
            Assert.Equal("3,4", lake.Text(Ids + "orders__quarantine"));
            Assert.Equal("2", lake.Text("SELECT sum(orders) FROM gold.totals"));
        }
    }
}
