using System.Text;
using System.Text.Json;
using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>A part of what AUTO CDC keeps, made again from all events of the keys that it is about.</summary>
public sealed class RestatedHistoryTests
{
    private static readonly Dictionary<string, string> s_flows = new()
    {
        ["latest"] = "", ["merged on two"] = "IGNORE NULL UPDATES ON a, c", ["history"] = "STORED AS SCD TYPE 2", ["history of one"] = "STORED AS SCD TYPE 2 TRACK HISTORY ON a",
        ["merged history"] = "IGNORE NULL UPDATES STORED AS SCD TYPE 2",
    };

    public static TheoryData<string> Flows() => [.. s_flows.Keys];

    [Theory]
    [MemberData(nameof(Flows))]
    public void Keys_with_an_event_on_the_days_come_to_what_a_full_refresh_gives_and_the_others_stay(string flow)
    {
        for (var round = 0; round < (Repository.IsDeep ? 10 : 1); round++)
        {
            var seed = Random.Shared.Next();
            var random = new Random(seed);
            var truncates = !s_flows[flow].Contains("TYPE 2");
            var events = AnyOrderTests.Stream(random, 90, truncates);
            using var folder = new PipelineFolder();
            Write(folder, flow, "a", "op = 'd'", "true");
            var batches = AnyOrderTests.Split(random, events, 4).ToList();
            for (var i = 0; i < 3; i++) Batch(folder, i, batches.ElementAtOrDefault(i) ?? []);
            var before = Rows(folder);
            var last = events.Where(static e => e.Operation == 't').Select(static e => e.Sequence).DefaultIfEmpty().Max();
            // Values, deletes and a rule were wrong; truncations, which are about all keys, are as they were.
            Write(folder, flow, "a || '!'", "op = 'd' AND b IS NOT NULL", "op = 't' OR coalesce(b, 0) <> 2");
            var (first, until) = (random.Next(12), random.Next(3));
            var keys = batches.Take(3).SelectMany(static b => b).Where(e => e.Sequence >= first && e.Sequence <= first + until).Select(static e => e.Key!.Value).ToHashSet();
            using var whole = folder.Copy();
            LocalUpdate.Run(whole.Path, null, "silver.t");
            var (told, days) = ($"seed {seed}, {flow}, days {first} to {first + until}, keys {string.Join(' ', keys)}, last truncation {last}", (Day(first), Day(first + until)));
            Made(folder, days);
            Assert.True(Expected(before, Rows(whole), keys).SequenceEqual(Rows(folder)), $"{told}\n{string.Join('\n', Expected(before, Rows(whole), keys))}\nis not\n{string.Join('\n', Rows(folder))}");
            var files = Files(folder);
            Assert.Equal(0, Made(folder, days).Counts.RowsOut);
            Assert.True(files == Files(folder), $"{told}: made twice");
            // What is remembered shows in what later events do; the other keys may differ by what was not made again.
            foreach (var lake in (PipelineFolder[])[folder, whole]) Batch(lake, 3, batches.ElementAtOrDefault(3) ?? []);
            List<string> Of(PipelineFolder lake) => Rows(lake).FindAll(r => keys.Contains(Key(r)));
            Assert.True(Of(whole).SequenceEqual(Of(folder)), $"{told}, and later events:\n{string.Join('\n', Of(whole))}\nis not\n{string.Join('\n', Of(folder))}");
        }
    }

    [Theory]
    [InlineData("", "1 2025-01-05 ann;2 2025-01-03 bob")]
    [InlineData("STORED AS SCD TYPE 2", "1 2025-01-02 an;1 2025-01-05 ann;2 2025-01-03 bob")]
    public void A_wrong_cast_of_some_days_is_mended_with_its_quarantine_by_days_of_the_sequence(string clauses, string mended)
    {
        using var folder = new PipelineFolder();
        void Flow(string day) => folder.Write("silver/p.sql", $"""
            CREATE STREAMING TABLE silver.p;
            CREATE FLOW f AS AUTO CDC INTO silver.p FROM (SELECT id::BIGINT AS id, {day} AS changed, name FROM STREAM bronze.p) KEYS (id) SEQUENCE BY changed {clauses}
            """);
        folder.Write("bronze/p.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv', schema => 'id BIGINT, written VARCHAR, name VARCHAR')")
            .Write("landing/1.csv", "id,written,name\n1,2025-01-02,an\n1,05.01.2025,ann\n2,2025-01-03,bob\n");
        Flow("TRY_CAST(written AS DATE)");
        LocalUpdate.Run(folder.Path);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal("1", lake.Text("SELECT count(*) FROM silver.p__quarantine"));
        Flow("coalesce(TRY_CAST(written AS DATE), try_strptime(written, '%d.%m.%Y')::DATE)");
        var run = LocalUpdate.Days(folder.Path, "2025-01-05", "2025-01-05", "silver.p").Made("silver.p");
        Assert.Contains(run.Notes, static n => n.Contains("1 keys with events of 2025-01-05 made again, days being those of changed", StringComparison.Ordinal));
        using (var lake = new OpenLake(folder.Path))
        {
            Assert.Equal(mended, lake.Text($"SELECT string_agg(concat_ws(' ', id, changed, name), ';' ORDER BY id, changed) FROM silver.p"));
            Assert.Equal("0", lake.Text("SELECT count(*) FROM silver.p__quarantine"));
        }
        LocalUpdate.Run(folder.Path).NothingRan();
        // By its command, chunk by chunk, to the same end.
        string[] backfill = ["backfill", "silver.p", "--start", "2025-01-01", "--end", "2025-01-06", "--chunk", "2d"];
        if (clauses.Length > 0)
        {
            folder.Write("silver/p.sql", folder.Read("silver/p.sql").Replace("changed, name", "changed, upper(name) AS name"));
            mended = mended.ToUpperInvariant();
            Assert.Equal(137, folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.p/f:after-commit-0" }, backfill).ExitCode);
        }
        folder.Smelt(backfill).Expect(0);
        using (var lake = new OpenLake(folder.Path)) Assert.Equal(mended, lake.Text($"SELECT string_agg(concat_ws(' ', id, changed, name), ';' ORDER BY id, changed) FROM silver.p"));
    }

    [Fact]
    public void What_cannot_be_restated_is_refused_by_name_and_nothing_changes()
    {
        using var folder = new PipelineFolder();
        Write(folder, "latest", "a", "op = 'd'", "true");
        Batch(folder, 0, [new(1, 1, 'u', "x", 1, null), new(2, 2, 'u', "y", 1, null)]);
        Batch(folder, 1, [new(9, 1, 't', null, null, null)]);
        var before = (Rows(folder), Files(folder));
        string Refused(string code) => LocalUpdate.Days(folder.Path, Day(0), Day(5), "silver.t").Failed("silver.t", code);
        // Another truncation.
        Write(folder, "latest", "a", "op = 'd'", "op <> 't'");
        Assert.Contains("its last truncation is another", Refused("SM6220"));
        // Other keys.
        Write(folder, "latest", "a", "op = 'd'", "true", "k + 100");
        Assert.Contains("rows of keys that no event has under today's query (2)", Refused("SM6243"));
        // Another identity.
        Write(folder, "history", "a", "op = 'd'", "true");
        Assert.Contains("--full-refresh silver.t", Refused("SM6141"));
        // Days that nothing declares.
        Write(folder, "latest", "a", "op = 'd'", "true", day: "");
        Assert.Contains("seq, by which its events are ordered, is no date and no time", Refused("SM6220"));
        Assert.Contains("seq, by which its events are ordered", folder.Update("--date", "2025-01-01").ToString());
        // A file that is gone.
        Write(folder, "latest", "a || '!'", "op = 'd'", "true");
        File.Move(folder.File("landing/0.json"), folder.File("0.json"));
        Assert.Contains("landing/0.json", Refused("SM6243"));
        Assert.Equal(before.Item1, Rows(folder));
        Assert.Equal(before.Item2, Files(folder));
        File.Move(folder.File("0.json"), folder.File("landing/0.json"));
        Made(folder, (Day(0), Day(5)));
        Assert.Equal("{'k': 2, 'a': y!, 'b': 1, 'c': NULL}", Assert.Single(Rows(folder)));
    }

    public static TheoryData<string, string> Points() =>
    [
        .. from flow in (string[])["latest", "merged on two", "history"]
           from point in StepPoints.All
           // A history's events are in its versions: of this batch its memory learns nothing, and there is no third plan.
           where flow != "history" || !point.EndsWith("-commit-2", StringComparison.Ordinal)
           where Repository.IsDeep || (flow == "history" && point is "after-intent" or "after-prepared" or "after-commit-0" or "after-commit-1") || (flow == "latest" && point is "after-commit-0")
           select (flow, point),
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_part_killed_anywhere_and_made_again_leaves_table_quarantine_and_memory_as_an_undisturbed_one(string flow, string point)
    {
        using var folder = new PipelineFolder();
        Write(folder, flow, "a", "op = 'd'", "true");
        Batch(folder, 0, [new(1, 1, 'u', "x", 1, null), new(1, 3, 'u', "y", 1, "c"), new(2, 2, 'u', "y", 1, null), new(2, 3, 'd', null, 1, null), new(3, 3, 'u', "z", 1, null), new(4, 3, 'd', null, 1, null), new(5, 9, 'u', "o", 1, null)]);
        Write(folder, flow, "a || '!'", "op = 'd' AND k <> 2", "k <> 3");
        using var undisturbed = folder.Copy();
        Made(undisturbed, (Day(3), Day(3)));
        folder.RunKilledAt("silver.t/f:" + point, "--date", Day(3), "--select", "silver.t");
        LocalUpdate.Run(folder.Path);
        Made(folder, (Day(3), Day(3)));
        LocalUpdate.Run(folder.Path).NothingRan();
        foreach (var lake in (PipelineFolder[])[undisturbed, folder])
            Batch(lake, 1, [new(1, 2, 'u', "late", 1, null), new(2, 2, 'u', "late", 1, "c"), new(3, 1, 'u', "late", 1, null), new(4, 2, 'u', "late", 1, null), new(5, 8, 'u', "late", 1, null)]);
        TableDifference.None(OpenLake.ContentOf(undisturbed.Path), OpenLake.ContentOf(folder.Path), $"{flow}, {point}");
    }

    private static void Write(PipelineFolder folder, string flow, string value, string deletes, string rule, string key = "k", string day = "'smelt.day_column' = 'day', ") => folder.Write("silver/t.sql", $"""
        CREATE STREAMING TABLE silver.t (CONSTRAINT good EXPECT ({rule}) ON VIOLATION QUARANTINE ROW) TBLPROPERTIES ({day}'delta.enableChangeDataFeed' = 'true');
        CREATE FLOW f AS AUTO CDC INTO silver.t
        FROM (SELECT {key} AS k, seq, op, {value} AS a, b, c, DATE '2025-01-01' + seq::INTEGER AS day FROM STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, op VARCHAR, a VARCHAR, b INTEGER, c VARCHAR'))
        KEYS (k) APPLY AS DELETE WHEN {deletes} {(s_flows[flow].Contains("TYPE 2") ? "" : "APPLY AS TRUNCATE WHEN op = 't'")} SEQUENCE BY seq COLUMNS k, a, b, c {s_flows[flow]}
        """);

    private static void Batch(PipelineFolder folder, int number, IEnumerable<LabEvent> events)
    {
        var text = new StringBuilder();
        foreach (var e in events)
            text.Append(JsonSerializer.Serialize(new Dictionary<string, object?> { ["k"] = e.Key, ["seq"] = e.Sequence, ["op"] = e.Operation.ToString(), ["a"] = e.A, ["b"] = e.B, ["c"] = e.C })).Append('\n');
        if (text.Length > 0) LocalUpdate.Run(folder.Write($"landing/{number}.json", text.ToString()).Path);
    }

    private static FlowResult.Completed Made(PipelineFolder folder, (string First, string Last) days) => LocalUpdate.Days(folder.Path, days.First, days.Last, "silver.t").Made("silver.t");

    private static string Day(int sequence) => new DateOnly(2025, 1, 1).AddDays(sequence).ToString("yyyy-MM-dd");

    private static List<string> Expected(List<string> before, List<string> whole, HashSet<long> keys) =>
        [.. before.Where(r => !keys.Contains(Key(r))).Concat(whole.Where(r => keys.Contains(Key(r)))).Order(StringComparer.Ordinal)];

    private static long Key(string row) => long.Parse(row[6..row.IndexOf(',', StringComparison.Ordinal)]);

    private static List<string> Rows(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return CdcLab.Rows(lake, "silver.t");
    }

    /// <summary>Files of the table, its quarantine and its memory as their logs name them.</summary>
    private static string Files(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        var memory = Directory.GetDirectories(folder.File("lake/_smelt/cdc")).SelectMany(static d => Directory.GetFiles(d, "*.parquet")).Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal);
        var quarantine = lake.Tables.Contains("silver.t__quarantine") ? lake.Snapshot("silver.t__quarantine").Files.Select(static f => f.Path) : [];
        return string.Join(' ', lake.Snapshot("silver.t").Files.Select(static f => f.Path + f.DeletionVector).Concat(quarantine).Order(StringComparer.Ordinal).Concat(memory));
    }
}
