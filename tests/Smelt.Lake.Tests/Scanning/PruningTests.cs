namespace Smelt.Lake.Tests.Scanning;

/// <summary>Files chosen by predicates: what is left out holds no row that is wanted, and what can be left out is.</summary>
public sealed class PruningTests(ITestOutputHelper output)
{
    private static string Rows(int from) =>
        $$$"""
        SELECT k, k % 3 AS grp, CASE WHEN k % 11 <> 0 THEN (k * 7919) % 1000 END AS i, ((k * 7919) % 1000 / 4)::DOUBLE AS r, ((k * 31) % 97 / 3)::FLOAT AS f,
          ((k * 7919) % 1000 / 8)::DECIMAL(12, 3) AS m, (12345678901234567.89 + k / 100)::DECIMAL(20, 2) AS exact,
          CASE k % 5 WHEN 0 THEN NULL WHEN 1 THEN repeat('ä', 30) || 'xyz' || k WHEN 2 THEN 'word ' || chr(97 + (k % 26)::INTEGER) WHEN 3 THEN repeat('😀', 20) || k ELSE '' || k END AS s,
          DATE '1899-12-25' + (k * 3)::INTEGER AS d, TIMESTAMP '1900-01-01 00:00:00' + to_microseconds(k * 999999999 - 77) AS ts,
          TIMESTAMPTZ '1899-12-31 23:59:00+00' + to_microseconds(k * 77777777 + 123) AS tz, k % 2 = 0 AS b, {'x': k, 'y': {'z': 'n' || k}} AS st
        FROM range({{{from}}}, {{{from + 40}}}) t(k)
        """;

    [Fact]
    public async Task Random_predicates_never_leave_out_a_file_with_rows_for_them()
    {
        using var lake = new TestLake();
        for (var i = 0; i < 6; i++)
            await lake.WriteAsync("t", Rows(i * 40), options: i == 0 ? new TableOptions { PartitionBy = ["grp"] } : null);
        var table = lake.Lake.Table("t");
        var snapshot = await table.SnapshotAsync();
        var files = snapshot.Files.SelectMany(StatisticsAsWritersSpoilThem.Of).ToList();
        var (random, left, rounds) = (new Random(20260101), 0, Deep.Count(150, 3000));
        for (var round = 0; round < rounds; round++)
        {
            var condition = new PredicateText(random).Condition(3);
            var filter = new PruneFilter(snapshot.Metadata, PredicateAst.Parse(lake.Duck, condition, snapshot.Schema, "t"));
            foreach (var group in files.GroupBy(f => f.Path))
            {
                var (found, rows) = Count(lake, table.Scan(snapshot, [group.First()]), condition);
                foreach (var file in group)
                {
                    var outcomes = filter.Evaluate(file);
                    Assert.True(found == 0 || outcomes.Has(Outcomes.True), $"{condition}\nneeds {file.Stats}");
                    Assert.True(found == rows || outcomes.Has(Outcomes.False | Outcomes.Null), $"{condition}\ndoes not hold for all of {file.Stats}");
                    left += outcomes.Has(Outcomes.True) ? 0 : 1;
                }
            }
        }
        output.WriteLine($"{rounds} predicates, {files.Count} files: {100.0 * left / rounds / files.Count:F1} % left out");
        Assert.True(left > rounds * files.Count / 20);
    }

    public static TheoryData<string, int> Chosen => new()
    {
        { "k = 17", 1 }, { "k BETWEEN 35 AND 45", 2 }, { "k < 0", 0 }, { "k IN (1, 99)", 2 }, { "NOT k < 80", 1 }, { "k >= 40 AND k < 80", 1 }, { "k = 17 OR k = 99", 2 },
        { "t.k = 17", 1 }, { "K = 17", 1 }, { "17 = k", 1 }, { "k = NULL", 0 }, { "k IS NULL", 0 }, { "all_null IS NOT NULL", 0 }, { "all_null = 1", 0 },
        { "k::BIGINT = 17", 1 }, { "k::DOUBLE = 17", 3 }, { "k::VARCHAR = '17'", 3 }, { "k + 0 = 17", 3 }, { "k = 17 OR random() < 2", 3 }, { "k = 17 AND random() < 2", 1 },
        { "word = 'w017'", 1 }, { "word > 'w09'", 1 }, { "day = '2020-01-18'", 1 }, { "day = DATE '2020-01-18'", 1 }, { "day < TIMESTAMP '2020-01-01 00:00:00'", 0 },
        { "moment >= '2020-01-01 01:20:00'", 1 }, { "st.x = 17", 1 }, { "t.st.x = 17", 1 }, { "other.k = 17", 3 }, { "k IN (SELECT 17)", 3 }, { "k = 17.5", 1 }, { "k > 1e9", 0 },
        { "k = '17'", 1 }, { "k = 'x'", 3 }, { "word = 17", 3 }, { "k IS DISTINCT FROM 17", 3 }, { "k IS NOT DISTINCT FROM 17", 1 }, { "k NOT IN (17)", 3 },
    };

    [Theory]
    [MemberData(nameof(Chosen))]
    public async Task A_predicate_chooses_as_many_files_as_may_hold_its_rows(string condition, int expected)
    {
        using var lake = new TestLake();
        for (var i = 0; i < 3; i++)
            await lake.WriteAsync("t", $"SELECT k, printf('w%03d', k) AS word, DATE '2020-01-01' + k::INTEGER AS day, TIMESTAMP '2020-01-01' + to_minutes(k) AS moment, {{'x': k}} AS st, NULL::INTEGER AS all_null FROM range({i * 40}, {i * 40 + 40}) t(k)");
        var snapshot = await lake.Lake.Table("t").SnapshotAsync();
        var filter = new PruneFilter(snapshot.Metadata, PredicateAst.Parse(lake.Duck, condition, snapshot.Schema, "t"));
        Assert.Equal(expected, filter.Select(snapshot.Files).Count());
    }

    [Theory]
    [InlineData("p = 1", 1, 1)]
    [InlineData("p IS NULL", 1, 1)]
    [InlineData("p = 1 OR k = 5", 2, 2)]
    [InlineData("p > 0 AND q = 'a b'", 1, 1)]
    [InlineData("p <> 1", 1, 1)]
    [InlineData("q = 'A B'", 0, 0)]
    public async Task Partition_values_choose_exactly(string condition, int some, int all)
    {
        using var lake = new TestLake();
        await lake.WriteAsync("t", "SELECT * FROM (VALUES (1::BIGINT, 1, 'a b'), (5, 2, 'c'), (9, NULL, 'd')) t(k, p, q)", options: new TableOptions { PartitionBy = ["p", "q"] });
        var snapshot = await lake.Lake.Table("t").SnapshotAsync();
        var filter = new PruneFilter(snapshot.Metadata, PredicateAst.Parse(lake.Duck, condition, snapshot.Schema));
        Assert.Equal((some, all), (filter.Select(snapshot.Files).Count(), snapshot.Files.Count(filter.MatchesAll)));
    }

    [Theory]
    [InlineData("data-skipping-basic-stats-all-types", "as_int = 1", "as_string > 'a'")]
    [InlineData("data-skipping-basic-stats-all-types-columnmapping-id", "as_int = 1", "as_string > 'a'")]
    [InlineData("data-skipping-basic-stats-all-types-columnmapping-name", "as_date < '1900-01-01'", "as_timestamp > '2100-01-01'")]
    [InlineData("data-skipping-basic-stats-all-types-checkpoint", "as_big_decimal = 1", "as_double > 5")]
    public async Task Sparks_statistics_prune_under_every_column_mapping(string name, string first, string second)
    {
        using var lake = new TestLake(Shared.Path("delta-conformance", "golden", name));
        var snapshot = await lake.Lake.Table("delta").SnapshotAsync();
        foreach (var condition in new[] { first, second })
        {
            var filter = new PruneFilter(snapshot.Metadata, PredicateAst.Parse(lake.Duck, condition, snapshot.Schema));
            // Spark may have left NaN out of no double's bounds, but nobody can tell: a maximum of doubles leaves nothing out.
            Assert.Equal(condition.Contains("double", StringComparison.Ordinal) ? snapshot.Files.Count : 0, filter.Select(snapshot.Files).Count());
        }
    }

    private static (long Found, long Rows) Count(TestLake lake, TableScan scan, string condition)
    {
        var row = lake.Duck.Rows($"SELECT count(*) FILTER (WHERE {condition}), count(*) FROM ({scan.Sql}) AS t")[0];
        return ((long)row[0]!, (long)row[1]!);
    }
}
