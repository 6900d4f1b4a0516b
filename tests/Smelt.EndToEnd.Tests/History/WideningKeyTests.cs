using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Keys and sequences of AUTO CDC that come in a wider type: the memory follows its table.</summary>
public sealed class WideningKeyTests
{
    private static PipelineFolder Flow(PipelineFolder folder, string key, string sequence, string clauses, string widens = "true") => folder.Write("silver/t.sql", $"""
        CREATE STREAMING TABLE silver.t TBLPROPERTIES ('delta.enableTypeWidening' = '{widens}');
        CREATE FLOW f AS AUTO CDC INTO silver.t
        FROM (SELECT id::{key} AS id, seq::{sequence} AS seq, v, op FROM STREAM read_files('landing', format => 'json', schema => 'id BIGINT, seq BIGINT, v INTEGER, op VARCHAR'))
        KEYS (id) APPLY AS DELETE WHEN op = 'd' SEQUENCE BY seq COLUMNS id, v {clauses}
        """);

    private static PipelineFolder Begun(string clauses, string widens = "true") => Flow(new PipelineFolder(), "INTEGER", "INTEGER", clauses, widens).Write("landing/1.json", """
        {"id": 1, "seq": 5, "v": 1, "op": "u"}
        {"id": 2, "seq": 5, "v": 1, "op": "u"}
        {"id": 2, "seq": 6, "op": "d"}
        """ + "\n");

    [Theory]
    [InlineData("", "1 11;2 2;5000000000 3")]
    [InlineData("IGNORE NULL UPDATES", "1 11;2 2;5000000000 3")]
    [InlineData("STORED AS SCD TYPE 2", "1 9;1 1;1 11;2 1;2 0;2 2;5000000000 5;5000000000 3")]
    public void A_wider_key_and_sequence_are_held_against_what_is_remembered_of_the_narrower(string clauses, string expected)
    {
        using var folder = Begun(clauses);
        LocalUpdate.Run(folder.Path);
        Flow(folder, "BIGINT", "BIGINT", clauses).Write("landing/2.json", """
            {"id": 1, "seq": 4, "v": 9, "op": "u"}
            {"id": 2, "seq": 5000000000, "v": 2, "op": "u"}
            {"id": 5000000000, "seq": 3, "v": 3, "op": "u"}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
        folder.Write("landing/3.json", """
            {"id": 1, "seq": 7, "v": 11, "op": "u"}
            {"id": 2, "seq": 4000000000, "v": 0, "op": "u"}
            {"id": 5000000000, "seq": 2, "v": 5, "op": "u"}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        var order = clauses.Contains("TYPE 2", StringComparison.Ordinal) ? "id, __START_AT" : "id";
        Assert.Equal(expected, lake.Text($"SELECT string_agg(concat_ws(' ', id, v), ';' ORDER BY {order}) FROM silver.t"));
    }

    [Fact]
    public void A_sequence_that_becomes_another_kind_of_number_is_named_with_the_way_out()
    {
        using var folder = Begun("");
        LocalUpdate.Run(folder.Path);
        Flow(folder, "INTEGER", "DOUBLE", "").Write("landing/2.json", """{"id": 1, "seq": 7, "v": 11, "op": "u"}""" + "\n");
        var told = LocalUpdate.TryRun(folder.Path).Failed("silver.t", EngineCodes.SchemaRefused);
        Assert.Contains("the sequence (seq) was int and is double", told);
        Assert.Contains("--full-refresh silver.t", told);
        Assert.DoesNotContain("enableTypeWidening", told);
        LocalUpdate.Run(folder.Path, null, "silver.t");
    }

    [Fact]
    public void Where_the_table_does_not_widen_neither_does_the_memory()
    {
        using var folder = Begun("", "false");
        LocalUpdate.Run(folder.Path);
        Flow(folder, "INTEGER", "BIGINT", "", "false").Write("landing/2.json", """{"id": 1, "seq": 7, "v": 11, "op": "u"}""" + "\n");
        var told = LocalUpdate.TryRun(folder.Path).Failed("silver.t", EngineCodes.SchemaRefused);
        Assert.Contains("the sequence (seq) was int and is bigint", told);
        Assert.Contains("'delta.enableTypeWidening' = 'true'", told);
    }
}
