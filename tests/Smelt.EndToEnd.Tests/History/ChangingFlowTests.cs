namespace Smelt.EndToEnd.Tests.History;

/// <summary>AUTO CDC whose columns, rules or clauses change between two batches.</summary>
public sealed class ChangingFlowTests
{
    private static PipelineFolder Flow(PipelineFolder folder, string columns, string clauses, string rule = "") => folder.Write("silver/t.sql", $"""
        CREATE STREAMING TABLE silver.t {rule} TBLPROPERTIES ('delta.enableDeletionVectors' = 'false');
        CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', format => 'json', schema => 'id BIGINT, seq BIGINT, a VARCHAR, b VARCHAR')
        KEYS (id) SEQUENCE BY seq COLUMNS {columns} {clauses}
        """);

    [Theory]
    [InlineData("", "1 new -;2 x y")]
    [InlineData("STORED AS SCD TYPE 2", "1 new -;1 x y;2 x y")]
    public void A_column_that_is_no_longer_stored_stays_with_the_rows_that_have_it(string clauses, string expected)
    {
        using var folder = Flow(new PipelineFolder(), "id, a, b", clauses);
        LocalUpdate.Run(folder.Write("landing/1.json", """
            {"id": 1, "seq": 1, "a": "x", "b": "y"}
            {"id": 2, "seq": 1, "a": "x", "b": "y"}
            """ + "\n").Path);
        Flow(folder, "id, a", clauses).Write("landing/2.json", """{"id": 1, "seq": 2, "a": "new", "b": "z"}""" + "\n");
        Assert.Contains("column b is no longer written: NULL", LocalUpdate.Run(folder.Path).Made("silver.t").Notes);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(expected, lake.Text("SELECT string_agg(concat_ws(' ', id, a, coalesce(b, '-')), ';' ORDER BY id, a) FROM silver.t"));
    }

    [Theory]
    [InlineData("KEYS (id)", "KEYS (id, a)", "")]
    [InlineData("SEQUENCE BY seq", "SEQUENCE BY id", "")]
    [InlineData("COLUMNS", "IGNORE NULL UPDATES COLUMNS", "")]
    [InlineData("COLUMNS", "COLUMNS", "STORED AS SCD TYPE 2")]
    public void A_table_kept_with_other_keys_another_sequence_or_type_stops_until_it_is_rebuilt(string was, string now, string clauses)
    {
        using var folder = Flow(new PipelineFolder(), "id, a, b", "").Write("landing/1.json", """{"id": 1, "seq": 1, "a": "x", "b": "y"}""" + "\n");
        LocalUpdate.Run(folder.Path);
        Flow(folder, "id, a, b", clauses).Write("landing/2.json", """{"id": 1, "seq": 2, "a": "z", "b": "y"}""" + "\n");
        File.WriteAllText(folder.File("silver/t.sql"), File.ReadAllText(folder.File("silver/t.sql")).Replace(was, now, StringComparison.Ordinal));
        Assert.Contains("--full-refresh silver.t", LocalUpdate.TryRun(folder.Path).Failed("silver.t", "SM6141"));
        LocalUpdate.Run(folder.Path, null, "silver.t");
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    [Fact]
    public void A_quarantined_event_that_is_sent_again_finds_its_place_among_the_events_that_came_since()
    {
        using var folder = Flow(new PipelineFolder(), "id, a, b", "STORED AS SCD TYPE 2", "(CONSTRAINT known EXPECT (a <> 'odd') ON VIOLATION QUARANTINE ROW)");
        LocalUpdate.Run(folder.Write("landing/1.json", """
            {"id": 1, "seq": 1, "a": "x", "b": "y"}
            {"id": 1, "seq": 2, "a": "odd", "b": "y"}
            """ + "\n").Path);
        LocalUpdate.Run(folder.Write("landing/2.json", """{"id": 1, "seq": 3, "a": "z", "b": "y"}""" + "\n").Path);
        Flow(folder, "id, a, b", "STORED AS SCD TYPE 2", "(CONSTRAINT known EXPECT (a <> 'other') ON VIOLATION QUARANTINE ROW)");
        LocalUpdate.Run(folder.Write("landing/3.json", """{"id": 1, "seq": 2, "a": "odd", "b": "y"}""" + "\n").Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("x 1 2;odd 2 3;z 3 -", lake.Text("SELECT string_agg(concat_ws(' ', a, __START_AT, coalesce(__END_AT::VARCHAR, '-')), ';' ORDER BY __START_AT) FROM silver.t"));
    }
}
