using System.Text.Json;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Real histories through AUTO CDC, held against plain programs over the same files.</summary>
public sealed class RealHistoryTests
{
    private const string Constituents = """
        CREATE STREAMING TABLE silver.constituents;
        CREATE FLOW changes AS AUTO CDC INTO silver.constituents
        FROM (SELECT key AS symbol, coalesce(after->>'Security', after->>'Name', after->>'Company') AS name, coalesce(after->>'GICS Sector', after->>'Sector') AS sector, after->>'Headquarters Location' AS city, op, seq
              FROM STREAM read_files('landing', format => 'json', schema => 'seq BIGINT, op VARCHAR, commit_ts VARCHAR, key VARCHAR, after VARCHAR'))
        KEYS (symbol) APPLY AS DELETE WHEN op = 'D' SEQUENCE BY seq COLUMNS * EXCEPT (op, seq) STORED AS SCD TYPE
        """;

    public static TheoryData<int, bool, int> Splits() =>
    [
        .. from type in new[] { 1, 2 }
           from shuffled in new[] { false, true }
           from batches in Repository.IsDeep ? new[] { 1, 7, 100 } : shuffled ? [7] : [1]
           select (type, shuffled, batches),
    ];

    [Theory]
    [MemberData(nameof(Splits))]
    public void The_changes_of_the_S_and_P_500_give_the_table_that_a_plain_program_gives(int type, bool shuffled, int batches)
    {
        var lines = File.ReadAllLines(Repository.SharedPath("data/sp500/changes.jsonl"));
        var expected = type == 1 ? Current(lines) : Versions(lines);
        if (shuffled) new Random(500).Shuffle(lines);
        using var folder = new PipelineFolder();
        folder.Write("silver/constituents.sql", $"{Constituents} {type}");
        var number = 0;
        foreach (var part in lines.Chunk((int)Math.Ceiling(lines.Length / (double)batches)))
        {
            folder.Write($"landing/{++number:000}.jsonl", string.Join('\n', part) + "\n");
            LocalUpdate.Run(folder.Path);
        }
        using var lake = new OpenLake(folder.Path);
        var columns = type == 1 ? "symbol, name, sector, city" : "symbol, name, sector, city, __START_AT::VARCHAR, __END_AT::VARCHAR";
        Assert.Equal(expected, lake.Rows($"SELECT concat_ws('|', {string.Join(", ", columns.Split(", ").Select(static c => $"coalesce({c}, '-')"))}) FROM silver.constituents").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_snapshots_of_the_S_and_P_500_give_the_rows_of_the_last_and_a_history_of_all()
    {
        var source = Repository.SharedPath("data/sp500/snapshots");
        using var folder = new PipelineFolder();
        foreach (var type in new[] { 1, 2 })
        {
            folder.Write($"silver/list{type}.sql", $"""
                CREATE STREAMING TABLE silver.list{type};
                CREATE FLOW extracts AS AUTO CDC INTO silver.list{type}
                FROM SNAPSHOT (SELECT Symbol AS symbol, coalesce(Security, Name, Company) AS name, coalesce("GICS Sector", Sector) AS sector
                    FROM STREAM read_files('landing', format => 'csv', schema => 'Symbol VARCHAR, Name VARCHAR, Sector VARCHAR, Security VARCHAR, Company VARCHAR, "GICS Sector" VARCHAR'))
                KEYS (symbol) STORED AS SCD TYPE {type}
                """);
        }
        var files = Directory.GetFiles(source).Order(StringComparer.Ordinal).ToList();
        // In three updates of many extracts each, so that a batch also follows rows of an earlier one.
        foreach (var part in new[] { files[..100], files[100..101], files[101..] })
        {
            Directory.CreateDirectory(folder.File("landing"));
            foreach (var file in part) File.Copy(file, folder.File("landing/" + Path.GetFileName(file)));
            LocalUpdate.Run(folder.Path);
        }
        LocalUpdate.Run(folder.Path).NothingRan();
        using var lake = new OpenLake(folder.Path);
        var now = lake.Rows("SELECT symbol || '|' || name || '|' || sector FROM silver.list1").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(now, lake.Rows("SELECT symbol || '|' || name || '|' || sector FROM silver.list2 WHERE __END_AT IS NULL").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal));
        Assert.Equal(Current(File.ReadAllLines(Repository.SharedPath("data/sp500/changes.jsonl"))).Select(static r => string.Join('|', r.Split('|')[..3])), now);
        // Three lines of the first extract have a field too many: no key was read from them, and so they are quarantined.
        Assert.Equal(3, lake.Count("SELECT count(*) FROM silver.list2__quarantine WHERE _broken_expectations = ['cdc:keys']"));
        // Each extract's rows are the versions that held at its time.
        foreach (var at in new[] { 0, 63, 64, 99, 100, 101, 150, 189 })
        {
            var name = Path.GetFileNameWithoutExtension(files[at]);
            var symbols = File.ReadLines(files[at]).Skip(1).Where(static l => l.Length > 0).Select(static l => l.Split(',')[0].Trim('"')).Where(static s => s.Length > 0)
                .Distinct().Except(at == 0 ? ["DHR", "POM", "WPO"] : []).Order(StringComparer.Ordinal);
            Assert.Equal(symbols, lake.Rows($"SELECT symbol FROM silver.list2 WHERE __START_AT <= '{name}' AND (__END_AT > '{name}' OR __END_AT IS NULL)").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Incidents_of_a_service_desk_become_versions_of_their_state()
    {
        var source = Directory.GetFiles(Repository.SharedPath("data/servicenow"), "*.csv", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        using var folder = new PipelineFolder();
        folder.Write("silver/incidents.sql", $"""
            CREATE STREAMING TABLE silver.incidents;
            CREATE FLOW versions AS AUTO CDC INTO silver.incidents
            FROM (SELECT number, ident_state, sys_mod_count::INTEGER AS mods FROM STREAM read_files('landing', format => 'csv', nullValue => '?'))
            KEYS (number) SEQUENCE BY mods STORED AS SCD TYPE 2 TRACK HISTORY ON ident_state
            """);
        var lines = File.ReadAllLines(source);
        var header = lines[0].Split(',');
        var (number, state, mods) = (Array.IndexOf(header, "number"), Array.IndexOf(header, "ident_state"), Array.IndexOf(header, "sys_mod_count"));
        var rows = lines.Skip(1).Take(Repository.IsDeep ? int.MaxValue : 30_000).ToArray();
        var shuffled = (string[])rows.Clone();
        new Random(3).Shuffle(shuffled);
        foreach (var part in shuffled.Chunk((rows.Length / 3) + 1).Select((lines, i) => (lines, i)))
        {
            folder.Write($"landing/{part.i}.csv", lines[0] + "\n" + string.Join('\n', part.lines) + "\n");
            LocalUpdate.Run(folder.Path);
        }
        var expected = 0L;
        foreach (var incident in rows.Select(static r => r.Split(',')).GroupBy(r => r[number]))
        {
            // Of several of one sequence the greatest by columns; NULL ('?') is least.
            var states = incident.GroupBy(r => int.Parse(r[mods])).OrderBy(static g => g.Key).Select(g => g.Select(r => r[state] == "?" ? "" : r[state]).Max(StringComparer.Ordinal)!).ToList();
            expected += states.Where((s, i) => i == 0 || s != states[i - 1]).Count();
        }
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(expected, lake.Count("SELECT count(*) FROM silver.incidents"));
        Assert.Equal(rows.Select(r => r.Split(',')[number]).Distinct().LongCount(), lake.Count("SELECT count(*) FROM silver.incidents WHERE __END_AT IS NULL"));
    }

    [Fact]
    public void A_clusters_jobs_have_one_version_for_each_stage_of_their_lives()
    {
        var source = Directory.GetFiles(Repository.SharedPath("data/google-jobs"), "*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        using var folder = new PipelineFolder();
        folder.Write("silver/jobs.sql", """
            CREATE STREAMING TABLE silver.jobs;
            CREATE FLOW life AS AUTO CDC INTO silver.jobs
            FROM STREAM read_files('landing', format => 'json', schema => 'job_name VARCHAR, task_id BIGINT, event VARCHAR, event_time TIMESTAMPTZ')
            KEYS (task_id) SEQUENCE BY event_time COLUMNS task_id, event STORED AS SCD TYPE 2
            """);
        Directory.CreateDirectory(folder.File("landing"));
        var jobs = new Dictionary<long, SortedDictionary<string, string>>();
        foreach (var file in source.Take(Repository.IsDeep ? int.MaxValue : 2))
        {
            File.Copy(file, folder.File("landing/" + Path.GetFileName(file)));
            LocalUpdate.Run(folder.Path);
            foreach (var line in File.ReadLines(file))
            {
                using var json = JsonDocument.Parse(line);
                var (job, type, time) = (json.RootElement.GetProperty("task_id").GetInt64(), json.RootElement.GetProperty("event").GetString()!, json.RootElement.GetProperty("event_time").GetString()!);
                if (!jobs.TryGetValue(job, out var events)) jobs[job] = events = new(StringComparer.Ordinal);
                if (!events.TryGetValue(time, out var there) || string.CompareOrdinal(type, there) > 0) events[time] = type;
            }
        }
        var expected = jobs.Values.Sum(static e => e.Values.Where((t, i) => i == 0 || t != e.Values.ElementAt(i - 1)).LongCount());
        using var lake = new OpenLake(folder.Path);
        Assert.Equal(expected, lake.Count("SELECT count(*) FROM silver.jobs"));
        Assert.Equal(jobs.Count, lake.Count("SELECT count(DISTINCT task_id) FROM silver.jobs WHERE __END_AT IS NULL"));
        Assert.Equal(jobs.Values.LongCount(static e => e.Values.Last() == "FINISH"), lake.Count("SELECT count(*) FROM silver.jobs WHERE __END_AT IS NULL AND event = 'FINISH'"));
    }

    private static IEnumerable<JsonElement> Ordered(IEnumerable<string> lines) => lines.Select(static l => JsonDocument.Parse(l).RootElement).OrderBy(static e => e.GetProperty("seq").GetInt64());

    private static string Row(JsonElement change)
    {
        var after = change.GetProperty("after");
        string Of(params string[] names) => names.Select(n => after.TryGetProperty(n, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null).FirstOrDefault(static v => v is not null) ?? "-";
        return $"{change.GetProperty("key").GetString()}|{Of("Security", "Name", "Company")}|{Of("GICS Sector", "Sector")}|{Of("Headquarters Location")}";
    }

    private static List<string> Current(IEnumerable<string> lines)
    {
        var rows = new Dictionary<string, string>();
        foreach (var change in Ordered(lines))
        {
            if (change.GetProperty("op").GetString() == "D") rows.Remove(change.GetProperty("key").GetString()!);
            else rows[change.GetProperty("key").GetString()!] = Row(change);
        }
        return [.. rows.Values.Order(StringComparer.Ordinal)];
    }

    private static List<string> Versions(IEnumerable<string> lines)
    {
        var (open, closed) = (new Dictionary<string, (string Row, long From)>(), new List<string>());
        foreach (var change in Ordered(lines))
        {
            var (key, seq, isDelete) = (change.GetProperty("key").GetString()!, change.GetProperty("seq").GetInt64(), change.GetProperty("op").GetString() == "D");
            var row = isDelete ? null : Row(change);
            if (open.TryGetValue(key, out var version))
            {
                if (version.Row == row) continue;
                closed.Add($"{version.Row}|{version.From}|{seq}");
                open.Remove(key);
            }
            if (row is not null) open[key] = (row, seq);
        }
        return [.. closed.Concat(open.Values.Select(static v => $"{v.Row}|{v.From}|-")).Order(StringComparer.Ordinal)];
    }
}
