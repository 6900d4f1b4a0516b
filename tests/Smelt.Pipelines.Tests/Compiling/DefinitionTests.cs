namespace Smelt.Pipelines.Tests.Compiling;

public class DefinitionTests
{
    private const string Orders = "SELECT id, upper(name) AS name FROM bronze.o";

    private static string Hash(string sql, string macro = "CREATE MACRO m(x) AS x + 1", string view = "CREATE VIEW v AS SELECT 1 AS a", string yaml = "name: t")
    {
        using var pipeline = new TestPipeline(("smelt.yml", yaml), ("bronze/o.sql", "SELECT 1 AS id, 'x' AS name"), ("functions/m.sql", macro), ("silver/v.sql", view), ("silver/orders.sql", sql));
        return pipeline.Compile().Pipeline.Graph.Find("silver.orders")!.DefinitionHash;
    }

    [Fact]
    public void White_space_comments_and_case_of_keywords_change_no_definition() =>
        Assert.Equal(Hash(Orders), Hash("-- the orders\nselect id,\n  UPPER(name) AS name /* loud */ from bronze.o;\n"));

    [Theory]
    [InlineData("SELECT id, lower(name) AS name FROM bronze.o")]
    [InlineData("CREATE MATERIALIZED VIEW orders (CONSTRAINT a EXPECT (id > 0)) AS " + Orders)]
    [InlineData("CREATE MATERIALIZED VIEW orders PARTITIONED BY (id) AS " + Orders)]
    [InlineData("CREATE MATERIALIZED VIEW orders TBLPROPERTIES (a = b) AS " + Orders)]
    [InlineData("SELECT id, upper(name) AS name FROM STREAM bronze.o")]
    [InlineData("SELECT id, upper(name) AS name FROM bronze.o VERSION AS OF 3")]
    public void What_changes_the_content_changes_the_definition(string sql) => Assert.NotEqual(Hash(Orders), Hash(sql));

    [Fact]
    public void A_used_macro_view_or_variable_belongs_to_the_definition()
    {
        Assert.NotEqual(Hash("SELECT m(1) AS a", "CREATE MACRO m(x) AS x + 1"), Hash("SELECT m(1) AS a", "CREATE MACRO m(x) AS x + 2"));
        Assert.Equal(Hash(Orders, "CREATE MACRO m(x) AS x + 1"), Hash(Orders, "CREATE MACRO m(x) AS x + 2"));
        Assert.NotEqual(Hash("SELECT * FROM v", view: "CREATE VIEW v AS SELECT 1 AS a"), Hash("SELECT * FROM v", view: "CREATE VIEW v AS SELECT 2 AS a"));
        Assert.NotEqual(Hash("SELECT ${n} AS a", yaml: "variables: {n: 1}"), Hash("SELECT ${n} AS a", yaml: "variables: {n: 2}"));
    }

    [Fact]
    public void A_rule_s_macro_belongs_to_the_definition_and_a_rule_may_depend_on_the_time()
    {
        const string Ruled = "CREATE MATERIALIZED VIEW orders (CONSTRAINT a EXPECT (m(id) > 0)) AS " + Orders;
        Assert.NotEqual(Hash(Ruled, "CREATE MACRO m(x) AS x + 1"), Hash(Ruled, "CREATE MACRO m(x) AS x + 2"));
        using var pipeline = new TestPipeline(
            ("bronze/o.sql", "SELECT 1 AS id, now() AS stamp"),
            ("functions/m.sql", "CREATE MACRO reads(x) AS x IN (SELECT id FROM bronze.o)"),
            ("silver/now.sql", "CREATE MATERIALIZED VIEW silver.now (CONSTRAINT a EXPECT (now.stamp < current_date)) AS SELECT stamp FROM bronze.o"),
            ("silver/reads.sql", "CREATE MATERIALIZED VIEW silver.reads (CONSTRAINT a EXPECT (reads(id))) AS SELECT id FROM bronze.o"));
        var compilation = pipeline.Compile();
        Assert.True(compilation.Pipeline.Graph.Find("silver.now")!.Query.IsTimeDependent);
        Assert.Empty(compilation.Diagnostics);
        Assert.Equal("bronze.o", string.Join(";", compilation.Pipeline.Graph.Find("silver.reads")!.Query.MacroReferences));
    }

    [Theory]
    [InlineData("bronze/q.sql", "SELECT * FROM read_delta('/data/orders')", "SM5013")]
    [InlineData("functions/q.sql", "CREATE MACRO q() AS TABLE SELECT * FROM read_files('landing/*.csv')", "SM1006")]
    [InlineData("functions/q.sql", "CREATE MACRO q() AS TABLE SELECT * FROM bronze.o VERSION AS OF 1", "SM1006")]
    [InlineData("tests/q.sql", "SELECT * FROM read_delta('/data/orders')", "")]
    public void What_the_engine_does_not_read_in_that_place_is_told_before_it_runs(string file, string sql, string code)
    {
        using var pipeline = new TestPipeline(("bronze/o.sql", "SELECT 1 AS id"), (file, sql));
        Assert.Equal(code, string.Join(";", pipeline.Compile().Diagnostics.Select(d => d.Code)));
    }

    [Theory]
    [InlineData("{table}", "SM4012")]
    [InlineData("refused", "SM4012")]
    [InlineData("{table}_bad", "")]
    public void A_quarantine_has_a_name_of_its_own_for_every_dataset(string name, string code)
    {
        using var pipeline = new TestPipeline(("smelt.yml", $"name: t\nquarantine_name: '{name}'\n"), ("bronze/o.sql", "SELECT 1 AS id"));
        Assert.Equal(code, string.Join(";", pipeline.Compile().Diagnostics.Select(d => d.Code)));
    }

    [Theory]
    [InlineData("SELECT id::BIGINT AS a, n::BIGINT AS a FROM STREAM bronze.o", Severity.Error)]
    [InlineData("SELECT o.id, o.n AS id FROM STREAM bronze.o AS o", Severity.Warning)]
    [InlineData("SELECT id::BIGINT AS id, n, id FROM STREAM bronze.o", Severity.Warning)]
    public void Two_columns_of_one_name_are_an_error_where_a_stream_computes_the_second(string sql, Severity severity)
    {
        using var pipeline = new TestPipeline(("bronze/o.sql", "CREATE OR REFRESH STREAMING TABLE bronze.o AS SELECT id, n FROM STREAM read_files('landing', format => 'csv')"),
            ("silver/q.sql", "CREATE OR REFRESH STREAMING TABLE silver.q AS " + sql));
        Assert.Equal([severity], pipeline.Compile().Diagnostics.Where(d => d.Code == "SM2012").Select(d => d.Severity));
    }

    [Fact]
    public void Macros_bring_what_they_read_and_call()
    {
        using var pipeline = new TestPipeline(
            ("bronze/o.sql", "SELECT 1 AS id"),
            ("functions/a.sql", "CREATE MACRO top() AS TABLE SELECT inner_(id) AS id FROM bronze.o; CREATE MACRO inner_(x) AS x + random()"),
            ("silver/q.sql", "SELECT * FROM top()"));
        var query = pipeline.CompileClean().Graph.Find("silver.q")!.Query;
        Assert.Equal(["inner_", "top"], query.Macros.Select(m => m.Name));
        Assert.Equal("bronze.o", Assert.Single(query.Inputs).ToString());
        Assert.True(query.IsVolatile);
        Assert.False(query.IsTimeDependent);
    }

    [Fact]
    public void A_type_of_properties_yml_belongs_to_the_definition()
    {
        string Of(string type)
        {
            using var pipeline = new TestPipeline(("silver/q.sql", "SELECT 1 AS id"), ("silver/properties.yml", $"models:\n- name: q\n  columns:\n  - {{name: id{type}}}\n"));
            return pipeline.CompileClean().Graph.Find("silver.q")!.DefinitionHash;
        }
        Assert.NotEqual(Of(", data_type: BIGINT"), Of(", data_type: DOUBLE"));
        Assert.Equal(Of(", description: one"), Of(", description: two"));
    }

    [Theory]
    [InlineData("where: \"stamp < now()\"", true)]
    [InlineData("where: \"stamp < DATE '2025-01-01'\"", false)]
    public void A_data_test_that_asks_for_the_time_is_known(string where, bool isTimeDependent)
    {
        using var pipeline = new TestPipeline(("silver/q.sql", "SELECT 1 AS stamp"), ("silver/properties.yml", $"models:\n- name: q\n  columns:\n  - name: stamp\n    tests:\n    - not_null: {{{where}}}\n"));
        Assert.Equal(isTimeDependent, Assert.Single(pipeline.CompileClean().Graph.Find("silver.q")!.Tests).IsTimeDependent);
    }

    [Theory]
    [InlineData("SELECT now() AS t", true, false)]
    [InlineData("SELECT current_date AS t", true, false)]
    [InlineData("SELECT uuid() AS t", false, true)]
    [InlineData("SELECT * FROM read_csv('x.csv')", false, true)]
    [InlineData("SELECT 1 AS t", false, false)]
    public void Time_and_chance_are_noticed(string sql, bool time, bool chance)
    {
        using var pipeline = new TestPipeline(("silver/q.sql", sql));
        var query = pipeline.Compile().Pipeline.Graph.Find("silver.q")!.Query;
        Assert.Equal((time, chance), (query.IsTimeDependent, query.IsVolatile));
    }

    [Fact]
    public void Read_files_comes_as_constants()
    {
        using var pipeline = new TestPipeline(("bronze/o.sql", "SELECT * FROM STREAM read_files('in/*.csv', FORMAT => 'csv', header = true, skipRows := 2, schemaHints => {'a': 'INT'}, schema => MAP {'b': 'DATE'}) AS f"));
        var source = Assert.Single(pipeline.CompileClean().Graph.Datasets[0].Query.Sources);
        Assert.Equal(("read_files", "in/*.csv", "f", true), (source.Function, source.Arguments[0].Text, source.Alias, source.IsStream));
        Assert.Equal("csv", ReadFilesOptions.ValueOf(source, ReadFilesOptions.Format)!.Text);
        Assert.True(ReadFilesOptions.ValueOf(source, ReadFilesOptions.Header)!.IsTrue);
        Assert.Equal("2", ReadFilesOptions.ValueOf(source, ReadFilesOptions.SkipRows)!.Text);
        Assert.Equal("INT", ReadFilesOptions.ValueOf(source, ReadFilesOptions.SchemaHints)!.Entries[0].Value.Text);
        Assert.Equal("b", ReadFilesOptions.ValueOf(source, ReadFilesOptions.Schema)!.Entries[0].Key);
    }

    [Theory]
    [InlineData("SELECT orders.id FROM STREAM orders", "SELECT orders.id FROM        s.b1 AS \"orders\"")]
    [InlineData("SELECT id FROM STREAM(bronze.orders) x", "SELECT id FROM        s.b1  x")]
    [InlineData("SELECT * FROM STREAM read_files('x')", "SELECT * FROM        f1 AS read_files")]
    [InlineData("SELECT 'ü', o.id FROM orders o", "SELECT 'ü', o.id FROM s.b1 o")]
    public void References_are_replaced_and_names_go_on_working(string sql, string expected)
    {
        using var pipeline = new TestPipeline(("bronze/orders.sql", "SELECT 1 AS id"), ("silver/q.sql", sql));
        var query = pipeline.Compile().Pipeline.Graph.Find("silver.q")!.Query;
        Assert.Equal(expected, QueryRendering.RenderSql(query, new QueryBindings { Table = _ => "s.b1", Source = _ => "f1" }));
    }

    [Fact]
    public void A_table_named_stream_and_system_tables_can_be_read()
    {
        using var pipeline = new TestPipeline(("bronze/stream.sql", "SELECT 1 AS id"), ("silver/a.sql", "SELECT id FROM \"stream\""), ("silver/b.sql", "SELECT id FROM bronze.stream"),
            ("gold/log.sql", "SELECT update_id FROM _smelt.event_log"), ("silver/p.sql", "PIVOT bronze.stream ON id IN (1, 2) USING count(*)"));
        var graph = pipeline.CompileClean().Graph;
        Assert.All(new[] { "silver.a", "silver.b", "silver.p" }, n => Assert.Equal("bronze.stream", Assert.Single(graph.Find(n)!.Query.Inputs).ToString()));
        Assert.Equal("event_log", graph.Find("gold.log")!.Query.References[0].SystemTable);
    }

    [Theory]
    [InlineData("SELECT o.a FROM STREAM bronze.o o JOIN bronze.u u ON o.a = u.a")]
    [InlineData("SELECT o.a FROM bronze.u u RIGHT JOIN STREAM bronze.o o ON o.a = u.a")]
    [InlineData("SELECT a FROM STREAM bronze.o UNION ALL SELECT a FROM STREAM bronze.u")]
    [InlineData("SELECT a FROM STREAM bronze.o WHERE a IN (SELECT max(a) FROM bronze.u)")]
    [InlineData("WITH t AS (SELECT a, count(*) AS n FROM bronze.u GROUP BY a ORDER BY n LIMIT 3) SELECT o.a, n FROM STREAM bronze.o o LEFT JOIN t USING (a)")]
    [InlineData("SELECT unnest([a, a]) AS x FROM STREAM bronze.o")]
    public void What_can_be_streamed_is_taken(string sql) => Assert.DoesNotContain(Streaming(sql), d => d.StartsWith("SM3"));

    [Theory]
    [InlineData("SELECT DISTINCT a FROM STREAM bronze.o", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o ORDER BY a", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o LIMIT 3", "SM3001")]
    [InlineData("SELECT sum(a) AS s FROM STREAM bronze.o", "SM3001")]
    [InlineData("SELECT a, count(*) AS n FROM STREAM bronze.o GROUP BY ALL", "SM3001")]
    [InlineData("SELECT row_number() OVER () AS n FROM STREAM bronze.o", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o QUALIFY rank() OVER (ORDER BY a) = 1", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o UNION SELECT a FROM STREAM bronze.u", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o EXCEPT SELECT a FROM bronze.u", "SM3001")]
    [InlineData("SELECT a FROM STREAM bronze.o UNION ALL SELECT a FROM bronze.u", "SM3001")]
    [InlineData("WITH s AS (SELECT * FROM STREAM bronze.o) SELECT max(a) AS m FROM s", "SM3001")]
    [InlineData("SELECT * FROM (SELECT DISTINCT a FROM STREAM bronze.o) x", "SM3001")]
    [InlineData("SELECT o.a FROM STREAM bronze.o o JOIN STREAM bronze.u u USING (a)", "SM3002")]
    [InlineData("SELECT o.a FROM bronze.u u LEFT JOIN STREAM bronze.o o USING (a)", "SM3002")]
    [InlineData("SELECT o.a FROM STREAM bronze.o o FULL JOIN bronze.u u USING (a)", "SM3002")]
    [InlineData("SELECT u.a FROM bronze.u u SEMI JOIN STREAM bronze.o o USING (a)", "SM3002")]
    [InlineData("SELECT a FROM STREAM bronze.o TABLESAMPLE 10%", "SM3001")]
    public void What_cannot_be_streamed_is_refused(string sql, string code) => Assert.Contains(Streaming(sql), d => d.StartsWith(code));

    private static List<string> Streaming(string sql)
    {
        using var pipeline = new TestPipeline(("bronze/o.sql", "SELECT * FROM STREAM read_files('x')"), ("bronze/u.sql", "SELECT * FROM STREAM read_files('y')"), ("silver/q.sql", sql));
        return [.. pipeline.Compile().Diagnostics.Select(d => $"{d.Code} {d.Message}")];
    }

    [Fact]
    public void The_list_of_aggregates_is_DuckDB_s()
    {
        using var connection = TestPipeline.Database.Connect();
        var known = connection.Rows("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'").ConvertAll(r => (string)r[0]!);
        Assert.Empty(known.Except(Smelt.Pipelines.Sql.AggregateFunctions.All));
    }
}
