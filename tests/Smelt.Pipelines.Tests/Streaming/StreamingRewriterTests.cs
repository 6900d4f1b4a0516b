using Smelt.DuckDb;

namespace Smelt.Pipelines.Tests.Streaming;

public sealed class StreamingRewriterTests : IDisposable
{
    private const string Setup = """
        CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA stream;
        CREATE TABLE bronze.orders AS SELECT i::VARCHAR AS id, 'c' || (i % 3) AS customer, (i * 1.5)::VARCHAR AS amount, [i, i + 1] AS items,
            {'city': 'x' || i, 'geo': {'lat': i}} AS place, DATE '2024-01-01' + i::INTEGER AS day, '{"k": ' || i || '}' AS doc FROM range(10) r(i);
        CREATE TABLE bronze.returns AS SELECT * FROM bronze.orders WHERE id::INT > 6;
        CREATE TABLE silver.customers AS SELECT 'c' || i AS customer, 'name ' || i AS name FROM range(2) r(i);
        CREATE VIEW stream.orders AS SELECT *, rowid AS __smelt_row, 'f' AS __smelt_file FROM bronze.orders;
        CREATE VIEW stream.returns AS SELECT *, rowid + 100 AS __smelt_row, 'g' AS __smelt_file FROM bronze.returns;
        CREATE MACRO twice(x) AS x * 2;
        CREATE MACRO hidden(x) AS (SELECT count(*) FROM silver.customers c WHERE c.name <> x::VARCHAR);
        """;

    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public StreamingRewriterTests()
    {
        _connection = _database.Connect();
        _connection.Execute(Setup);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    private static readonly QueryBindings s_plain = QueryBindings.Qualified;
    private static readonly QueryBindings s_bindings = new() { Table = r => r.IsStream ? $"stream.{r.Parts[^1]}" : QueryBindings.QualifiedName(r) };

    private static DatasetQuery Compile(string sql)
    {
        using var pipeline = new TestPipeline(
            ("bronze/orders.sql", "SELECT * FROM STREAM read_files('x')"), ("bronze/returns.sql", "SELECT * FROM STREAM read_files('x')"),
            ("silver/customers.sql", "SELECT * FROM read_files('y')"), ("functions/f.sql", "CREATE MACRO twice(x) AS x * 2; CREATE MACRO hidden(x) AS (SELECT count(*) FROM silver.customers c WHERE c.name <> x::VARCHAR)"),
            ("silver/q.sql", sql));
        var compilation = pipeline.Compile();
        Assert.Equal("", string.Join("\n", compilation.Diagnostics.Where(d => d.Severity == Severity.Error)));
        return compilation.Pipeline.Graph.Find("silver.q")!.Query;
    }

    private RewrittenQuery Rewrite(string sql) => StreamingRewriter.Rewrite(Compile(sql),
        new StreamingRewriteOptions { Bindings = s_bindings, Carry = ["__smelt_row", "__smelt_file"] }, _connection);

    private static string Outer(RewrittenQuery rewritten, IReadOnlyList<string> names)
    {
        string Column(string name) => rewritten.Wrapped.Contains(name) ? $"{SqlText.Identifier(name)}.v AS {SqlText.Identifier(name)}" : SqlText.Identifier(name);
        return $"SELECT {string.Join(", ", names.Select(Column))} FROM ({rewritten.Sql})";
    }

    [Theory]
    [InlineData("SELECT * FROM STREAM orders")]
    [InlineData("FROM STREAM bronze.orders")]
    [InlineData("SELECT orders.id, orders.amount FROM STREAM(bronze.orders)")]
    [InlineData("SELECT id::INT AS id, amount::DOUBLE AS amount, id FROM STREAM orders o")]
    [InlineData("SELECT o.* EXCLUDE (doc) REPLACE (upper(customer) AS customer) RENAME (day AS d), amount::DECIMAL(10,2) FROM STREAM orders o WHERE o.id <> '3'")]
    [InlineData("SELECT id::INT, amount::DECIMAL(10,2), upper(customer), id || 'x', -id::INT, CASE WHEN id = '1' THEN 1 ELSE 2 END, items[1], place.city, day - 1 FROM STREAM orders")]
    [InlineData("SELECT id::INT AS n, n + 1 AS m, m * n AS mn FROM STREAM orders WHERE n > 3")]
    [InlineData("SELECT id::INT AS id, id || '!' AS t FROM STREAM orders WHERE id > '3'")]
    [InlineData("SELECT {'a': id::INT} AS s, s['a'] + 1 AS b FROM STREAM orders")]
    [InlineData("SELECT o.id, unnest(o.items) AS item, amount::DOUBLE AS amount FROM STREAM orders o")]
    [InlineData("SELECT o.id::INT AS id, u.x + 1 AS x FROM STREAM orders o, unnest(o.items) AS u(x)")]
    [InlineData("SELECT o.*, c.name, upper(c.name) AS big FROM STREAM orders o LEFT JOIN silver.customers c ON o.customer = c.customer")]
    [InlineData("SELECT * FROM STREAM orders JOIN silver.customers USING (customer)")]
    [InlineData("SELECT c.*, o.id FROM silver.customers c RIGHT JOIN STREAM orders o ON o.customer = c.customer")]
    [InlineData("SELECT * FROM STREAM orders NATURAL JOIN silver.customers")]
    [InlineData("SELECT * FROM STREAM orders o SEMI JOIN silver.customers c USING (customer)")]
    [InlineData("SELECT o.id FROM STREAM orders o ANTI JOIN silver.customers c ON o.customer = c.customer")]
    [InlineData("WITH a AS (SELECT *, id::INT AS n FROM STREAM orders), b AS (SELECT * FROM a WHERE n > 2) SELECT b.*, n + 1 AS m FROM b")]
    [InlineData("WITH a(x, y) AS (SELECT id, amount FROM STREAM orders) SELECT x::INT AS x, y FROM a t")]
    [InlineData("SELECT s.* FROM (SELECT id, customer FROM STREAM orders) s")]
    [InlineData("SELECT * FROM (SELECT id, customer FROM STREAM orders) s(a, b)")]
    [InlineData("SELECT id::INT AS id, amount FROM STREAM orders UNION ALL SELECT id::INT + 1, amount FROM STREAM returns")]
    [InlineData("SELECT * FROM STREAM orders UNION ALL SELECT * FROM STREAM returns")]
    [InlineData("SELECT id::INT AS id, amount, 1 AS k FROM STREAM orders UNION ALL BY NAME SELECT amount, id::INT AS id FROM STREAM returns")]
    [InlineData("WITH u AS (SELECT id FROM STREAM orders UNION ALL SELECT id FROM STREAM returns) SELECT id::INT AS i FROM u")]
    [InlineData("SELECT COLUMNS('^(id|customer)$') FROM STREAM orders")]
    [InlineData("SELECT COLUMNS('.*') FROM STREAM orders")]
    [InlineData("SELECT COLUMNS(c -> c LIKE '%a%') FROM STREAM orders")]
    [InlineData("SELECT COLUMNS(*)::VARCHAR FROM STREAM orders")]
    [InlineData("SELECT list_transform(items, lambda x, i: x + i) AS l, [x * 2 FOR x IN items IF x > 1] AS c, twice(id::INT) AS t FROM STREAM orders")]
    [InlineData("SELECT list_transform(items, lambda x: x + 1), DATE '2024-01-01' + id::INT, twice(id::INT) FROM STREAM orders")]
    [InlineData("SELECT (SELECT name FROM silver.customers c WHERE c.customer = o.customer) AS name, id::INT AS i FROM STREAM orders o")]
    [InlineData("SELECT id, hidden(id::INT) AS h, amount::DOUBLE AS a FROM STREAM orders")]
    [InlineData("SELECT id FROM STREAM orders WHERE customer IN (SELECT customer FROM silver.customers)")]
    [InlineData("SELECT doc->>'$.k' AS k, (doc->'k')::INT AS n, json_extract(doc, '$.k') FROM STREAM orders")]
    [InlineData("SELECT \"id\"::INT AS \"Order Id\", customer AS \"select\" FROM STREAM \"orders\"")]
    [InlineData("SELECT id, n, v FROM STREAM orders UNPIVOT (v FOR n IN (customer, amount))")]
    [InlineData("SELECT 'üö' AS u, o.id::INT AS i FROM STREAM orders o WHERE 'ß' <> o.id")]
    [InlineData("SELECT now() > day AS t, $$ü'${x}$$ AS lit, id::INT::VARCHAR AS v FROM STREAM orders")]
    [InlineData("SELECT try_cast(id AS INT) AS a, coalesce(id, '') AS b, id::INT % 2 = 0 AND id::INT > 1 AS c, id BETWEEN '1' AND '3' AS d FROM STREAM orders")]
    [InlineData("SELECT l.x, id::INT AS i FROM STREAM orders o, LATERAL (SELECT o.id::INT + 1 AS x) l")]
    [InlineData("SELECT o.id, c.name FROM STREAM orders o ASOF LEFT JOIN silver.customers c ON o.customer >= c.customer")]
    [InlineData("SELECT doc::JSON AS j, (doc::JSON->'k')::INT AS k, json_type(doc::JSON) AS t FROM STREAM orders")]
    [InlineData("SELECT {'a b': id::INT, 'c': [id]}::STRUCT(\"a b\" BIGINT, c VARCHAR[]) AS st, MAP {id: 1}::MAP(VARCHAR, INT) AS m FROM STREAM orders")]
    [InlineData("SELECT id::UTINYINT AS a, id::HUGEINT AS b, id::FLOAT AS c, id::DECIMAL(38,10) AS d, id::BLOB AS e, [id]::INT[1] AS f FROM STREAM orders")]
    [InlineData("SELECT day::TIMESTAMP_S AS a, day::TIMESTAMPTZ AS b, day::TIMESTAMP AT TIME ZONE 'Europe/Berlin' AS c, (day || ' 10:00')::TIMESTAMP_NS AS d FROM STREAM orders")]
    [InlineData("SELECT id || E'\\n\\t''x' AS a, 'it''s' || id AS b, 'ü😀' || id AS c, '\\n' || id AS d, '' || id AS e FROM STREAM orders")]
    [InlineData("SELECT id::INT * 1e-7 AS a, id::INT * 0.1 AS b, id::INT + 123456789012345678901 AS c, id::INT * 1.5e300 AS d, id::INT + 0.30000000000000004 AS e FROM STREAM orders")]
    [InlineData("SELECT id IS DISTINCT FROM '3' AS a, id NOT IN ('1', '2') AS b, customer ILIKE 'C!_%' ESCAPE '!' AS c, id SIMILAR TO '[0-3]' AS d, id ~ '^1' AS e, id GLOB '[1-3]' AS f, id NOT LIKE '1%' AS g FROM STREAM orders")]
    [InlineData("SELECT items[-1] AS a, items[:1] AS b, place['city'] AS c, items[2:] AS d, id[1] AS e, [id, amount][2] AS f FROM STREAM orders")]
    [InlineData("SELECT CASE id WHEN '1' THEN 'a' WHEN '2' THEN NULL END AS a, coalesce(NULLIF(id, '1'), 'none') AS b, if(id = '1', 1, 2) AS c FROM STREAM orders")]
    [InlineData("SELECT day + INTERVAL '1' MONTH AS a, day - INTERVAL 3 DAY AS b, extract(dow FROM day) AS c, date_trunc('week', day) AS d, day BETWEEN DATE '2024-01-02' AND DATE '2024-01-04' AS e FROM STREAM orders")]
    [InlineData("SELECT customer COLLATE NOCASE AS a, id::INT & 3 AS b, id::INT // 2 AS c, id::INT ** 2 AS d, ~id::INT AS e, id::INT << 2 AS f, @(-id::INT) AS g FROM STREAM orders")]
    [InlineData("SELECT NOT (id = '1' OR id = '2' AND amount > '3') AS a, (id::INT + 1) * 2 - (3 - (4 - id::INT)) AS b, -(-id::INT) AS c, id::INT - -1 AS d FROM STREAM orders")]
    [InlineData("SELECT strftime(day, '%d.%m.%Y') AS a, regexp_replace(id, '(\\d)', '<\\1>') AS b, printf('%s-%05d', id, id::INT) AS c, format('{}', id) AS d FROM STREAM orders")]
    [InlineData("SELECT place.* , id::INT AS i FROM STREAM orders")]
    [InlineData("SELECT unnest(place, recursive := true), id::INT AS i FROM STREAM orders")]
    [InlineData("SELECT \"a\"\"b\" || 'x' AS \"q\"\"r\", \"group\"::INT AS \"order\" FROM (SELECT id AS \"a\"\"b\", id AS \"group\" FROM STREAM orders)")]
    [InlineData("SELECT list_sort(list_distinct(items || [1])) AS a, list_aggregate(items, 'sum') AS b, array_to_string(items, ',') AS c, len(items) AS d, 1 = ANY(items) AS e, struct_pack(k := id, v := amount) AS f FROM STREAM orders")]
    [InlineData("SELECT CAST(id AS ENUM('0','1','2','3','4','5','6','7','8','9')) AS a, TRUE AND id <> 'x' AS b, id IS NOT NULL AS c, (id, amount) AS d, (id, amount) = (amount, id) AS e FROM STREAM orders")]
    [InlineData("SELECT o.id AS id2, c.name FROM STREAM orders o LEFT JOIN (SELECT customer, max(name) AS name, row_number() OVER (ORDER BY customer) AS rn FROM silver.customers GROUP BY customer HAVING count(*) > 0 ORDER BY 1 LIMIT 5) c USING (customer)")]
    [InlineData("WITH latest AS MATERIALIZED (SELECT customer, name FROM silver.customers QUALIFY row_number() OVER (PARTITION BY customer ORDER BY name DESC NULLS LAST) = 1) SELECT o.id::INT AS i, l.name FROM STREAM orders o JOIN latest l ON l.customer = o.customer AND o.id > '1'")]
    [InlineData("SELECT to_json(o) AS j, hash(o) AS h, o AS r FROM STREAM orders o LEFT JOIN silver.customers c USING (customer)")]
    [InlineData("SELECT to_json(s) AS j, s FROM (SELECT id, customer FROM STREAM orders) s")]
    [InlineData("WITH s AS (SELECT *, id::INT AS n FROM STREAM orders), t AS (SELECT * EXCLUDE (doc) FROM s) SELECT to_json(t) AS j, t.* FROM t")]
    [InlineData("SELECT md5(orders::VARCHAR) AS h FROM STREAM orders WHERE orders IS NOT NULL")]
    public void The_rewritten_query_returns_the_same_rows_and_carries_the_streamed_row(string sql)
    {
        var original = QueryRendering.RenderSql(Compile(sql), s_plain);
        var names = _connection.Rows("DESCRIBE " + original).ConvertAll(r => (string)r[0]!);
        var rewritten = Rewrite(sql);
        Assert.True(rewritten.CarriesRows);
        Assert.Equal([.. names, "__smelt_row", "__smelt_file"], _connection.Rows("DESCRIBE " + rewritten.Sql).ConvertAll(r => (string)r[0]!));
        var outer = Outer(rewritten, Distinct(names));
        Assert.Empty(_connection.Rows($"({original}) EXCEPT ALL ({outer})"));
        Assert.Empty(_connection.Rows($"({outer}) EXCEPT ALL ({original})"));
        foreach (var name in rewritten.Wrapped)
            Assert.Equal(0L, _connection.Scalar($"SELECT count(*) FROM ({rewritten.Sql}) WHERE {Raised(rewritten, name)}"));
        Assert.Equal(0L, _connection.Scalar($"SELECT count(*) FROM ({rewritten.Sql}) WHERE __smelt_row IS NULL OR __smelt_file IS NULL"));
    }

    // A wrapped cast of a column is a struct that is always there; it raised where it has no value though the column had one.
    private string Raised(RewrittenQuery rewritten, string name)
    {
        var type = (string)_connection.Rows("DESCRIBE " + rewritten.Sql).First(r => (string)r[0]! == name)[1]!;
        var column = SqlText.Identifier(name);
        return type.Contains("given", StringComparison.Ordinal) ? $"({column}).v IS NULL AND ({column}).given" : $"{column} IS NULL";
    }

    private static List<string> Distinct(List<string> names)
    {
        var seen = new Dictionary<string, int>();
        return names.ConvertAll(n => seen.TryAdd(n, 0) ? n : $"{n}_{++seen[n]}");
    }

    [Theory]
    [InlineData("SELECT id::INT AS i, amount::DOUBLE AS a FROM STREAM orders", "i")]
    [InlineData("SELECT id::INT, customer FROM STREAM orders", "CAST(id AS INTEGER)")]
    [InlineData("SELECT id::INT AS i, i + 1 AS j FROM STREAM orders", "i")]
    [InlineData("SELECT id::INT AS i, customer FROM STREAM orders UNION ALL SELECT 5, customer FROM STREAM returns WHERE false", "i")]
    [InlineData("WITH s AS (SELECT * FROM STREAM orders) SELECT s.id::INT AS i, s.* FROM s", "i")]
    public void A_cast_that_fails_in_row_seven_flags_row_seven_only(string sql, string column)
    {
        var rewritten = Rewrite(sql);
        _connection.Execute("UPDATE bronze.orders SET id = 'oops' WHERE rowid = 7");
        var flagged = _connection.Rows($"SELECT __smelt_row FROM ({rewritten.Sql}) WHERE {Raised(rewritten, column)}");
        Assert.Equal(7L, Assert.Single(flagged)[0]);
        Assert.Equal(10L, _connection.Scalar($"SELECT count(*) FROM ({rewritten.Sql})"));
    }

    [Fact]
    public void Without_the_inputs_the_query_is_still_written_for_people_to_read()
    {
        using var elsewhere = DuckDbDatabase.OpenInMemory();
        using var connection = elsewhere.Connect();
        var rewritten = StreamingRewriter.Rewrite(Compile("SELECT id::INT AS id, id || '!' AS t, amount::INT AS n, n + 1 AS m, upper(customer) FROM STREAM orders"),
            new StreamingRewriteOptions { Bindings = s_bindings, Carry = ["__smelt_row"] }, connection);
        Assert.Equal(["id", "t", "n", "m", "upper(customer)"], rewritten.Wrapped);
        Assert.Contains("(id || '!')", rewritten.Sql);
        Assert.Contains("struct_extract(n, 'v') + 1", rewritten.Sql);
    }

    [Fact]
    public void An_error_in_WHERE_still_fails_the_query()
    {
        var rewritten = Rewrite("SELECT id::INT AS i FROM STREAM orders WHERE i > 3");
        _connection.Execute("UPDATE bronze.orders SET id = 'oops' WHERE rowid = 7");
        Assert.Throws<DuckDbException>(() => _connection.Rows(rewritten.Sql));
    }

    [Fact]
    public void What_TRY_refuses_is_left_alone_and_the_rest_is_wrapped()
    {
        Assert.Equal(["b"], Rewrite("SELECT random() + id::INT AS a, id::INT AS b, id AS c, uuid() AS d, 1 + 1 AS e FROM STREAM orders").Wrapped);
        Assert.Equal(["a"], Rewrite("SELECT id, hidden(id::INT) AS h, amount::DOUBLE AS a FROM STREAM orders").Wrapped);
    }
}
