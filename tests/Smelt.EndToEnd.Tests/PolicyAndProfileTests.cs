namespace Smelt.EndToEnd.Tests;

/// <summary>Policies of smelt.yml, and what profile tells of a dataset.</summary>
public sealed class PolicyAndProfileTests
{
    private static string Stop(PipelineFolder folder, string verb = "plan") => folder.Smelt(verb, "--json").Out + folder.Smelt(verb).Err;

    [Theory]
    [InlineData("any", "SELECT 2 AS id", true)]
    [InlineData("any", "SELECT 'x' AS id, 'y' AS name, 1 AS more", true)]
    [InlineData("additive", "SELECT 1 AS id, 'y' AS name, 1 AS more", true)]
    [InlineData("additive", "SELECT 2 AS id", false)]
    [InlineData("none", "SELECT 2 AS id, 'z' AS name", true)]
    [InlineData("none", "SELECT 2 AS id, 'z' AS name, 1 AS more", false)]
    public void A_change_of_columns_that_the_policy_does_not_allow_stops_at_the_plan_and_writes_nothing(string policy, string then, bool isAllowed)
    {
        using var folder = new PipelineFolder($"name: p\npolicies:\n  - {{schema_changes: none}}\n  - {{layer: gold, schema_changes: {policy}}}\n").Write("gold/t.sql", "SELECT 1 AS id, 'a' AS name");
        folder.Update();
        folder.Write("gold/t.sql", then);
        Assert.Equal(isAllowed, !Stop(folder).Contains("SM6061", StringComparison.Ordinal));
        folder.Smelt("run", "--json").Expect(isAllowed ? 0 : 1);
        if (!isAllowed) Assert.Equal("1a", folder.Scalar("SELECT id || name FROM gold.t"));
        if (!isAllowed) folder.Smelt("run", "--full-refresh", "gold.t").Expect(1);
    }

    [Fact]
    public void A_type_that_changes_is_found_before_anything_is_written_and_a_dataset_may_have_a_policy_of_its_own()
    {
        using var folder = new PipelineFolder("name: p\npolicies:\n  - {schema_changes: additive}\n  - {dataset: free, schema_changes: any}\n").Write("gold/t.sql", "SELECT 1 AS id").Write("gold/free.sql", "SELECT 1 AS id");
        folder.Update();
        folder.Write("gold/t.sql", "SELECT 'x' AS id").Write("gold/free.sql", "SELECT 'x' AS id");
        var steps = folder.Smelt("run", "--json").Expect(1).Json.GetProperty("steps").EnumerateArray().ToDictionary(static s => s.GetProperty("dataset").GetString()!);
        Assert.Equal("SM6061", steps["gold.t"].GetProperty("code").GetString());
        Assert.Contains("would change the type of id", steps["gold.t"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("1 x", folder.Scalar("SELECT concat_ws(' ', (SELECT id FROM gold.t), (SELECT id FROM gold.free))"));
    }

    [Theory]
    [InlineData("none", "SELECT id, note, 1 AS more FROM STREAM bronze.b", "would get more")]
    [InlineData("none", "SELECT id FROM STREAM bronze.b", "would lose note")]
    [InlineData("additive", "SELECT id FROM STREAM bronze.b", "would lose note")]
    [InlineData("additive", "SELECT id, note, 1 AS more FROM STREAM bronze.b", null)]
    [InlineData("additive", "SELECT id, 1::BIGINT AS note FROM STREAM bronze.b", "would change the type of note")]
    public void Each_of_several_flows_keeps_to_the_policy_and_may_bring_its_columns_once(string policy, string then, string? breach)
    {
        static string Flows(string b) => $"CREATE STREAMING TABLE all_of; CREATE FLOW a AS INSERT INTO silver.all_of BY NAME SELECT id, name FROM STREAM bronze.a; CREATE FLOW b AS INSERT INTO silver.all_of BY NAME {b}";
        using var folder = new PipelineFolder($"name: p\npolicies:\n  - {{layer: silver, schema_changes: {policy}}}\n").Write("silver/all_of.sql", Flows("SELECT id, note FROM STREAM bronze.b"));
        foreach (var name in (string[])["a", "b"]) folder.Write($"bronze/{name}.sql", $"SELECT id::BIGINT AS id, {(name == "a" ? "name" : "note")} FROM STREAM read_files('in/{name}', format => 'csv')").Write($"in/{name}/1.csv", $"id,{(name == "a" ? "name" : "note")}\n1,{name}\n");
        folder.Update();
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM silver.all_of"));
        foreach (var name in (string[])["a", "b"]) folder.Write($"in/{name}/2.csv", $"id,{(name == "a" ? "name" : "note")}\n2,{name}\n");
        folder.Update();
        Assert.Equal("4", folder.Scalar("SELECT count(*) FROM silver.all_of"));
        folder.Write("silver/all_of.sql", Flows(then)).Write("in/b/3.csv", "id,note\n3,b\n");
        var run = folder.Smelt("run").Expect(breach is null ? 0 : 1);
        if (breach is not null) Assert.Contains(breach, run.Out + run.Err, StringComparison.Ordinal);
        Assert.Equal(breach is null ? "5" : "4", folder.Scalar("SELECT count(*) FROM silver.all_of"));
    }

    [Fact]
    public void A_bronze_stream_under_a_strict_policy_reads_on_and_stops_at_a_new_column()
    {
        using var folder = new PipelineFolder("name: p\npolicies:\n  - {layer: bronze, schema_changes: none}\n").Write("in/1.csv", "id\n1\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')");
        folder.Update();
        folder.Write("in/2.csv", "id\n2\n").Update();
        folder.Write("in/3.csv", "id,more\n3,x\n");
        var said = folder.Smelt("run").Expect(1);
        Assert.Contains("would get more", said.Out + said.Err, StringComparison.Ordinal);
        Assert.Equal("2", folder.Scalar("SELECT count(*) FROM bronze.o"));
    }

    [Fact]
    public void Names_and_descriptions_are_diagnostics_with_the_dataset_s_place()
    {
        using var folder = new PipelineFolder("name: p\npolicies:\n  - naming: {datasets: '[a-z_]+', columns: '[a-z_]+'}\n  - {layer: gold, require_docs: columns}\n")
            .Write("silver/Bad.sql", "SELECT 1 AS id, 2 AS \"no-good\"").Write("gold/told.sql", "CREATE MATERIALIZED VIEW gold.told (id COMMENT 'The key') COMMENT 'Told' AS SELECT 1 AS id, 2 AS other").Write("gold/silent.sql", "SELECT 1 AS id");
        var said = folder.Smelt("validate").Expect(2).Err + folder.Smelt("validate").Out;
        foreach (var what in (string[])["SM5064: The name of silver.Bad does not fit", "SM5064: silver.Bad has columns whose names do not fit '[a-z_]+': no-good", "SM5065: gold.told has columns without a description: other", "SM5065: gold.silent has no description"])
            Assert.Contains(what, said, StringComparison.Ordinal);
        Assert.DoesNotContain("gold.told has no description", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Proposals_stand_in_a_statement_as_they_are_printed_and_wide_numbers_have_a_mean()
    {
        using var folder = new PipelineFolder().Write("silver/t.sql", "SELECT 99999999999999999999999999999999999999::DECIMAL(38,0) AS wide, i AS id FROM range(3) AS r(i)");
        folder.Smelt("run").Expect(0);
        var said = folder.Smelt("profile", "silver.t").Expect(0).Out;
        Assert.Contains("1e+38", said, StringComparison.Ordinal);
        var rules = string.Join('\n', said.Split('\n').Where(static l => l.TrimStart().StartsWith("CONSTRAINT", StringComparison.Ordinal)));
        folder.Write("silver/u.sql", $"CREATE MATERIALIZED VIEW silver.u (\n{rules}\n) AS SELECT * FROM silver.t");
        folder.Update();
    }

    [Theory]
    [InlineData("silver/t.sql", "")]
    [InlineData("silver/t.sql", "CREATE VIEW silver.t AS ")]
    public void Profile_tells_what_columns_hold_and_proposes_rules_that_the_rows_keep(string file, string head)
    {
        using var folder = new PipelineFolder().Write(file, head + """
            SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i - 50 END AS delta, ['open', 'closed'][1 + i % 2] AS status, DATE '2024-01-01' + i::INT AS day, [i] AS list, 1.5::DECIMAL(10,2) AS fixed, NULL::DOUBLE AS nothing
            FROM range(100) AS r(i)
            """);
        folder.Smelt("run").Expect(0);
        var profile = folder.Smelt("profile", "t", "--json").Expect(0).Json;
        var columns = profile.GetProperty("columns").EnumerateArray().ToDictionary(static c => c.GetProperty("name").GetString()!);
        Assert.Equal("BIGINT 100 0 100 0 99 49.5", string.Join(' ', new[] { "type", "rows", "nulls", "distinct", "min", "max", "mean" }.Select(p => columns["id"].GetProperty(p).ToString())));
        Assert.Equal("10 10 10 10 10 10 10 10 10 10", string.Join(' ', columns["id"].GetProperty("histogram").EnumerateArray()));
        Assert.Equal(("25", 75L), (columns["delta"].GetProperty("nulls").ToString(), columns["delta"].GetProperty("distinct").GetInt64()));
        Assert.Equal("closed 50, open 50", string.Join(", ", columns["status"].GetProperty("top").EnumerateArray().Select(static t => $"{t.GetProperty("value").GetString()} {t.GetProperty("rows")}")));
        Assert.Equal("2024-01-01 2024-04-09", $"{columns["day"].GetProperty("min")} {columns["day"].GetProperty("max")}");
        Assert.Equal((100, 100), (columns["nothing"].GetProperty("nulls").GetInt32(), columns["list"].GetProperty("distinct").GetInt32()));
        var proposed = profile.GetProperty("expectations").EnumerateArray().Select(static e => e.GetString()!).ToList();
        foreach (var rule in (string[])["CONSTRAINT \"id_given\" EXPECT (\"id\" IS NOT NULL)", "CONSTRAINT \"id_not_negative\" EXPECT (\"id\" >= 0)", "CONSTRAINT \"status_known\" EXPECT (\"status\" IN ('closed', 'open'))", "CONSTRAINT \"fixed_not_negative\" EXPECT (\"fixed\" >= 0)"])
            Assert.Contains(rule, proposed);
        Assert.DoesNotContain(proposed, static p => p.Contains("delta", StringComparison.Ordinal) || p.Contains("nothing", StringComparison.Ordinal));
        Assert.Contains("status_known", folder.Smelt("profile", "silver.t").Expect(0).Out, StringComparison.Ordinal);
        // They are what they are called: rules that hold.
        folder.Write("silver/u.sql", $"CREATE MATERIALIZED VIEW silver.u ({string.Join(", ", proposed.Select(static p => p + " ON VIOLATION FAIL UPDATE"))}) AS SELECT * FROM silver.t");
        folder.Update();
    }
}
