using System.Text.Json;

namespace Smelt.Lake.Tests.Writing;

public sealed class StatisticsTests
{
    [Fact]
    public async Task Bounds_and_counts_of_every_file_hold_for_each_of_its_rows()
    {
        using var lake = new TestLake();
        var random = new Random(20260101);
        for (var round = 0; round < 12; round++)
        {
            var folder = $"t{round}";
            var query = $"""
                SELECT (hash(i, {round}) % 1000)::INTEGER - 500 AS n, CASE WHEN hash(i, {round + 1}) % 5 > 0 THEN repeat(chr((33 + hash(i, {round}) % 900)::INTEGER), (hash(i, 7) % 50)::INTEGER) || chr(128512) END AS s,
                  TIMESTAMPTZ '1950-01-01 00:00:00+00' + to_microseconds((hash(i, {round}) % 4000000000000000)::BIGINT) AS ts, (hash(i, 3) % 777)::DECIMAL(9, 2) / 7 AS d,
                  CASE hash(i, {round}) % 4 WHEN 0 THEN -0.0 WHEN 1 THEN 0.0 WHEN 2 THEN {(round % 3 == 0 ? "'nan'" : "1.5")}::DOUBLE END AS f, {"{"}'a': DATE '1800-01-01' + (hash(i, 5) % 200000)::INTEGER{"}"} AS st
                FROM range({random.Next(1, 3000)}) t(i)
                """;
            await lake.WriteAsync(folder, query);
            var table = lake.Lake.Table(folder);
            var snapshot = await table.SnapshotAsync();
            foreach (var file in snapshot.Files)
                Check(lake, table.Scan(snapshot, [file]).Sql, JsonDocument.Parse(file.Stats!).RootElement);
        }
    }

    private static void Check(TestLake lake, string rows, JsonElement stats)
    {
        var (min, max, nulls) = (stats.GetProperty("minValues"), stats.GetProperty("maxValues"), stats.GetProperty("nullCount"));
        Assert.Equal(stats.GetProperty("numRecords").GetInt64(), lake.Duck.Scalar($"SELECT count(*) FROM ({rows})"));
        foreach (var (column, type) in new[] { ("n", "INTEGER"), ("s", "VARCHAR"), ("ts", "TIMESTAMPTZ"), ("d", "DECIMAL(18,6)"), ("f", "DOUBLE") })
        {
            Assert.Equal(nulls.GetProperty(column).GetInt64(), lake.Duck.Scalar($"SELECT count(*) FROM ({rows}) WHERE {column} IS NULL"));
            var hasNan = column == "f" && (bool?)lake.Duck.Scalar($"SELECT bool_or(isnan(f)) FROM ({rows})") == true;
            if (!max.TryGetProperty(column, out var high))
            {
                Assert.True(hasNan || (long)lake.Duck.Scalar($"SELECT count({column}) FROM ({rows})")! == 0 || column == "s", $"{column} has no bounds");
                continue;
            }
            Assert.False(hasNan);
            var (low, top) = (min.GetProperty(column).ToString(), high.ToString());
            Assert.Equal(0L, lake.Duck.Scalar($"SELECT count(*) FROM ({rows}) WHERE {column} < CAST($1 AS {type}) OR {column} > CAST($2 AS {type})", low, top));
        }
        Assert.Equal(0L, lake.Duck.Scalar($"SELECT count(*) FROM ({rows}) WHERE st.a < $1::DATE OR st.a > $2::DATE",
            min.GetProperty("st").GetProperty("a").GetString(), max.GetProperty("st").GetProperty("a").GetString()));
    }

    [Theory]
    [InlineData("short", "short")]
    [InlineData("0123456789012345678901234567890123", "01234567890123456789012345678901\u007F")]
    [InlineData("0123456789012345678901234567890é23", "0123456789012345678901234567890é\u007F")]
    [InlineData("01234567890123456789012345678901é", "01234567890123456789012345678901\U0010FFFF")]
    [InlineData("0123456789012345678901234567890😀x", "0123456789012345678901234567890\U0010FFFF")]
    public void A_long_text_gets_an_upper_bound_that_is_above_it(string text, string bound)
    {
        Assert.Equal(bound, StatValue.UpperText(text));
        Assert.True(string.CompareOrdinal(System.Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text)), System.Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(bound))) <= 0);
        Assert.StartsWith(StatValue.LowerText(text), text);
    }

    [Theory]
    [InlineData("2020-01-01 00:00:00.123456+00", false, "2020-01-01T00:00:00.123")]
    [InlineData("2020-01-01 00:00:00.123456+00", true, "2020-01-01T00:00:00.124")]
    [InlineData("1969-12-31 23:59:59.9999", true, "1970-01-01T00:00:00.000")]
    [InlineData("1900-01-01 00:00:00", true, "1900-01-01T00:00:00.000")]
    [InlineData("0045-03-15 (BC) 00:00:00", true, null)]
    public void A_timestamp_is_rounded_away_from_the_rows(string text, bool up, string? expected) => Assert.Equal(expected, StatValue.Milliseconds(text, up));

    [Theory]
    [InlineData("SELECT 'infinity'::DATE AS d")]
    [InlineData("SELECT ['-infinity'::TIMESTAMPTZ] AS d")]
    public async Task An_infinite_time_is_refused_by_its_column(string query)
    {
        using var lake = new TestLake();
        Assert.Equal("data-value", (await Assert.ThrowsAsync<DataValueException>(() => lake.WriteAsync("t", query))).Code);
        Assert.Null(await lake.Lake.Table("t").TrySnapshotAsync());
        await lake.WriteAsync("u", "SELECT 'infinity' AS d");
    }

    [Fact]
    public async Task Columns_beyond_the_indexed_ones_have_no_statistics()
    {
        using var lake = new TestLake();
        var query = $"SELECT {string.Join(", ", Enumerable.Range(0, 40).Select(i => $"{i} AS c{i}"))}";
        await lake.WriteAsync("t", query);
        await lake.WriteAsync("u", query, options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.dataSkippingStatsColumns"] = "c39,`c1`" } });
        Assert.Equal(32, await Counted("t"));
        Assert.Equal(2, await Counted("u"));

        async Task<int> Counted(string folder) =>
            JsonDocument.Parse((await lake.Lake.Table(folder).SnapshotAsync()).Files.Single().Stats!).RootElement.GetProperty("nullCount").EnumerateObject().Count();
    }
}
