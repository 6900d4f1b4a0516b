namespace Smelt.Pipelines.Tests.Flows;

public class AutoCdcTests
{
    private static Compilation Compile(string flow, string columns = "id, seq, op, name, city")
    {
        using var pipeline = new TestPipeline(
            ("bronze/changes.sql", $"SELECT {columns} FROM STREAM read_files('landing', schema => 'id BIGINT, seq BIGINT, op VARCHAR, name VARCHAR, city VARCHAR')"),
            ("silver/t.sql", $"CREATE STREAMING TABLE silver.t (CONSTRAINT known EXPECT (op IN ('u', 'd')));\nCREATE FLOW f AS AUTO CDC INTO silver.t {flow}"));
        return pipeline.Compile();
    }

    private static AutoCdc Clauses(string flow)
    {
        var compiled = Compile(flow);
        Assert.Empty(compiled.Diagnostics);
        return Assert.Single(compiled.Pipeline.Graph.Find("silver.t")!.Flows).Cdc!;
    }

    [Fact]
    public void Every_clause_is_read_in_any_order()
    {
        var cdc = Clauses("""
            FROM STREAM(bronze.changes) STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (city) KEYS (id, name)
            APPLY AS DELETE WHEN op = 'd' AND (seq > 0) SEQUENCE BY STRUCT(seq, name) IGNORE NULL UPDATES ON city COLUMNS * EXCEPT (op)
            """);
        Assert.Equal(["id", "name"], cdc.Keys);
        Assert.Equal(["seq", "name"], cdc.SequenceBy);
        Assert.True(cdc.IsStruct && cdc.KeepsHistory && !cdc.IsSnapshot);
        Assert.Equal("op = 'd' AND (seq > 0)", cdc.DeleteWhen);
        Assert.Null(cdc.TruncateWhen);
        Assert.True(cdc.IgnoreNulls.Has("CITY") && !cdc.IgnoreNulls.Has("name"));
        Assert.True(cdc.TrackHistory.Has("name") && !cdc.TrackHistory.Has("city"));
        Assert.False(cdc.Columns.Has("op"));
    }

    [Fact]
    public void What_is_left_out_has_Lakeflow_s_defaults()
    {
        var cdc = Clauses("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq");
        Assert.False(cdc.KeepsHistory || cdc.IsStruct);
        Assert.True(cdc.Columns.Has("op") && !cdc.Columns.Has("_ingested_at") && !cdc.IgnoreNulls.Has("name"));
        Assert.True(Clauses("FROM STREAM bronze.changes KEYS (id) IGNORE NULL UPDATES SEQUENCE BY seq").IgnoreNulls.Has("name"));
        Assert.True(Clauses("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq COLUMNS id, name, _ingested_at").Columns.Has("_ingested_at"));
    }

    [Theory]
    [InlineData("FROM STREAM(bronze.changes)")]
    [InlineData("FROM STREAM bronze.changes AS c")]
    [InlineData("FROM (SELECT id, seq, op, name FROM STREAM bronze.changes WHERE id > 0)")]
    [InlineData("FROM STREAM read_files('landing', schema => 'id BIGINT, seq BIGINT, op VARCHAR')")]
    public void The_source_is_a_stream_or_a_query_of_one(string source)
    {
        var compiled = Compile($"{source} KEYS (id) SEQUENCE BY seq STORED AS SCD TYPE 2");
        Assert.Empty(compiled.Diagnostics);
        var columns = compiled.Pipeline.Graph.Find("silver.t")!.Columns.Select(static c => c.Name).ToList();
        Assert.Equal(["__START_AT", "__END_AT"], columns[^2..]);
        Assert.DoesNotContain("_ingested_at", columns);
    }

    [Theory]
    [InlineData("FROM STREAM bronze.changes SEQUENCE BY seq", "SM1005", "no KEYS")]
    [InlineData("FROM STREAM bronze.changes KEYS (id)", "SM1005", "no SEQUENCE BY")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) KEYS (id) SEQUENCE BY seq", "SM1005", "stands twice")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq STORED AS SCD TYPE 3", "SM1005", "1 or 2")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq WHERE op = 'u'", "SM1005", "a clause of AUTO CDC")]
    [InlineData("FROM bronze.changes KEYS (id) SEQUENCE BY seq", "SM3004", "reads no STREAM")]
    [InlineData("FROM STREAM bronze.changes KEYS (idd) SEQUENCE BY seq", "SM3041", "Did you mean 'id'?")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq COLUMNS name", "SM3041", "COLUMNS leaves out")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq TRACK HISTORY ON name", "SM3040", "no history")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq APPLY AS TRUNCATE WHEN op = 't' STORED AS SCD TYPE 2", "SM3040", "every version")]
    [InlineData("FROM SNAPSHOT bronze.changes KEYS (id) IGNORE NULL UPDATES", "SM3040", "no meaning for snapshots")]
    [InlineData("FROM SNAPSHOT (SELECT a.* FROM bronze.changes AS a JOIN bronze.changes AS b USING (id)) KEYS (id)", "SM3040", "several inputs")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq APPLY AS DELETE WHEN max(op) = 'd'", "SM1009", "about one event")]
    [InlineData("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq APPLY AS DELETE WHEN opp = 'd'", "SM2003", "opp")]
    public void What_cannot_be_is_told_with_its_code(string flow, string code, string told)
    {
        var found = Compile(flow).Diagnostics.Where(d => d.Code == code).ToList();
        Assert.Contains(found, d => (d.Message + " " + d.Hint).Contains(told, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("random() < 0.5", "depends on random(), which gives another value with each call")]
    [InlineData("op = 'd' AND make_timestamp(seq) < now()", "depends on now(), the time of the run")]
    [InlineData("seq < epoch_ms(current_timestamp)", "the time of the run")]
    [InlineData("current_date > DATE '2025-01-01'", "the time of the run")]
    public void A_condition_of_chance_or_of_the_run_s_time_is_refused(string condition, string told)
    {
        foreach (var clause in new[] { "APPLY AS DELETE WHEN", "APPLY AS TRUNCATE WHEN" })
        {
            var found = Compile($"FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq {clause} {condition}").Diagnostics;
            Assert.Contains(found, d => d.Code == "SM3040" && d.Message.Contains(told, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_condition_about_the_event_s_own_times_is_taken() =>
        Clauses("FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq APPLY AS DELETE WHEN age(make_timestamp(seq), TIMESTAMP '2025-01-01') > INTERVAL 1 DAY");

    [Theory]
    [InlineData("KEYS (id) SEQUENCE BY seq COLUMNS name", "KEYS names 'id', which COLUMNS leaves out.")]
    [InlineData("KEYS (id) SEQUENCE BY seq COLUMNS * EXCEPT (id)", "KEYS names 'id', which COLUMNS leaves out.")]
    [InlineData("KEYS (id) SEQUENCE BY seq COLUMNS id IGNORE NULL UPDATES ON name", "IGNORE NULL UPDATES ON names 'name', which COLUMNS leaves out.")]
    public void What_COLUMNS_leaves_out_is_told_though_nobody_knows_the_source_s_columns(string clauses, string told)
    {
        foreach (var source in new[] { "STREAM read_files('landing', format => 'json')", "STREAM(bronze.changes)" })
            Assert.Contains(Compile($"FROM {source} {clauses}").Diagnostics, d => d.Code == "SM3041" && d.Message == told);
    }

    [Fact]
    public void A_clause_belongs_to_the_definition()
    {
        static string Hash(string flow) => Compile(flow).Pipeline.Graph.Find("silver.t")!.DefinitionHash;
        const string Plain = "FROM STREAM bronze.changes KEYS (id) SEQUENCE BY seq";
        Assert.Equal(Hash(Plain), Hash("FROM STREAM bronze.changes  SEQUENCE BY seq /* when */ KEYS (id) STORED AS SCD TYPE 1"));
        foreach (var other in new[] { "STORED AS SCD TYPE 2", "IGNORE NULL UPDATES", "APPLY AS DELETE WHEN op = 'd'", "COLUMNS * EXCEPT (op)" }) Assert.NotEqual(Hash(Plain), Hash($"{Plain} {other}"));
    }
}
