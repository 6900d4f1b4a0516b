using Smelt.DuckDb;

namespace Smelt.Pipelines.Tests.Dividing;

public sealed class QueryDivisionTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory();
    private readonly DuckDbConnection _connection;

    public QueryDivisionTests()
    {
        _connection = _database.Connect();
        _connection.Execute("""
            CREATE TABLE orders AS SELECT i % 700 AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE 'c' || i % 90 END AS customer, (i % 13)::DECIMAL(10,2) AS amount, (i % 5) / 3 AS rate,
              CASE WHEN i % 50 = 0 THEN 'n/a' ELSE (i % 40)::VARCHAR END AS place FROM range(3000) r(i);
            CREATE TABLE customers AS SELECT 'c' || i AS customer, 'name ' || i % 20 AS name FROM range(90) r(i);
            """);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Theory]
    [InlineData("SELECT DISTINCT id, customer FROM orders")]
    [InlineData("SELECT DISTINCT * FROM orders ORDER BY id")]
    [InlineData("SELECT DISTINCT upper(customer), id + 1 FROM orders")]
    [InlineData("SELECT DISTINCT rate, -rate * 0 AS zero FROM orders")]
    [InlineData("SELECT DISTINCT place::INT AS place FROM orders WHERE place <> 'n/a'")]
    [InlineData("WITH big AS (SELECT * FROM orders WHERE amount > 3) SELECT DISTINCT customer, name FROM big JOIN customers USING (customer)")]
    [InlineData("SELECT customer, sum(amount) AS total, avg(rate), count(*) FROM orders GROUP BY customer")]
    [InlineData("SELECT id % 100 AS hundred, customer, count(DISTINCT place), list(id ORDER BY id) FROM orders GROUP BY ALL HAVING count(*) > 2")]
    [InlineData("SELECT count(*) AS n, customer AS who FROM orders GROUP BY 2")]
    [InlineData("SELECT place::INT AS p, count(*) FROM orders WHERE place <> 'n/a' AND id > 5 GROUP BY p")]
    [InlineData("SELECT name, max(o.amount) FROM orders o LEFT JOIN customers c ON o.customer = c.customer WHERE o.id IN (SELECT max(id) FROM orders GROUP BY customer) GROUP BY c.name")]
    [InlineData("SELECT DISTINCT customer, count(*) OVER_ALL FROM orders GROUP BY customer")]
    public void A_divided_query_gives_the_same_rows_and_columns(string sql)
    {
        var divided = QueryDivision.Divide(sql, 5, _connection);
        Assert.NotNull(divided);
        Assert.Equal(Rows("DESCRIBE " + sql), Rows("DESCRIBE " + divided));
        var rows = Rows(sql);
        Assert.True(rows.Count > 1);
        Assert.Equal(rows, Rows(divided));
        var parts = divided.Split("\nUNION ALL\n");
        Assert.Equal(5, parts.Length);
        Assert.All(parts, static p => Assert.Contains("hash(", p, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SELECT * FROM orders")]
    [InlineData("SELECT count(*) FROM orders")]
    [InlineData("SELECT DISTINCT count(*) FROM orders")]
    [InlineData("SELECT DISTINCT customer FROM orders LIMIT 5")]
    [InlineData("SELECT DISTINCT ON (customer) customer, id FROM orders")]
    [InlineData("SELECT DISTINCT customer, row_number() OVER (ORDER BY id) FROM orders")]
    [InlineData("SELECT DISTINCT customer FROM (SELECT * FROM orders LIMIT 10)")]
    [InlineData("SELECT DISTINCT customer FROM (SELECT * FROM orders USING SAMPLE 10)")]
    [InlineData("SELECT DISTINCT customer, random() AS r FROM orders")]
    [InlineData("SELECT DISTINCT total FROM (SELECT customer, sum(rate) AS total FROM orders GROUP BY customer)")]
    [InlineData("WITH t AS (SELECT customer, first(id) AS id FROM orders GROUP BY customer) SELECT DISTINCT id FROM t")]
    [InlineData("SELECT customer, count(*) FROM orders GROUP BY ROLLUP (customer)")]
    [InlineData("SELECT customer, count(*) FROM orders, range(3) GROUP BY customer")]
    [InlineData("SELECT DISTINCT customer FROM orders UNION ALL SELECT name FROM customers")]
    [InlineData("SELECT customer, sum(avg_rate) FROM (SELECT customer, avg(rate) AS avg_rate FROM orders GROUP BY customer) GROUP BY customer")]
    [InlineData("SELECT customer, count(*) FROM orders GROUP BY customer QUALIFY row_number() OVER (ORDER BY customer) < 5")]
    public void A_query_whose_groups_may_differ_from_run_to_run_or_that_has_none_is_not_divided(string sql) => Assert.Null(QueryDivision.Divide(sql, 5, _connection));

    private List<string> Rows(string sql) =>
        [.. _connection.Rows($"SELECT r::VARCHAR FROM ({(sql.StartsWith("DESCRIBE", StringComparison.Ordinal) ? $"SELECT column_name, column_type FROM ({sql})" : sql)}) AS r").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)];
}
