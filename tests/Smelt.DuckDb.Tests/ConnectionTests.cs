using Smelt.DuckDb;

namespace Smelt.DuckDb.Tests;

public sealed class ConnectionTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 2));
    private readonly DuckDbConnection _connection;

    public ConnectionTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void The_library_is_the_pinned_version() => Assert.Equal("v1.5.6", DuckDbDatabase.LibraryVersion);

    [Theory]
    [InlineData("true", true)]
    [InlineData("42::TINYINT", (sbyte)42)]
    [InlineData("42::USMALLINT", (ushort)42)]
    [InlineData("-7", -7)]
    [InlineData("9007199254740993", 9007199254740993L)]
    [InlineData("1.5::DOUBLE", 1.5)]
    [InlineData("1.5::FLOAT", 1.5f)]
    [InlineData("'häß'", "häß")]
    [InlineData("'a text that is longer than twelve bytes'", "a text that is longer than twelve bytes")]
    [InlineData("'b'::ENUM('a','b')", "b")]
    [InlineData("NULL::INT", null)]
    public void A_scalar_comes_back_as_its_dotnet_value(string sql, object? expected) => Assert.Equal(expected, _connection.Scalar("SELECT " + sql));

    [Fact]
    public void Dates_and_exact_numbers_keep_every_digit()
    {
        Assert.Equal(new DuckDbDate(-4371222), _connection.Scalar("SELECT DATE '9999-01-01 (BC)'"));
        Assert.Equal(new DuckDbDate(19723), _connection.Scalar("SELECT DATE '2024-01-01'"));
        Assert.Equal(new DuckDbTimestamp(1704067200000001), _connection.Scalar("SELECT TIMESTAMP '2024-01-01 00:00:00.000001'"));
        Assert.Equal(new DuckDbTimestampTz(1704067200000000), _connection.Scalar("SELECT TIMESTAMPTZ '2024-01-01 02:00:00+02'"));
        Assert.Equal("-12345678901234567890.12", _connection.Scalar("SELECT -12345678901234567890.12::DECIMAL(38,2)")!.ToString());
        Assert.Equal(Int128.Parse("170141183460469231731687303715884105727"), _connection.Scalar("SELECT 170141183460469231731687303715884105727::HUGEINT"));
        Assert.Equal(Guid.Parse("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), _connection.Scalar("SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID"));
    }

    [Fact]
    public void Nested_values_are_read_whole()
    {
        var value = Assert.IsType<StructValue>(_connection.Scalar("SELECT {'a': [1, NULL, 3], 'm': MAP {'k': {'x': 1.50}}}"));
        Assert.Equal([1, null, 3], Assert.IsType<object?[]>(value.Fields[0].Value));
        var map = Assert.IsType<MapValue>(value.Fields[1].Value);
        Assert.Equal("k", map.Entries[0].Key);
        Assert.Equal("1.50", Assert.IsType<StructValue>(map.Entries[0].Value).Fields[0].Value!.ToString());
    }

    [Fact]
    public void Types_print_as_sql_that_gives_the_same_type()
    {
        const string sql = "SELECT NULL::STRUCT(\"a b\" DECIMAL(10,2), l VARCHAR[], m MAP(VARCHAR, STRUCT(x TIMESTAMP WITH TIME ZONE))) AS v";
        using var first = _connection.Query(sql);
        var type = first.Columns[0].Type;
        using var second = _connection.Query($"SELECT NULL::{type} AS v");
        Assert.Equal(type, second.Columns[0].Type);
    }

    [Fact]
    public void Parameters_are_values_never_sql()
    {
        Assert.Equal("'; DROP TABLE x; --", _connection.Scalar("SELECT $1", "'; DROP TABLE x; --"));
        Assert.Equal(3L, _connection.Scalar("SELECT count(*) FROM unnest($1::BIGINT[])", (object)new long[] { 1, 2, 3 }));
        Assert.Equal("b", _connection.Scalar("SELECT ($1)[2]", (object)new[] { "a", "b" }));
    }

    [Fact]
    public void An_error_names_its_kind_message_and_byte_position()
    {
        var error = Assert.Throws<DuckDbException>(() => _connection.Execute("SELECT 'ü', nope FROM range(1)"));
        Assert.Equal(DuckDbErrorKind.Binder, error.Kind);
        Assert.Equal(13, error.Position);
        Assert.Contains("nope", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LINE 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_in_a_late_chunk_is_thrown_while_reading()
    {
        using var result = _connection.Query("SELECT CASE WHEN i = 900000 THEN error('late') ELSE i END FROM range(1000000) t(i)");
        Assert.Throws<DuckDbException>(() =>
        {
            while (result.Next())
            {
            }
        });
    }

    [Fact]
    public void A_running_query_can_be_interrupted_from_another_thread()
    {
        using var started = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            while (_connection.Progress.Percentage < 0) Thread.Yield();
            _connection.Interrupt();
        });
        _connection.Execute("CREATE TABLE big AS SELECT range AS i FROM range(3000000)");
        thread.Start();
        var error = Assert.Throws<DuckDbException>(() => _connection.Execute("SELECT sum(hash(a.i, b.i)) FROM big a, big b"));
        thread.Join();
        Assert.Equal(DuckDbErrorKind.Interrupt, error.Kind);
    }

    [Fact]
    public void A_query_above_the_memory_limit_spills_or_fails_as_transient()
    {
        var spill = Directory.CreateTempSubdirectory("smelt-spill");
        using var small = DuckDbDatabase.OpenInMemory(new DuckDbOptions(64 << 20, 2, spill.FullName));
        using var connection = small.Connect();
        connection.Execute("CREATE TABLE t AS SELECT i, hash(i)::VARCHAR AS s FROM range(3000000) r(i)");
        Assert.NotEmpty(Directory.EnumerateFiles(spill.FullName));
        using var tiny = DuckDbDatabase.OpenInMemory(new DuckDbOptions(16 << 20, 1));
        using var without = tiny.Connect();
        var error = Assert.Throws<DuckDbException>(() => without.Execute("CREATE TABLE t AS SELECT i, hash(i)::VARCHAR AS s FROM range(3000000) r(i)"));
        Assert.True(error.IsTransient);
        spill.Delete(recursive: true);
    }

    [Fact]
    public void Sessions_are_in_utc_and_load_no_extensions()
    {
        Assert.Equal("UTC", _connection.Scalar("SELECT current_setting('TimeZone')"));
        Assert.Equal(false, _connection.Scalar("SELECT current_setting('autoload_known_extensions')"));
        Assert.Throws<DuckDbException>(() => _connection.Execute("SELECT * FROM delta_scan('/nowhere')"));
    }

    [Fact]
    public void TRY_holds_an_expression_that_occurs_twice()
    {
        _connection.Execute("CREATE TABLE t AS SELECT * FROM (VALUES ('1'), ('x')) v(q)");
        Assert.Equal(1L, _connection.Scalar("SELECT count(*) FROM (SELECT TRY({'v': q::INT}) a, TRY({'v': q::INT * 2}) b FROM t) WHERE a IS NULL AND b IS NULL"));
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    public void Identifiers_are_quoted(string name, string expected)
    {
        Assert.Equal(expected, SqlText.Identifier(name));
        _connection.Execute($"CREATE TABLE {SqlText.Identifier(name)} (i INT); DROP TABLE {SqlText.Identifier(name)}");
    }
}
