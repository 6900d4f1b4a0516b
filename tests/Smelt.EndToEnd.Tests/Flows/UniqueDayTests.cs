using System.Globalization;
using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Days of tables that hold one row a key: what is there stays, and only what the query no longer gives is chosen anew.</summary>
public sealed class UniqueDayTests
{
    /// <summary>Repeats up to so many minutes apart, where there is a window.</summary>
    private const int Width = 5;

    private const string Window = ", 'smelt.dedup_time' = 'at', 'smelt.dedup_window' = '5 minutes'";

    private sealed record Row(long Id, long Minute, long V);

    public static TheoryData<bool, int> Runs() => [.. from window in (bool[])[false, true] from run in Enumerable.Range(0, Repository.IsDeep ? 20 : 2) select (window, run)];

    [Theory]
    [MemberData(nameof(Runs))]
    public void An_unchanged_query_changes_nothing_and_a_changed_one_chooses_as_a_plain_program_does(bool isWindow, int run)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var (read, told) = (new List<Row>(), $"seed {seed}, run {run}");
        using var folder = Pipeline(Sql(isWindow, "v::BIGINT", "true", "DESC"));
        for (var batch = 0; batch < 4; batch++)
        {
            // Around midnights, so that what repeats lies on both sides of a day's end.
            var rows = Enumerable.Range(0, 14).Select(_ => new Row(random.Next(isWindow ? 2 : 7), (1440 * random.Next(1, 4)) + random.Next(-9, 10), random.Next(4))).ToList();
            read.AddRange(rows);
            LocalUpdate.Run(folder.Write($"landing/{batch}.csv", "id,minute,v\n" + string.Join('\n', rows.Select(static r => $"{r.Id},{r.Minute},{r.V}")) + "\n").Path);
        }
        var (made, files) = Table(folder);
        foreach (var day in Enumerable.Range(0, 5).OrderBy(_ => random.Next()))
            Assert.True(0 == Remake(folder, day).Counts.RowsOut, $"{told}: day {day} of an unchanged query");
        Assert.Equal(files, Table(folder).Files);
        folder.Write("silver/u.sql", Sql(isWindow, "CASE v::BIGINT WHEN 2 THEN 20 ELSE v::BIGINT END", "v::BIGINT <> 3", "ASC"));
        var today = read.Where(static r => r.V != 3).Select(static r => r with { V = r.V == 2 ? 20 : r.V }).ToList();
        var chosen = random.Next(0, 4);
        var expected = Plain(made, today, chosen, isWindow);
        _ = Remake(folder, chosen);
        Assert.True(Text(expected) == Text(Table(folder).Rows), $"{told}, day {chosen}:\n{Text(made)}\n{Text(today)}\n{Text(expected)}\nis not\n{Text(Table(folder).Rows)}");
        Assert.True(0 == Remake(folder, chosen).Counts.RowsOut, $"{told}: made twice");
    }

    [Fact]
    public void A_row_that_the_rules_refuse_today_gives_its_place_to_another_of_its_key_and_back()
    {
        using var folder = Pipeline(Sql(false, "v::BIGINT", "true", "DESC", "v <> 9"));
        LocalUpdate.Run(folder.Write("landing/1.csv", "id,minute,v\n1,10,3\n1,20,7\n1,30,5\n2,10,9\n2,20,1\n3,10,9\n").Path);
        Assert.Equal("1:7 2:1", Ids(folder));
        folder.Write("silver/u.sql", Sql(false, "v::BIGINT", "true", "DESC", "v NOT IN (7, 4)"));
        _ = Remake(folder, 0);
        // The 1 of key 2 is in the table and stays, though 9 comes before it; of key 3 there was none.
        Assert.Equal("1:5 2:1 3:9", Ids(folder));
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[7]", lake.Text("SELECT list(v)::VARCHAR FROM silver.u__quarantine"));
    }

    [Fact]
    public void Rows_of_a_key_that_another_writer_adds_meanwhile_are_seen_and_no_key_comes_twice()
    {
        using var folder = Pipeline(Sql(false, "v::BIGINT", "id <> 2", "DESC"));
        LocalUpdate.Run(folder.Write("landing/1.csv", "id,minute,v\n1,10,3\n2,20,7\n").Path);
        folder.Write("silver/u.sql", Sql(false, "v::BIGINT", "true", "DESC"));
        var written = 0;
        _ = LocalUpdate.RunWith(folder.Path, point =>
        {
            if (point != "silver.u:before-commit-0" || written++ > 0) return;
            using var other = new OpenLake(folder.Path);
            other.Write("silver.u", "SELECT 2::BIGINT AS id, TIMESTAMP '2025-01-03 00:00:00' AS \"at\", DATE '2025-01-03' AS day, 99::BIGINT AS v");
        }, static o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.u")], Days = new DayRange(new DateOnly(2025, 1, 1), new DateOnly(2025, 1, 1)) }).Made("silver.u");
        Assert.Equal((2, "1:3 2:99"), (written, Ids(folder)));
    }

    [Fact]
    public void Of_bronze_the_rows_of_a_day_s_files_are_chosen_again_with_their_stamps()
    {
        const string Query = "SELECT DISTINCT ON (id) id::BIGINT AS id, v::BIGINT AS v FROM STREAM read_files('landing', format => 'csv') ORDER BY v DESC";
        using var folder = new PipelineFolder("name: u\n").Write("bronze/u.sql", Query).Write("landing/1.csv", "id,v\n1,3\n1,4\n2,5\n");
        LocalUpdate.On("2025-01-01", folder.Path);
        LocalUpdate.On("2025-01-02", folder.Write("landing/2.csv", "id,v\n2,9\n3,1\n3,2\n").Path);
        Assert.Equal(0, LocalUpdate.Days(folder.Path, "2025-01-01", "2025-01-02", "bronze.u").Made("bronze.u").Counts.RowsOut);
        folder.Write("bronze/u.sql", Query.Replace("v::BIGINT AS v", "CASE v::BIGINT WHEN 2 THEN 0 ELSE v::BIGINT END AS v"));
        _ = LocalUpdate.Days(folder.Path, "2025-01-02", "2025-01-02", "bronze.u").Made("bronze.u");
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("1:4 2025-01-01, 2:5 2025-01-01, 3:1 2025-01-02", lake.Text("SELECT string_agg(id || ':' || v || ' ' || _ingestion_date, ', ' ORDER BY id) FROM bronze.u"));
    }

    public static TheoryData<string> Points() => [.. new[] { "before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-done", "after-done" }
        .Where(static p => Repository.IsDeep || p is "after-intent" or "after-prepared" or "after-commit-0")];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_day_killed_anywhere_is_finished_or_made_again_and_each_key_is_there_once(string point)
    {
        using var folder = Pipeline(Sql(false, "v::BIGINT", "true", "DESC"));
        LocalUpdate.Run(folder.Write("landing/1.csv", "id,minute,v\n1,10,3\n1,20,2\n2,10,7\n").Path);
        folder.Write("silver/u.sql", Sql(false, "v::BIGINT", "v::BIGINT <> 3", "DESC"));
        folder.RunKilledAt("silver.u:" + point, "--date", "2025-01-01", "--select", "silver.u");
        LocalUpdate.Run(folder.Write("landing/2.csv", "id,minute,v\n1,30,9\n2,30,9\n3,10,1\n").Path);
        Assert.Contains(Ids(folder), (string[])["1:2 2:7 3:1", "1:3 2:7 3:1"]);
        _ = Remake(folder, 0);
        Assert.Contains(Ids(folder), (string[])["1:2 2:7 3:1", "1:9 2:7 3:1"]);
        Assert.Equal(0, Remake(folder, 0).Counts.RowsOut);
    }

    private static PipelineFolder Pipeline(string sql) => new PipelineFolder("name: u\n").Write("bronze/o.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')").Write("silver/u.sql", sql);

    private static string Sql(bool isWindow, string v, string where, string order, string? rule = null) => $"""
        CREATE STREAMING TABLE u{(rule is null ? "" : $" (CONSTRAINT c EXPECT ({rule}) ON VIOLATION QUARANTINE ROW)")} TBLPROPERTIES ('smelt.day_column' = 'day'{(isWindow ? Window : "")})
        AS SELECT DISTINCT ON (id) id::BIGINT AS id, TIMESTAMP '2025-01-01' + to_minutes(minute::BIGINT) AS at, (TIMESTAMP '2025-01-01' + to_minutes(minute::BIGINT))::DATE AS day, {v} AS v
        FROM STREAM bronze.o WHERE {where} ORDER BY v {order}
        """;

    private static FlowResult.Completed Remake(PipelineFolder folder, int day)
    {
        var text = new DateOnly(2025, 1, 1).AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return LocalUpdate.Days(folder.Path, text, text, "silver.u").Made("silver.u");
    }

    private static (List<Row> Rows, string Files) Table(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        var rows = lake.Rows("SELECT id, date_diff('minute', TIMESTAMP '2025-01-01', \"at\"), v FROM silver.u").ConvertAll(static r => new Row((long)r[0]!, (long)r[1]!, (long)r[2]!));
        return (rows, string.Join(' ', lake.Snapshot("silver.u").Files.Select(static f => f.Path).Order(StringComparer.Ordinal)));
    }

    private static string Ids(PipelineFolder folder) => string.Join(' ', Table(folder).Rows.OrderBy(static r => r.Id).Select(static r => $"{r.Id}:{r.V}"));

    private static string Text(IEnumerable<Row> rows) => string.Join('\n', rows.Select(static r => $"{r.Id} {r.Minute} {r.V}").Order(StringComparer.Ordinal));

    /// <summary>What the table should hold: the query's order is by V, upwards.</summary>
    private static List<Row> Plain(List<Row> table, List<Row> read, int day, bool isWindow)
    {
        bool IsRepeat(Row a, Row b) => a.Id == b.Id && (!isWindow || Math.Abs(a.Minute - b.Minute) <= Width);
        static IEnumerable<Row> Ordered(IEnumerable<Row> rows) => rows.OrderBy(static r => r.V).ThenBy(static r => r.Minute);
        var other = table.FindAll(r => r.Minute / 1440 != day);
        var held = table.FindAll(r => r.Minute / 1440 == day).ToHashSet();
        var free = read.FindAll(r => r.Minute / 1440 == day && !other.Exists(o => IsRepeat(o, r)));
        if (!isWindow) return [.. other, .. free.GroupBy(static r => r.Id).Select(g => Ordered(g.Any(held.Contains) ? g.Where(held.Contains) : g).First())];
        static IEnumerable<Row> Firsts(IEnumerable<Row> rows) => rows.GroupBy(static r => r.Id).SelectMany(static g =>
        {
            var sorted = g.OrderBy(static r => r.Minute).ThenBy(static r => r.V).ToList();
            return sorted.Where((r, i) => i == 0 || r.Minute > sorted[i - 1].Minute + Width);
        });
        var stays = Firsts(free.Where(held.Contains).Distinct()).ToList();
        return [.. other, .. stays, .. Firsts(read).Where(r => r.Minute / 1440 == day && !other.Exists(o => IsRepeat(o, r)) && !stays.Exists(s => IsRepeat(s, r)))];
    }
}
