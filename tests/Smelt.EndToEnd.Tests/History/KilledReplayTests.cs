using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>kill -9 at every named point of a replay of events: table, memory and quarantine of one record.</summary>
public sealed class KilledReplayTests
{
    private static readonly Dictionary<string, string> s_clauses = new() { ["latest"] = "", ["merged"] = "IGNORE NULL UPDATES", ["history"] = "STORED AS SCD TYPE 2" };

    private static readonly Lazy<Dictionary<string, PipelineFolder>> s_first = new(static () => s_clauses.ToDictionary(static c => c.Key, static c => Made(c.Value)));

    private static readonly Lazy<Dictionary<string, string>> s_undisturbed = new(static () => s_clauses.ToDictionary(static c => c.Key, static c =>
    {
        using var folder = s_first.Value[c.Key].Copy();
        Replay(folder);
        return Finished(folder);
    }));

    public static TheoryData<string, string> Points() =>
    [
        .. from flow in s_clauses.Keys
           from point in StepPoints.All
           where Repository.IsDeep || (flow == "latest" ? point is "after-intent" or "after-prepared" or "after-commit-0" or "after-commit-1" or "after-commit-2" : point == "after-commit-0")
           select (flow, point),
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_replay_killed_here_lets_each_event_in_once_whether_an_update_or_a_replay_comes_next(string flow, string point)
    {
        foreach (var isUpdateNext in new[] { true, false })
        {
            using var folder = s_first.Value[flow].Copy();
            var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.t/f:" + point }, "quarantine", "replay", "silver.t", "--no-tests");
            Assert.True(killed.ExitCode == 137, $"kill@{point}: exit code {killed.ExitCode}\n{killed.Out}\n{killed.Err}");
            if (isUpdateNext) LocalUpdate.Run(folder.Path);
            Replay(folder);
            Assert.Equal(s_undisturbed.Value[flow], Finished(folder));
        }
    }

    [Fact]
    public void Events_judged_as_they_were_kept_bring_no_column_of_the_quarantine_into_the_table()
    {
        using var folder = Made("", "");
        folder.Smelt("sql", "UPDATE 'lake/silver/t__quarantine' SET _flow = 'gone'").Expect(0);
        Replay(folder);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("k seq op a b", lake.Text("SELECT string_agg(column_name, ' ') FROM (DESCRIBE silver.t)"));
        Assert.Equal("3", lake.Text("SELECT string_agg(k, ' ') FROM silver.t__quarantine"));
    }

    private static PipelineFolder Made(string clauses, string columns = "COLUMNS k, a, b")
    {
        string Sql(string rule) => $"""
            CREATE STREAMING TABLE silver.t (CONSTRAINT known EXPECT ({rule}) ON VIOLATION QUARANTINE ROW);
            CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, op VARCHAR, a VARCHAR, b INTEGER')
            KEYS (k) APPLY AS DELETE WHEN op = 'd' SEQUENCE BY seq {columns} {clauses}
            """;
        var folder = new PipelineFolder().Write("silver/t.sql", Sql("a NOT IN ('bad', 'worse')")).Write("landing/1.json", """
            {"k":1,"seq":1,"op":"u","a":"first","b":1}
            {"k":1,"seq":4,"op":"u","a":"bad","b":2}
            {"k":1,"seq":7,"op":"u","a":"last"}
            {"k":2,"seq":1,"op":"u","a":"first","b":3}
            {"k":2,"seq":5,"op":"d","a":"bad"}
            {"k":3,"seq":5,"op":"u","a":"worse","b":4}
            {"k":4,"seq":5,"op":"d","a":"bad"}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
        return folder.Write("silver/t.sql", Sql("a <> 'worse'"));
    }

    private static void Replay(PipelineFolder folder)
    {
        var result = LocalUpdate.RunWith(folder.Path, null, static o => o with { Replay = new ReplayOptions(null) });
        Assert.True(result.Succeeded, LocalUpdate.Told(result));
    }

    /// <summary>The tables after events that show what is remembered; reasons bear the times of their replays.</summary>
    private static string Finished(PipelineFolder folder)
    {
        folder.Write("landing/2.json", """
            {"k":1,"seq":3,"op":"u","a":"late","b":9}
            {"k":2,"seq":4,"op":"u","a":"late","b":9}
            {"k":4,"seq":4,"op":"u","a":"late","b":9}
            {"k":4,"seq":6,"op":"u","a":"alive","b":9}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("worse", lake.Text("SELECT string_agg(a) FROM silver.t__quarantine"));
        return string.Join('\n', CdcLab.Rows(lake, "silver.t"));
    }
}
