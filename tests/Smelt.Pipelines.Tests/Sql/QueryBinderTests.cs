using Smelt.DuckDb;

namespace Smelt.Pipelines.Tests.Sql;

/// <summary>The binder against DuckDB's own: the same columns, and no error where DuckDB has none.</summary>
public sealed class QueryBinderTests : IDisposable
{
    private const string TableT = "SELECT 1 AS id, 2 AS a, 'x' AS b, 1.5 AS f, {'x': 1, 'y': {'z': 2}} AS s, [1, 2] AS l, DATE '2024-01-01' AS d, '{\"k\": 1}' AS doc";
    private const string TableU = "SELECT 1 AS id, 2 AS a, 'n' AS name";
    private const string Macros = "CREATE MACRO twice(x) AS x * 2; CREATE MACRO pick(i) AS TABLE SELECT id, b FROM silver.t WHERE id = i;";

    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public QueryBinderTests()
    {
        _connection = _database.Connect();
        _connection.Execute($"CREATE SCHEMA silver; CREATE TABLE silver.t AS {TableT}; CREATE TABLE silver.u AS {TableU}; USE memory.silver; {Macros}");
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    public static IEnumerable<TheoryDataRow<string>> Queries() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Sql", "queries.sql")).Where(l => l.Length > 0 && !l.StartsWith("--", StringComparison.Ordinal)).Select(l => new TheoryDataRow<string>(l));

    private static Compilation Compile(string sql)
    {
        using var pipeline = new TestPipeline(("silver/t.sql", TableT), ("silver/u.sql", TableU), ("functions/m.sql", Macros), ("gold/q.sql", sql));
        return pipeline.Compile();
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_query_that_DuckDB_takes_has_no_error_and_the_same_columns(string sql)
    {
        List<string> expected;
        try
        {
            expected = _connection.Rows("DESCRIBE " + sql).ConvertAll(r => (string)r[0]!);
        }
        catch (DuckDbException wrong)
        {
            Assert.Skip($"DuckDB itself refuses it: {wrong.Message}");
            return;
        }
        var compilation = Compile(sql);
        Assert.Equal("", string.Join("\n", compilation.Diagnostics.Where(d => d.Severity == Severity.Error)));
        var query = compilation.Pipeline.Graph.Find("gold.q")!.Query;
        if (!query.IsOpen) Assert.Equal(Distinct(expected), query.Columns.Select(c => c.Name));
        else Assert.Subset(expected.Select(e => e.ToLowerInvariant()).ToHashSet(), query.Columns.Select(c => c.Name.ToLowerInvariant()).ToHashSet());
    }

    private static List<string> Distinct(List<string> names)
    {
        var seen = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        return names.ConvertAll(n => seen.TryAdd(n, 0) ? n : $"{n}_{++seen[n]}");
    }

    [Theory]
    [InlineData("SELECT idd FROM t", "1:8", "idd")]
    [InlineData("SELECT t.idd FROM t", "1:8", "idd")]
    [InlineData("SELECT x.id FROM t", "1:8", "x.id")]
    [InlineData("SELECT id FROM t WHERE nme = 1", "1:24", "nme")]
    [InlineData("SELECT id FROM t JOIN u USING (idd)", "1:18", "idd")]
    [InlineData("SELECT u.id FROM t JOIN u ON t.id = u.idx", "1:37", "idx")]
    [InlineData("SELECT * EXCLUDE (aa) FROM t", "1:8", "aa")]
    [InlineData("WITH x AS (SELECT id FROM t) SELECT a FROM x", "1:37", "a")]
    [InlineData("SELECT q.a FROM (SELECT id FROM t) q", "1:8", "a")]
    [InlineData("SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.idd)", "1:61", "idd")]
    [InlineData("SELECT id FROM t ORDER BY zz", "1:27", "zz")]
    [InlineData("SELECT sum(ff) FROM t GROUP BY id", "1:12", "ff")]
    [InlineData("SELECT list_transform(l, lambda v: v + w) AS q FROM t", "1:40", "w")]
    [InlineData("SELECT id FROM t UNION ALL SELECT nam FROM u", "1:35", "nam")]
    [InlineData("SELECT name FROM u SEMI JOIN t USING (id) WHERE t.a = 1", "1:49", "t.a")]
    [InlineData("SELECT 'üü', 'x',\n  idd FROM t", "2:3", "idd")]
    public void An_unknown_column_is_reported_where_it_stands(string sql, string place, string name)
    {
        var error = Assert.Single(Compile(sql).Diagnostics);
        Assert.Equal("SM2003", error.Code);
        Assert.Equal(place, $"{error.Line}:{error.Column}");
        Assert.Contains($"'{name}'", error.Message);
        Assert.Throws<DuckDbException>(() => _connection.Rows("DESCRIBE " + sql));
    }

    [Theory]
    [InlineData("SELECT id FROM t", "id<t.id")]
    [InlineData("SELECT upper(b) AS x FROM t", "x<t.b*")]
    [InlineData("SELECT a + f AS x, x * 2 AS y FROM t", "x<t.a*,t.f* y<t.a*,t.f*")]
    [InlineData("WITH c AS (SELECT id AS k, a FROM t) SELECT k, c.a + u.a AS s FROM c JOIN u ON u.id = k", "k<t.id s<t.a*,u.a*")]
    [InlineData("SELECT id FROM t UNION ALL SELECT a FROM u", "id<t.id,u.a")]
    [InlineData("SELECT t.id, z.q FROM t, LATERAL (SELECT t.a + 1 AS q) z", "id<t.id q<t.a*")]
    [InlineData("SELECT (SELECT max(name) FROM u WHERE u.id = t.id) AS n FROM t", "n<u.name*")]
    [InlineData("SELECT s.x FROM t", "x<t.s")]
    [InlineData("SELECT count(*) AS n FROM t", "n<")]
    [InlineData("SELECT y FROM t, unnest(t.l) AS x(y)", "y<t.l*")]
    [InlineData("SELECT * REPLACE (a + id AS a) FROM u", "id<u.id a<u.a*,u.id* name<u.name")]
    [InlineData("SELECT id FROM t FULL JOIN u USING (id)", "id<t.id,u.id")]
    public void Lineage_follows_columns_to_their_datasets(string sql, string expected)
    {
        var columns = Compile(sql).Pipeline.Graph.Find("gold.q")!.Query.Columns;
        Assert.Equal(expected, string.Join(' ', columns.Select(c =>
            $"{c.Name}<{string.Join(',', c.Origins.Select(o => $"{o.Dataset.Name}.{o.Column}{(o.Kind == LineageKind.Derived ? "*" : "")}"))}")));
    }

    [Fact]
    public void Nothing_is_an_error_where_a_schema_is_open()
    {
        using var pipeline = new TestPipeline(
            ("bronze/o.sql", "SELECT * FROM STREAM read_files('x')"),
            ("silver/a.sql", "SELECT o.anything, other.field, upper(more) AS m FROM STREAM o WHERE x.y = 1"),
            ("silver/b.sql", "SELECT *, zz AS k FROM (SELECT * EXCLUDE (q) FROM o)"),
            ("gold/c.sql", "SELECT whatever FROM b WHERE k > 1"));
        Assert.Empty(pipeline.Diagnose());
    }

    [Fact]
    public void A_known_table_that_may_grow_gives_a_warning_and_a_final_one_an_error()
    {
        using var pipeline = new TestPipeline(("bronze/o.sql", "SELECT * FROM STREAM read_files('x')"), ("silver/a.sql", "SELECT amuont FROM STREAM o"));
        var columns = new KnownColumn[] { new("amount") };
        var name = new DatasetName(Layer.Bronze, "o");
        Assert.Equal(Severity.Warning, Assert.Single(pipeline.Compile(new CompileOptions { Schemas = new KnownSchemas().Add(name, columns) }).Diagnostics).Severity);
        var final = Assert.Single(pipeline.Compile(new CompileOptions { Schemas = new KnownSchemas { AreFinal = true }.Add(name, columns) }).Diagnostics);
        Assert.Equal("silver/a.sql:1:8: error SM2003: Unknown column 'amuont' in 'o'. Did you mean 'amount'?", final.ToString());
    }
}
