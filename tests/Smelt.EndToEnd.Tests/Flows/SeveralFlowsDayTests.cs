namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days of a table that several flows write: by all of them in one commit.</summary>
public sealed class SeveralFlowsDayTests
{
    private const string Orders = """
        CREATE OR REFRESH STREAMING TABLE silver.orders (CONSTRAINT positive EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ('smelt.day_column' = 'day')
        AS SELECT id::BIGINT AS id, day::DATE AS day, amount::BIGINT AS amount FROM STREAM bronze.shop;
        CREATE FLOW phone AS INSERT INTO orders BY NAME SELECT id::BIGINT AS id, day::DATE AS day, amount::BIGINT AS amount, 'phone' AS channel FROM STREAM bronze.phone;
        CREATE FLOW archive AS INSERT INTO ONCE silver.orders BY NAME SELECT id::BIGINT AS id, day::DATE AS day, 7::BIGINT AS amount, 'archive' AS channel FROM read_files('archive/*.csv');
        """;

    private const string Mended = "SELECT string_agg(id || ':' || amount || coalesce(channel[1], ''), ' ' ORDER BY id) FROM silver.orders";

    [Fact]
    public void A_day_is_made_again_by_all_flows_and_equals_a_full_refresh_s_day()
    {
        using var folder = Made();
        var query = Orders.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount").Replace("7::BIGINT", "70::BIGINT");
        folder.Write("silver/orders.sql", query);
        var made = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.orders").Made("silver.orders");
        Assert.Equal(3, made.Counts.RowsOut);
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal("1:100 2:20 11:110p 12:12p 21:70a 22:7a", lake.Text(Mended));
            Assert.Equal("3:-30 13:NULL", lake.Text("SELECT string_agg(id || ':' || coalesce(amount::VARCHAR, 'NULL'), ' ' ORDER BY id) FROM silver.orders__quarantine"));
            Assert.Equal("orders phone", lake.Text("SELECT string_agg(_flow, ' ' ORDER BY id) FROM silver.orders__quarantine"));
            Assert.Contains("\"amount\"", lake.Text("SELECT _input FROM silver.orders__quarantine WHERE id = 3"));
        }
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.orders").Made("silver.orders").Counts.RowsOut);
        LocalUpdate.Run(folder.Path).NothingRan();
        // The flows go on where they were.
        LocalUpdate.Run(folder.Write("landing/phone/2.csv", "id,day,amount\n14,2025-01-01,14\n").Path);
        _ = LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "silver.orders").Made("silver.orders");
        using var whole = folder.Copy();
        LocalUpdate.Run(whole.Path, null, "silver.orders");
        using (var lake = new OpenLake(whole.Path)) Assert.Equal("1:100 2:200 11:110p 12:120p 14:140p 21:70a 22:70a", lake.Text(Mended));
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1:100 2:200 11:110p 12:120p 14:140p 21:70a 22:70a", lake.Text(Mended));
    }

    [Fact]
    public void What_a_flow_cannot_read_again_stops_all_of_them_by_name()
    {
        using var folder = Made();
        var rows = folder.Copy();
        File.Delete(rows.File("archive/old.csv"));
        Assert.Contains("archive/old.csv", LocalUpdate.Days(rows.Path, "2025-01-01", "2025-01-01", "silver.orders").Failed("silver.orders", "SM6243"));
        rows.Dispose();
        folder.Write("silver/orders.sql", Orders[..Orders.IndexOf("CREATE FLOW archive", StringComparison.Ordinal)]);
        Assert.Contains("the flow archive, which no file defines any more", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.orders").Failed("silver.orders", "SM6243"));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1:10 2:20 11:11p 12:12p 21:7a 22:7a", lake.Text(Mended));
    }

    [Theory]
    [InlineData("silver.orders:after-prepared")]
    [InlineData("silver.orders:after-commit-0")]
    [InlineData("silver.orders/phone:after-prepared")]
    public void A_killed_day_is_finished_by_the_next_update_whichever_flow_was_cut_short(string point)
    {
        using var folder = Made();
        folder.Write("silver/orders.sql", Orders.Replace("amount::BIGINT AS amount", "amount::BIGINT * 10 AS amount"));
        // An ordinary batch of a sibling that was cut short comes first.
        if (point.Contains('/')) folder.Write("landing/phone/2.csv", "id,day,amount\n14,2025-01-01,14\n").RunKilledAt(point);
        else folder.RunKilledAt(point, "--date", "2025-01-01", "--select", "silver.orders");
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-02", "silver.orders").Made("silver.orders");
        LocalUpdate.Run(folder.Path).NothingRan();
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(point.Contains('/') ? "1:100 2:200 11:110p 12:120p 14:140p 21:7a 22:7a" : "1:100 2:200 11:110p 12:120p 21:7a 22:7a", lake.Text(Mended));
    }

    [Fact]
    public void Bronze_flows_replace_the_rows_of_their_own_batches()
    {
        using var folder = new PipelineFolder("name: b\n").Write("landing/a/1.csv", "id,v\n1,x\n").Write("landing/b/1.csv", "id,w\n2,y\n").Write("once/1.csv", "id\n3\n");
        const string Query = """
            CREATE STREAMING TABLE bronze.t AS SELECT * FROM STREAM read_files('landing/a', format => 'csv');
            CREATE FLOW b AS INSERT INTO bronze.t BY NAME SELECT id, w FROM STREAM read_files('landing/b', format => 'csv');
            CREATE FLOW c AS INSERT INTO ONCE bronze.t BY NAME SELECT id FROM read_files('once', format => 'csv');
            """;
        LocalUpdate.On("2025-01-01", folder.Write("bronze/t.sql", Query).Path);
        LocalUpdate.On("2025-01-02", folder.Write("landing/b/2.csv", "id,w\n4,z\n").Path);
        folder.Write("bronze/t.sql", Query.Replace("SELECT id, w", "SELECT id, w || '!' AS w").Replace("SELECT * FROM STREAM", "SELECT * REPLACE (v || '?' AS v) FROM STREAM"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.t").Made("bronze.t");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1x?landing/a/1.csv 2y!landing/b/1.csv 3 4zlanding/b/2.csv", lake.Text("SELECT string_agg(id || coalesce(v, '') || coalesce(w, '') || coalesce(_source_file, ''), ' ' ORDER BY id) FROM bronze.t"));
        Assert.Equal("4", lake.Text("SELECT count(*) FROM bronze.t WHERE _batch_id IS NOT NULL AND _ingested_at IS NOT NULL"));
        Assert.Equal("[1, 1, 1, 2]", lake.Text("SELECT list(day(_ingestion_date) ORDER BY id)::VARCHAR FROM bronze.t"));
    }

    [Fact]
    public void Each_flow_reads_a_table_at_the_version_that_is_its_own()
    {
        const string Names = "CREATE MATERIALIZED VIEW silver.names AS SELECT 1 AS id, 'an' AS name";
        static string Of(int number, string names) => $"SELECT {number} + s.id::BIGINT AS id, DATE '2025-01-01' AS day, n.name FROM STREAM bronze.shop AS s JOIN {names} AS n ON n.id = s.id::BIGINT";
        using var folder = new PipelineFolder("name: v\n").Write("bronze/shop.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("landing/1.csv", "id\n1\n")
            .Write("silver/names.sql", Names).Write("silver/seen.sql", "CREATE VIEW silver.seen AS SELECT * FROM silver.names").Write("silver/t.sql", $"""
            CREATE STREAMING TABLE silver.t TBLPROPERTIES ('smelt.day_column' = 'day') AS {Of(0, "silver.names")};
            CREATE FLOW b AS INSERT INTO ONCE silver.t BY NAME SELECT 11::BIGINT AS id, DATE '2025-01-01' AS day, name FROM silver.names;
            CREATE FLOW c AS INSERT INTO ONCE silver.t BY NAME SELECT 21::BIGINT AS id, DATE '2025-01-01' AS day, name FROM silver.seen;
            CREATE FLOW d AS INSERT INTO silver.t BY NAME {Of(30, "silver.names VERSION AS OF 0")};
            CREATE FLOW e AS INSERT INTO silver.t BY NAME {Of(40, "silver.names VERSION AS OF 0")};
            CREATE FLOW f AS INSERT INTO silver.t BY NAME {Of(50, "silver.seen")};
            """);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Write("silver/names.sql", Names.Replace("'an'", "'ann'")).Path);
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.t").Made("silver.t");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1:ann 11:an 21:an 31:an 41:an 51:ann", lake.Text("SELECT string_agg(id || ':' || name, ' ' ORDER BY id) FROM silver.t"));
    }

    [Fact]
    public void A_flow_that_ran_once_through_a_macro_is_refused_where_the_macro_s_table_is_another_by_now()
    {
        const string Names = "CREATE MATERIALIZED VIEW silver.names AS SELECT 1 AS id, 'an' AS name";
        using var folder = new PipelineFolder("name: v\n").Write("bronze/shop.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("landing/1.csv", "id\n1\n")
            .Write("functions/named.sql", "CREATE MACRO named() AS TABLE SELECT * FROM silver.names").Write("silver/names.sql", Names).Write("silver/t.sql", """
            CREATE STREAMING TABLE silver.t TBLPROPERTIES ('smelt.day_column' = 'day') AS SELECT s.id::BIGINT AS id, DATE '2025-01-01' AS day, n.name FROM STREAM bronze.shop AS s JOIN silver.names AS n ON n.id = s.id::BIGINT;
            CREATE FLOW b AS INSERT INTO ONCE silver.t BY NAME SELECT 11::BIGINT AS id, DATE '2025-01-01' AS day, name FROM named();
            """);
        LocalUpdate.Run(folder.Path);
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.t").Made("silver.t").Counts.RowsOut);
        LocalUpdate.Run(folder.Write("silver/names.sql", Names.Replace("'an'", "'ann'")).Path);
        Assert.Contains("the flow b ran once over silver.names at version 0, which a macro of it would read as it is now", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.t").Failed("silver.t", "SM6220"));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1:an 11:an", lake.Text("SELECT string_agg(id || ':' || name, ' ' ORDER BY id) FROM silver.t"));
    }

    [Fact]
    public void What_was_erased_does_not_come_back_by_a_flow_that_runs_once()
    {
        using var folder = Made();
        using (var files = folder.Copy())
        {
            files.Smelt("sql", "--erasure", "DELETE FROM silver.orders WHERE id = 21").Expect(0);
            Assert.Contains("archive/old.csv, which it reads again, may hold them still", LocalUpdate.Days(files.Path, "2025-01-01", "2025-01-01", "silver.orders").Failed("silver.orders", "SM6244"));
        }
        LocalUpdate.Run(folder.Write("bronze/old.sql", "SELECT * FROM STREAM read_files('archive', format => 'csv')").Write("silver/orders.sql", Orders.Replace("FROM read_files('archive/*.csv')", "FROM bronze.old")).Path, null, "silver.orders");
        using (var own = folder.Copy())
        {
            own.Smelt("sql", "--erasure", "DELETE FROM silver.orders WHERE id = 21").Expect(0);
            Assert.Contains("(from silver.orders, ", LocalUpdate.Days(own.Path, "2025-01-01", "2025-01-01", "silver.orders").Failed("silver.orders", "SM6244"));
        }
        folder.Smelt("sql", "--erasure", "DELETE FROM bronze.old WHERE id = 21").Expect(0);
        Assert.Contains("bronze.old at version", LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "silver.orders").Failed("silver.orders", "SM6244"));
    }

    [Fact]
    public void What_was_refused_of_bronze_flows_that_are_not_read_again_stays()
    {
        using var folder = new PipelineFolder("name: b\n").Write("landing/1.csv", "id\n1\n-2\n").Write("once/1.csv", "id\n3\n-4\n");
        const string Query = """
            CREATE STREAMING TABLE bronze.t (CONSTRAINT c EXPECT (id > 0) ON VIOLATION QUARANTINE ROW) AS SELECT id::BIGINT AS id FROM STREAM read_files('landing', format => 'csv');
            CREATE FLOW c AS INSERT INTO ONCE bronze.t BY NAME SELECT id::BIGINT AS id FROM read_files('once', format => 'csv');
            """;
        LocalUpdate.On("2025-01-01", folder.Write("bronze/t.sql", Query).Path);
        folder.Write("bronze/t.sql", Query.Replace("id::BIGINT AS id FROM STREAM", "abs(id::BIGINT) AS id FROM STREAM"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-01", "bronze.t").Made("bronze.t");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[1, 2, 3]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.t"));
        Assert.Equal("[-4]", lake.Text("SELECT list(id ORDER BY id)::VARCHAR FROM bronze.t__quarantine"));
    }

    private static PipelineFolder Made()
    {
        var folder = new PipelineFolder("name: flows\n")
            .Write("bronze/shop.sql", "SELECT * FROM STREAM read_files('landing/shop', format => 'csv')").Write("bronze/phone.sql", "SELECT * FROM STREAM read_files('landing/phone', format => 'csv')")
            .Write("silver/orders.sql", Orders).Write("archive/old.csv", "id,day\n21,2025-01-01\n22,2025-01-02\n")
            .Write("landing/shop/1.csv", "id,day,amount\n1,2025-01-01,10\n2,2025-01-02,20\n3,2025-01-01,-3\n").Write("landing/phone/1.csv", "id,day,amount\n11,2025-01-01,11\n12,2025-01-02,12\n13,2025-01-01,x\n");
        LocalUpdate.Run(folder.Path);
        return folder;
    }
}
