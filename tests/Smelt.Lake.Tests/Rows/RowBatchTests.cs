

namespace Smelt.Lake.Tests;

/// <summary>Rows in and out of tables without DuckDB's types.</summary>
public sealed class RowBatchTests : IDisposable
{
    private readonly TestLake _lake = new();

    public void Dispose() => _lake.Dispose();

    private const string AllTypes =
        """
        SELECT CASE WHEN i % 7 <> 0 THEN i END AS id, i % 2 = 0 AS flag, (i % 100)::TINYINT AS tiny, i::SMALLINT AS small, i::INTEGER AS whole, i / 3 AS dbl, (i / 3)::FLOAT AS single,
          (i * 1.25)::DECIMAL(10, 2) AS money, (i % 9)::DECIMAL(3, 1) AS little, (i * 3)::DECIMAL(15, 3) AS medium, (i * -3)::DECIMAL(38, 10) AS exact, CASE WHEN i % 4 <> 0 THEN 'täxt ' || repeat('x', (i % 30)::INT) END AS words,
          encode('b' || i) AS bytes, DATE '1960-02-28' + i::INTEGER AS day, TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' + to_seconds(i) AS instant,
          TIMESTAMP '2020-01-01 00:00:00.123456' + to_days(i::INTEGER) AS clock, CASE WHEN i % 5 <> 0 THEN [i, NULL, i + 1][1:(i % 4)] END AS list,
          CASE WHEN i % 6 <> 0 THEN {'a': i, 'b': {'c': CASE WHEN i % 2 = 0 THEN 'x' || i END}} END AS deep, CASE WHEN i % 3 <> 0 THEN MAP {'k' || i: [i], 'l': []} END AS pairs, [{'p': i, 'q': 'z'}] AS structs
        FROM range(5000) AS t(i)
        """;

    [Fact]
    public async Task Every_type_goes_out_in_batches_and_comes_back_the_same()
    {
        await _lake.WriteAsync("t", AllTypes);
        var source = _lake.Lake.Table("t");
        var snapshot = await source.SnapshotAsync();
        var copy = _lake.Lake.Table("copy");
        var columns = snapshot.Schema.Fields.Select(f => new ColumnSpec(f.Name, f.Type)).ToList();
        Assert.IsType<CreateResult.Created>(await copy.CreateAsync(columns, source.ReadAsync(snapshot)));
        Assert.Equal(await _lake.RowsAsync("t"), await _lake.RowsAsync("copy"));
        Assert.IsType<DmlResult.Committed>(await copy.AppendAsync(source.ReadAsync(snapshot)));
        Assert.Equal(10000, (await copy.SnapshotAsync()).NumRecords);
        Assert.IsType<CreateResult.Exists>(await copy.CreateAsync(columns));
    }

    [Fact]
    public async Task Single_values_can_be_looked_at()
    {
        await _lake.WriteAsync("t", "SELECT 1::BIGINT AS a, 'x' AS b, [1, 2] AS l, MAP {'k': 1.5::DECIMAL(4,2)} AS m, {p: NULL::INT, q: true} AS s, NULL::DOUBLE AS n");
        var table = _lake.Lake.Table("t");
        var batch = Assert.Single(await table.ReadAsync(await table.SnapshotAsync()).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1L, batch["A"][0]);
        Assert.Equal("x", batch["b"][0]);
        Assert.Equal([1, 2], Assert.IsType<object?[]>(batch["l"][0]));
        Assert.Equal(new KeyValuePair<object, object?>("k", (Int128)150), Assert.Single(Assert.IsType<List<KeyValuePair<object, object?>>>(batch["m"][0])));
        Assert.Equal([null, true], Assert.IsType<object?[]>(batch["s"][0]));
        Assert.Null(batch["n"][0]);
        Assert.Throws<KeyNotFoundException>(() => batch["none"]);
    }

    [Fact]
    public async Task A_fault_of_the_callers_rows_fails_the_append_and_leaves_nothing()
    {
        await _lake.WriteAsync("t", "SELECT 1::BIGINT AS a");
        var table = _lake.Lake.Table("t");
        async IAsyncEnumerable<RowBatch> Broken()
        {
            yield return new RowBatch(new StructType([new DeltaField("a", DeltaType.Long)]), [new FixedValues<long>(DeltaType.Long, [5])]);
            await Task.Yield();
            throw new InvalidDataException("the source went away");
        }
        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await table.AppendAsync(Broken()));
        Assert.Contains("the source went away", error.Message);
        Assert.Equal(["""{"a":1}"""], await _lake.RowsAsync("t"));
        Assert.Single(Directory.GetFiles(Path.Join(_lake.Root, "t"), "*.parquet"));
    }

    [Fact]
    public void What_does_not_fit_together_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new FixedValues<int>(DeltaType.Long, [1]));
        Assert.Throws<ArgumentException>(() => new RowBatch(new StructType([new DeltaField("a", DeltaType.Long)]), [BytesValues.OfTexts(["x"])]));
        Assert.Throws<ArgumentException>(() => new RowBatch(new StructType([new DeltaField("a", DeltaType.String), new DeltaField("b", DeltaType.String)]), [BytesValues.OfTexts(["x"]), BytesValues.OfTexts(["x", "y"])]));
    }

    [Fact]
    public void The_public_face_shows_no_type_of_DuckDB()
    {
        var shown = typeof(DeltaTable).Assembly.GetExportedTypes().SelectMany(t => t.GetMembers()).SelectMany(m => m switch
        {
            System.Reflection.MethodInfo method => [method.ReturnType, .. method.GetParameters().Select(p => p.ParameterType)],
            System.Reflection.PropertyInfo property => [property.PropertyType],
            System.Reflection.ConstructorInfo constructor => constructor.GetParameters().Select(p => p.ParameterType),
            _ => Array.Empty<Type>(),
        });
        Assert.DoesNotContain(shown, t => t.ToString().Contains("Smelt.DuckDb", StringComparison.Ordinal));
    }
}
