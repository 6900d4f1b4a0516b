using Smelt.DuckDb;

namespace Smelt.DuckDb.Tests;

public sealed class FunctionTests : IDisposable
{
    private readonly DuckDbDatabase _database = DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 2));
    private readonly DuckDbConnection _connection;

    public FunctionTests() => _connection = _database.Connect();

    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void An_appender_writes_chunks_of_nested_rows()
    {
        _connection.Execute("CREATE TABLE t (id BIGINT, name VARCHAR, tags VARCHAR[])");
        using var chunk = DataChunk.Create([DuckDbType.BigInt, DuckDbType.Varchar, DuckDbType.List(DuckDbType.Varchar)]);
        using (var appender = _connection.Appender(null, null, "t"))
        {
            for (var batch = 0; batch < 3; batch++)
            {
                chunk.Reset();
                Fill(chunk, batch * 1000, 1000);
                appender.AppendChunk(chunk);
            }
        }
        Assert.Equal(3000L, _connection.Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1500L, _connection.Scalar("SELECT count(*) FROM t WHERE name IS NULL"));
        Assert.Equal("tag 2999", _connection.Scalar("SELECT tags[2] FROM t WHERE id = 2999"));
    }

    [Fact]
    public void A_volatile_function_sees_every_row_exactly_once_even_above_joins_and_filters()
    {
        long seen = 0;
        _connection.Register(new ScalarFunction("judge", [DuckDbType.Boolean], DuckDbType.Boolean, (arguments, result) =>
        {
            Interlocked.Add(ref seen, arguments.RowCount);
            var pass = arguments[0].Values<byte>();
            var keep = result.Values<byte>();
            for (var row = 0; row < arguments.RowCount; row++) keep[row] = pass[row];
        }, IsVolatile: true));
        var kept = _connection.Scalar("""
            SELECT count(*) FROM (
              SELECT *, judge(i % 3 = 0) AS keep FROM (SELECT i FROM range(100000) a(i) JOIN range(2) b(j) ON true UNION ALL SELECT 3)
            ) WHERE keep
            """);
        Assert.Equal(66669L, kept);
        Assert.Equal(200001L, seen);
    }

    [Fact]
    public void Rows_are_copied_whole_out_of_a_function()
    {
        var type = DuckDbType.Struct([new("a", DuckDbType.BigInt), new("l", DuckDbType.List(DuckDbType.Varchar))]);
        _connection.Execute("CREATE TABLE refused (r STRUCT(a BIGINT, l VARCHAR[]))");
        using var other = _database.Connect();
        using (var appender = other.Appender(null, null, "refused"))
        {
            var gate = new Lock();
            _connection.Register(new ScalarFunction("keep_or_take", [DuckDbType.Boolean, type], DuckDbType.Boolean, (arguments, result) =>
            {
                var rows = new List<int>();
                for (var row = 0; row < arguments.RowCount; row++)
                {
                    var refused = arguments[0].Values<byte>()[row] != 0;
                    result.Values<byte>()[row] = refused ? (byte)0 : (byte)1;
                    if (refused) rows.Add(row);
                }
                using var chunk = DataChunk.Create([type]);
                chunk.CopyRows(arguments[1], rows.ToArray(), 0, 0);
                chunk.RowCount = rows.Count;
                lock (gate) appender.AppendChunk(chunk);
            }, IsVolatile: true));
            Assert.Equal(9990L, _connection.Scalar(
                "SELECT count(*) FROM (SELECT keep_or_take(i % 1000 = 7, {'a': i, 'l': ['x' || i, NULL]}) AS k FROM range(10000) t(i)) WHERE k"));
        }
        Assert.Equal("7,1007,2007,3007,4007,5007,6007,7007,8007,9007", _connection.Scalar("SELECT string_agg(r.a, ',' ORDER BY r.a) FROM refused WHERE r.l[1] = 'x' || r.a"));
    }

    [Fact]
    public void What_a_function_throws_is_the_querys_error()
    {
        _connection.Register(new ScalarFunction("boom", [], DuckDbType.Boolean, (_, _) => throw new InvalidOperationException("no luck"), IsVolatile: true));
        var error = Assert.Throws<DuckDbException>(() => _connection.Scalar("SELECT boom()"));
        Assert.Contains("no luck", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_function_streams_from_several_readers_and_fills_only_what_is_asked()
    {
        var scans = new List<NumberScan>();
        _connection.Register(new TableFunction("numbers", [DuckDbType.Varchar], arguments =>
        {
            Assert.Equal("go", arguments[0]);
            scans.Add(new NumberScan(readers: 4, rowsEach: 10000));
            return scans[^1];
        }));
        Assert.Equal(40000L, _connection.Scalar("SELECT count(*) FROM numbers('go')"));
        Assert.Equal("text 9999", _connection.Scalar("SELECT max(name) FROM numbers('go')"));
        Assert.All(scans[^1].Projections, projected => Assert.Equal([1], projected));
    }

    private static void Fill(DataChunk chunk, int first, int count)
    {
        var tags = chunk[2];
        tags.SetListSize((ulong)count * 2);
        for (var row = 0; row < count; row++)
        {
            chunk[0].Values<long>()[row] = first + row;
            if (row % 2 == 0) chunk[1].SetNull(row);
            else chunk[1].SetUtf8(row, "a name of more than twelve bytes"u8);
            tags.SetListEntry(row, (ulong)row * 2, 2);
            tags.ListChild.SetNull(row * 2);
            tags.ListChild.SetUtf8((row * 2) + 1, System.Text.Encoding.UTF8.GetBytes($"tag {first + row}"));
        }
        chunk.RowCount = count;
    }

    private sealed class NumberScan(int readers, int rowsEach) : ITableScan
    {
        private int _opened;

        public List<IReadOnlyList<int>> Projections { get; } = [];

        public IReadOnlyList<DuckDbColumn> Columns { get; } = [new("id", DuckDbType.BigInt), new("name", DuckDbType.Varchar)];

        public int MaxThreads => readers;

        public long? EstimatedRows => readers * rowsEach;

        public IChunkReader OpenReader(IReadOnlyList<int> projected)
        {
            lock (Projections) Projections.Add(projected);
            return new Reader(this, projected);
        }

        private sealed class Reader(NumberScan scan, IReadOnlyList<int> projected) : IChunkReader
        {
            private int _left;

            public void Read(DataChunk target)
            {
                if (_left == 0)
                {
                    if (Interlocked.Increment(ref scan._opened) > scan.MaxThreads) { target.RowCount = 0; return; }
                    _left = (int)(scan.EstimatedRows!.Value / scan.MaxThreads);
                }
                var count = Math.Min(_left, DataChunk.Capacity);
                for (var column = 0; column < projected.Count; column++)
                {
                    for (var row = 0; row < count && projected[column] == 1; row++)
                        target[column].SetUtf8(row, System.Text.Encoding.UTF8.GetBytes($"text {_left - row - 1}"));
                }
                _left -= count;
                target.RowCount = count;
            }

            public void Dispose()
            {
            }
        }
    }
}
