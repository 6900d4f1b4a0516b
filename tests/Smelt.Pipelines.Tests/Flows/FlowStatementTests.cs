namespace Smelt.Pipelines.Tests.Flows;

public class FlowStatementTests
{
    private const string Inputs = "CREATE STREAMING TABLE a AS SELECT 1 AS id, 'x' AS name FROM STREAM read_files('a.csv');\nCREATE STREAMING TABLE b AS SELECT 2 AS id, 3 AS amount FROM STREAM read_files('b.csv')";

    [Fact]
    public void A_table_has_its_own_query_first_and_then_its_flows_by_name()
    {
        using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs),
            ("silver/t.sql", "CREATE STREAMING TABLE t AS SELECT id FROM STREAM bronze.a;\nCREATE FLOW z AS INSERT INTO silver.t BY NAME SELECT id, amount FROM STREAM bronze.b"),
            ("silver/more.sql", "CREATE FLOW m COMMENT 'once' AS INSERT INTO ONCE t BY NAME SELECT id, name FROM bronze.a"));
        var graph = pipeline.CompileClean().Graph;
        var table = graph.Find("silver.t")!;
        Assert.Equal("t Append True silver/t.sql:1, m Once False silver/more.sql:1, z Append False silver/t.sql:2",
            string.Join(", ", table.Flows.Select(f => $"{f.Name} {f.Kind} {f.IsDefault} {f.File}:{f.Position.Line}")));
        Assert.Equal("once", table.Flows[1].Comment);
        Assert.Equal("bronze.a, bronze.b", string.Join(", ", table.Inputs.Order()));
        Assert.Equal("id(bronze.a.id bronze.b.id), name(bronze.a.name), amount(bronze.b.amount)",
            string.Join(", ", table.Columns.Select(c => $"{c.Name}({string.Join(' ', c.Origins.Select(o => $"{o.Dataset}.{o.Column}").Order())})")));
        Assert.Equal(["bronze.a", "bronze.b"], graph.Upstream(table.Name).Select(d => d.Name.ToString()).Order());
        Assert.Equal("bronze.a", Assert.Single(table.Query.Inputs).ToString());
    }

    [Fact]
    public void Flows_alone_fill_a_table_and_its_readers_know_the_columns_of_all()
    {
        using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs),
            ("silver/t.sql", "CREATE STREAMING TABLE t (id BIGINT, CONSTRAINT c EXPECT (amount > 0));\nCREATE FLOW x AS INSERT INTO t BY NAME SELECT id FROM STREAM bronze.a;\nCREATE FLOW y AS INSERT INTO t BY NAME SELECT id, amount FROM STREAM bronze.b"),
            ("gold/g.sql", "SELECT id, amount, nme FROM silver.t"));
        var compilation = pipeline.Compile();
        Assert.Equal("gold/g.sql SM2003", string.Join(";", compilation.Diagnostics.Select(d => $"{d.File} {d.Code}")));
        var table = compilation.Pipeline.Graph.Find("silver.t")!;
        Assert.Equal("", table.Query.Text);
        Assert.Equal(["bronze.a", "bronze.b"], table.Query.Inputs.Select(n => n.ToString()).Order());
        Assert.Equal(["bronze.a", "bronze.b", "silver.t", "gold.g"], compilation.Pipeline.Graph.Datasets.Select(d => d.Name.ToString()));
    }

    [Fact]
    public void A_changed_flow_changes_its_own_definition_and_the_table_s()
    {
        static Dataset Table(string flow)
        {
            using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs), ("silver/t.sql", "CREATE STREAMING TABLE t AS SELECT id FROM STREAM bronze.a;\n" + flow));
            return pipeline.CompileClean().Graph.Find("silver.t")!;
        }
        var (alone, one, other) = (Table(""), Table("CREATE FLOW f AS INSERT INTO t BY NAME SELECT id FROM STREAM bronze.b"), Table("CREATE FLOW f AS INSERT INTO t BY NAME SELECT id + 1 AS id FROM STREAM bronze.b"));
        Assert.Equal(alone.DefinitionHash, alone.Flows[0].DefinitionHash);
        Assert.Equal(alone.DefinitionHash, one.Flows[0].DefinitionHash);
        Assert.Equal(3, new HashSet<string> { alone.DefinitionHash, one.DefinitionHash, other.DefinitionHash }.Count);
        Assert.NotEqual(one.Flows[1].DefinitionHash, other.Flows[1].DefinitionHash);
    }

    [Theory]
    [InlineData("CREATE FLOW f AS INSERT INTO nowhere BY NAME SELECT id FROM STREAM bronze.a", "SM2020", 1, 30)]
    [InlineData("CREATE FLOW f AS INSERT INTO gold.v BY NAME SELECT id FROM STREAM bronze.a", "SM2020 SM2008", 1, 30)]
    [InlineData("CREATE FLOW f AS INSERT INTO w BY NAME SELECT id FROM STREAM bronze.a", "SM2020", 1, 30)]
    [InlineData("CREATE FLOW t AS INSERT INTO t BY NAME SELECT id FROM STREAM bronze.a", "SM2021", 1, 13)]
    [InlineData("CREATE FLOW f AS INSERT INTO t BY NAME SELECT id FROM bronze.a", "SM3004", 1, 13)]
    [InlineData("CREATE FLOW f AS INSERT INTO ONCE t BY NAME SELECT id FROM STREAM bronze.a", "SM3020", 1, 60)]
    [InlineData("CREATE FLOW f AS INSERT INTO t SELECT id FROM STREAM bronze.a", "SM1005", 1, 32)]
    [InlineData("CREATE FLOW f AS INSERT INTO t BY NAME", "SM1008", 1, 1)]
    [InlineData("CREATE FLOW f AS MERGE INTO t", "SM1005", 1, 18)]
    [InlineData("CREATE FLOW f AS INSERT INTO t BY NAME SELECT idd FROM STREAM bronze.a", "SM2003", 1, 47)]
    [InlineData("CREATE FLOW f AS INSERT INTO t BY NAME SELECT count(*) AS n FROM STREAM bronze.a", "SM3001", 1, 47)]
    [InlineData("CREATE FLOW f AS INSERT INTO t BY NAME SELECT t.id FROM STREAM bronze.a JOIN silver.t ON t.id = a.id", "SM2007", 1, 78)]
    public void What_is_wrong_with_a_flow_is_told_where_it_stands(string flow, string codes, int line, int column)
    {
        using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs), ("gold/v.sql", "SELECT 1 AS id"), ("silver/w.sql", "CREATE VIEW w AS SELECT 1 AS id"),
            ("silver/t.sql", "CREATE STREAMING TABLE t AS SELECT id FROM STREAM bronze.a"), ("silver/f.sql", flow));
        var told = pipeline.Compile().Diagnostics;
        Assert.Equal(codes.Split(' ').Order(), told.Select(d => d.Code).Order());
        Assert.All(told, d => Assert.Equal(("silver/f.sql", line, column), (d.File, d.Line, d.Column)));
    }

    [Theory]
    [InlineData("functions/f.sql")]
    [InlineData("tests/f.sql")]
    public void A_flow_stands_in_a_layer(string file)
    {
        using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs), (file, "CREATE FLOW f AS INSERT INTO a BY NAME SELECT 1 AS id"));
        Assert.Equal("SM2011", Assert.Single(pipeline.Compile().Diagnostics).Code);
    }

    [Fact]
    public void A_bare_query_that_streams_takes_flows_too()
    {
        using var pipeline = new TestPipeline(("bronze/inputs.sql", Inputs), ("silver/t.sql", "SELECT id FROM STREAM bronze.a"), ("silver/f.sql", "CREATE FLOW f AS INSERT INTO t BY NAME SELECT id FROM STREAM bronze.b"));
        Assert.Equal(2, pipeline.CompileClean().Graph.Find("silver.t")!.Flows.Count);
    }
}
