namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>One stream joined with whole tables.</summary>
public sealed class StreamStaticJoinTests
{
    [Theory]
    [InlineData("JOIN", "1:Bonn 2:Kiel", "4:Bern 5:Rome")]
    [InlineData("LEFT JOIN", "1:Bonn 2:Kiel 3:-", "4:Bern 5:Rome 6:-")]
    public void Each_batch_is_joined_with_the_table_as_it_is_then(string join, string first, string second)
    {
        using var folder = Pipeline($"SELECT o.id::BIGINT AS id, s.city FROM STREAM bronze.orders AS o {join} bronze.shops AS s ON s.shop = o.shop");
        folder.Smelt("run").Expect(0);
        Assert.Equal(first, Rows(folder));
        folder.Write("landing/shops.csv", "shop,city\na,Bern\nb,Rome\n").Smelt("run").Expect(0);
        // Rows that were joined stay: the table alone is no news for a stream.
        Assert.Equal(first, Rows(folder));
        folder.Write("landing/orders/2.csv", "id,shop\n4,a\n5,b\n6,x\n").Smelt("run").Expect(0);
        Assert.Equal($"{first} {second}", Rows(folder));
        folder.Smelt("run", "--full-refresh", "silver.joined").Expect(0);
        Assert.Equal($"{first} {second}".Replace("Bonn", "Bern", StringComparison.Ordinal).Replace("Kiel", "Rome", StringComparison.Ordinal), Rows(folder));
    }

    [Fact]
    public void Matches_are_multiplied_as_SQL_does_and_semi_and_anti_joins_look_only()
    {
        using var folder = Pipeline("SELECT o.id::BIGINT AS id, s.city FROM STREAM bronze.orders AS o JOIN bronze.shops AS s ON s.shop = o.shop")
            .Write("landing/shops.csv", "shop,city\na,Bonn\na,Kiel\n")
            .Write("silver/known.sql", "SELECT o.id::BIGINT AS id FROM STREAM bronze.orders AS o SEMI JOIN bronze.shops AS s ON s.shop = o.shop")
            .Write("silver/unknown.sql", "SELECT o.id::BIGINT AS id FROM STREAM bronze.orders AS o ANTI JOIN bronze.shops AS s ON s.shop = o.shop");
        folder.Smelt("run").Expect(0);
        Assert.Equal("1:Bonn 1:Kiel", Rows(folder));
        Assert.Equal("1", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.known"));
        Assert.Equal("2 3", folder.Scalar("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.unknown"));
    }

    [Theory]
    [InlineData("after-intent", "1:Bonn 2:Kiel 3:-")]
    [InlineData("after-data", "1:Bonn 2:Kiel 3:-")]
    [InlineData("after-prepared", "1:Bonn 2:Kiel 3:-")]
    [InlineData("before-intent", "1:Bern 2:Rome 3:-")]
    public void A_retry_reads_the_version_of_the_table_that_its_batch_has_chosen(string point, string rows)
    {
        using var folder = Pipeline("SELECT o.id::BIGINT AS id, s.city FROM STREAM bronze.orders AS o LEFT JOIN bronze.shops AS s USING (shop)");
        folder.RunKilledAt("silver.joined:" + point);
        folder.Write("landing/shops.csv", "shop,city\na,Bern\nb,Rome\n").Write("landing/orders/2.csv", "id,shop\n4,a\n");
        folder.Smelt("run").Expect(0);
        Assert.Equal("Bern Rome", folder.Scalar("SELECT string_agg(city, ' ' ORDER BY city) FROM bronze.shops"));
        Assert.Equal(rows + " 4:Bern", Rows(folder));
    }

    [Fact]
    public void The_table_may_stand_behind_a_view_or_be_read_at_a_version()
    {
        using var folder = Pipeline("SELECT o.id::BIGINT AS id, upper(t.city) || coalesce('/' || was.city, '') AS city FROM STREAM bronze.orders AS o JOIN silver.towns AS t ON t.shop = o.shop LEFT JOIN bronze.shops VERSION AS OF 0 AS was ON was.shop = o.shop")
            .Write("silver/towns.sql", "CREATE VIEW towns AS SELECT shop, city FROM bronze.shops WHERE shop <> 'b'");
        folder.Smelt("run", "--select", "bronze.shops").Expect(0);
        folder.Write("landing/shops.csv", "shop,city\na,Bern\nb,Rome\n").Smelt("run").Expect(0);
        Assert.Equal("1:BERN/Bonn", Rows(folder));
    }

    [Theory]
    [InlineData("RIGHT", "A RIGHT join that keeps rows of the whole table")]
    [InlineData("FULL", "join that keeps rows of the whole table")]
    public void A_join_that_would_keep_rows_of_the_table_is_refused_with_the_view_to_write(string join, string words)
    {
        using var folder = Pipeline($"SELECT o.id, s.city FROM STREAM bronze.orders AS o {join} JOIN bronze.shops AS s ON s.shop = o.shop");
        var said = folder.Smelt("validate").Expect(2);
        Assert.Contains("SM3002", said.Out + said.Err);
        Assert.Contains(words, said.Out + said.Err);
        Assert.Contains("CREATE MATERIALIZED VIEW silver.joined AS", said.Out + said.Err);
    }

    private static PipelineFolder Pipeline(string joined) => new PipelineFolder("name: p\n")
        .Write("bronze/orders.sql", "SELECT id, shop FROM STREAM read_files('landing/orders', format => 'csv')")
        .Write("bronze/shops.sql", "SELECT shop, city FROM read_files('landing/shops.csv')")
        .Write("silver/joined.sql", joined)
        .Write("landing/orders/1.csv", "id,shop\n1,a\n2,b\n3,c\n")
        .Write("landing/shops.csv", "shop,city\na,Bonn\nb,Kiel\n");

    private static string Rows(PipelineFolder folder) => folder.Scalar("SELECT string_agg(id || ':' || coalesce(city, '-'), ' ' ORDER BY id, city) FROM silver.joined")!;
}
