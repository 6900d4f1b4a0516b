using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Quarantines;

/// <summary>Random predicates over random rows: every row is kept, dropped or quarantined, once, and counted once for each rule that it breaks.</summary>
public sealed class RandomRuleTests
{
    private static readonly string[] s_actions = ["", " ON VIOLATION DROP ROW", " ON VIOLATION QUARANTINE ROW"];

    [Fact]
    public void Kept_dropped_and_quarantined_rows_are_the_input_and_each_rule_counts_its_violations_as_a_plain_query_does()
    {
        var seed = Repository.IsDeep ? Environment.TickCount : 7;
        var random = new Random(seed);
        for (var round = 0; round < (Repository.IsDeep ? 60 : 4); round++) Round(random, $"seed {seed}, round {round}");
    }

    /// <summary>Several threads, many chunks of 2,048 rows each, and more refused rows than one of these holds.</summary>
    [Fact]
    public void Refused_rows_by_the_ten_thousands_are_each_kept_whole_with_the_rules_that_they_broke()
    {
        const string Rules = "CONSTRAINT third EXPECT (id % 3 <> 0) ON VIOLATION QUARANTINE ROW, CONSTRAINT named EXPECT (name IS NOT NULL) ON VIOLATION QUARANTINE ROW, CONSTRAINT short EXPECT (len(tags) < 3), CONSTRAINT fifth EXPECT (id % 5 <> 1) ON VIOLATION DROP ROW";
        using var folder = new PipelineFolder().Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'parquet')")
            .Write("silver/t.sql", $"CREATE STREAMING TABLE silver.t ({Rules}) AS SELECT id, name, tags, place FROM STREAM bronze.t");
        Directory.CreateDirectory(folder.File("in"));
        folder.Smelt("query", """
            SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL WHEN i % 2 = 0 THEN 'n' || i ELSE 'a longer name than fits in its place, ' || i END AS name,
              CASE WHEN i % 11 = 0 THEN NULL ELSE [t || i FOR t IN ['x', NULL, 'y', 'z'][1:i % 5]] END AS tags, CASE WHEN i % 13 = 0 THEN NULL ELSE {'x': i, 'at': CASE WHEN i % 4 > 0 THEN 'place ' || i END} END AS place
            FROM range(300000) AS r(i)
            """, "--format", "parquet", "--output", "in/1.parquet").Expect(0);
        var counts = LocalUpdate.Run(folder.Path).Made("silver.t").Counts;
        using var lake = new OpenLake(folder.Path);
        const string Refused = "FROM bronze.t WHERE id % 3 = 0 OR name IS NULL";
        Assert.Equal(lake.Count($"SELECT count(*) {Refused}"), counts.RowsQuarantined);
        const string Expected = $"""
            SELECT id, name, tags, place, list_filter([CASE WHEN id % 3 = 0 THEN 'third' END, CASE WHEN name IS NULL THEN 'named' END, CASE WHEN (len(tags) < 3) IS NOT TRUE THEN 'short' END, CASE WHEN id % 5 = 1 THEN 'fifth' END], lambda r: r IS NOT NULL) AS broken {Refused}
            """;
        const string Kept = "SELECT id, name, tags, place, _broken_expectations FROM silver.t__quarantine";
        Assert.Equal(0, lake.Count($"SELECT count(*) FROM (({Expected} EXCEPT ALL {Kept}) UNION ALL ({Kept} EXCEPT ALL {Expected}))"));
        Assert.Equal(0, lake.Count("SELECT count(*) FROM silver.t__quarantine WHERE (_input->>'id')::BIGINT <> id OR (_input->>'name') IS DISTINCT FROM name OR (_input->'place'->>'at') IS DISTINCT FROM place.at"));
    }

    private static void Round(Random random, string name)
    {
        var rules = Rules(random);
        using var folder = new PipelineFolder().Write("in/1.csv", Rows(random, random.Next(1, 400))).Write("bronze/t.sql", "SELECT * FROM STREAM read_files('in', format => 'csv')").Write("silver/t.sql", Sql(rules));
        var counts = LocalUpdate.Run(folder.Path).Made("silver.t").Counts;
        using (var lake = new OpenLake(folder.Path)) Judged(lake, rules, counts, name);
        for (var replay = 0; replay < 2; replay++) Replayed(folder, Rules(random), $"{name}, replay {replay}");
    }

    private static List<(string Name, string Predicate, int Action)> Rules(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(i => ($"r{i}", Predicate(random, 3), random.Next(3)))];

    private static string Sql(List<(string Name, string Predicate, int Action)> rules) =>
        $"CREATE STREAMING TABLE silver.t ({string.Join(", ", rules.Select(static r => $"CONSTRAINT {r.Name} EXPECT ({r.Predicate}){s_actions[r.Action]}"))}) AS SELECT id::INT AS id, a::INT AS a, b::INT AS b, t FROM STREAM bronze.t";

    /// <summary>Other rules, and a replay: each refused row that breaks none but warnings is in the table, the others are where they were, and no row is lost or doubled.</summary>
    private static void Replayed(PipelineFolder folder, List<(string Name, string Predicate, int Action)> rules, string name)
    {
        static List<long> Ids(OpenLake lake, string from) => [.. lake.Rows($"SELECT id FROM {from} ORDER BY id").Select(static r => Convert.ToInt64(r[0], System.Globalization.CultureInfo.InvariantCulture))];
        folder.Write("silver/t.sql", Sql(rules));
        List<long> kept, refused, passing;
        using (var lake = new OpenLake(folder.Path))
        {
            if (!lake.Tables.Contains("silver.t__quarantine")) return;
            var passes = string.Join(" AND ", rules.Where(static r => r.Action > 0).Select(static r => $"({r.Predicate}) IS TRUE").DefaultIfEmpty("TRUE"));
            (kept, refused, passing) = (Ids(lake, "silver.t"), Ids(lake, "silver.t__quarantine"), Ids(lake, $"silver.t__quarantine AS t WHERE {passes}"));
        }
        var result = LocalUpdate.RunWith(folder.Path, null, static o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.t")], Replay = new Smelt.Runs.ReplayOptions(null) });
        Assert.True(result.Succeeded, $"{name}: {LocalUpdate.Told(result)}");
        using var after = new OpenLake(folder.Path);
        Assert.True(kept.Concat(passing).Order().SequenceEqual(Ids(after, "silver.t")), name);
        Assert.True(refused.Except(passing).Order().SequenceEqual(Ids(after, "silver.t__quarantine")), name);
    }

    private static void Judged(OpenLake lake, List<(string Name, string Predicate, int Action)> rules, BatchCounts counts, string name)
    {
        const string Typed = "(SELECT id::INT AS id, a::INT AS a, b::INT AS b, t FROM bronze.t) AS t";
        string Broken(int action) => string.Join(" OR ", rules.Where(r => r.Action == action).Select(static r => $"({r.Predicate}) IS NOT TRUE").DefaultIfEmpty("FALSE"));
        string Ids(string sql) => lake.Text($"SELECT string_agg(id, ',' ORDER BY id) FROM {sql}") ?? "";
        var hasQuarantine = lake.Tables.Contains("silver.t__quarantine");
        Assert.True(lake.Count($"SELECT count(*) FROM {Typed}") == counts.RowsIn && counts.RowsIn == counts.RowsOut + counts.RowsDropped + counts.RowsQuarantined, name);
        Assert.True(Ids($"{Typed} WHERE NOT ({Broken(1)}) AND NOT ({Broken(2)})") == Ids("silver.t"), name);
        Assert.True(Ids($"{Typed} WHERE {Broken(2)}") == (hasQuarantine ? Ids("silver.t__quarantine") : ""), name);
        Assert.True(lake.Count($"SELECT count(*) FROM {Typed} WHERE ({Broken(1)}) AND NOT ({Broken(2)})") == counts.RowsDropped, name);
        foreach (var (rule, predicate, _) in rules)
        {
            var counted = counts.Rules.Single(r => r.Name == rule);
            var expected = lake.Count($"SELECT count(*) FROM {Typed} WHERE ({predicate}) IS NOT TRUE");
            Assert.True(counted.Violated == expected && counted.Passed == counts.RowsIn - expected, $"{name}, {rule} ({predicate}): {counted.Violated} instead of {expected}");
            if (hasQuarantine)
                Assert.True(lake.Count($"SELECT count(*) FROM silver.t__quarantine AS t WHERE list_contains(_broken_expectations, '{rule}') <> (({predicate}) IS NOT TRUE)") == 0, $"{name}, {rule}");
        }
    }

    private static string Rows(Random random, int count)
    {
        string Number() => random.Next(6) == 0 ? "" : random.Next(-5, 6).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return "id,a,b,t\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"{i},{Number()},{Number()},{(random.Next(5) == 0 ? "" : "xyz"[random.Next(3)].ToString())}\n"));
    }

    private static string Predicate(Random random, int depth) => (depth == 0 ? random.Next(5) : random.Next(8)) switch
    {
        0 => $"a {Comparison(random)} {random.Next(-5, 6)}",
        1 => $"a {Comparison(random)} b",
        2 => $"t IN ('x', '{"xyz"[random.Next(3)]}')",
        3 => "b IS NULL",
        4 => $"a + b * {random.Next(3)} {Comparison(random)} {random.Next(-9, 9)}",
        5 => $"NOT ({Predicate(random, depth - 1)})",
        6 => $"({Predicate(random, depth - 1)}) AND ({Predicate(random, depth - 1)})",
        _ => $"({Predicate(random, depth - 1)}) OR ({Predicate(random, depth - 1)})",
    };

    private static string Comparison(Random random) => new[] { "<", ">", "=", "<>", "<=", ">=" }[random.Next(6)];
}
