using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>kill -9 at every named point of a batch of AUTO CDC that changes and deletes rows, quarantines some, and appends to its memory.</summary>
public sealed class KilledCdcTests
{
    private static readonly Dictionary<string, string> s_clauses = new() { ["latest"] = "", ["merged"] = "IGNORE NULL UPDATES", ["history"] = "STORED AS SCD TYPE 2" };

    private static readonly Lazy<Dictionary<string, PipelineFolder>> s_first = new(static () => s_clauses.ToDictionary(static c => c.Key, static c => Made(c.Value)));

    private static readonly Lazy<Dictionary<string, string>> s_undisturbed = new(static () => s_clauses.ToDictionary(static c => c.Key, static c =>
    {
        using var folder = Second(s_first.Value[c.Key].Copy());
        LocalUpdate.Run(folder.Path);
        Third(folder);
        return Content(folder);
    }));

    public static TheoryData<string, string> Points() =>
    [
        .. from flow in s_clauses.Keys
           from point in StepPoints.All
           where Repository.IsDeep || flow == "history" || point is "after-prepared" or "after-commit-0" or "after-commit-1"
           select (flow, point),
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_batch_killed_here_and_run_again_leaves_the_table_its_quarantine_and_its_memory_as_an_undisturbed_one(string flow, string point)
    {
        using var folder = Second(s_first.Value[flow].Copy());
        folder.RunKilledAt("silver.t/f:" + point);
        LocalUpdate.Run(folder.Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        // What is remembered shows in what late events do.
        Third(folder);
        Assert.Equal(s_undisturbed.Value[flow], Content(folder));
    }

    [Theory]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    public void A_table_changed_by_another_writer_voids_a_prepared_batch_which_starts_over(string point)
    {
        using var folder = Second(s_first.Value["latest"].Copy());
        folder.RunKilledAt("silver.t/f:" + point);
        folder.Smelt("sql", "DELETE FROM silver.t WHERE k = 3").Expect(0);
        LocalUpdate.Run(folder.Path);
        using var lake = new OpenLake(folder.Path);
        Assert.Equal("[1, 5]", lake.Text("SELECT list(k ORDER BY k)::VARCHAR FROM silver.t"));
        Assert.Equal("second", lake.Text("SELECT a FROM silver.t WHERE k = 1"));
    }

    [Fact]
    public void A_full_refresh_killed_between_its_tables_starts_the_memory_anew()
    {
        foreach (var point in new[] { "after-prepared", "after-commit-0", "after-commit-1" })
        {
            using var folder = Second(s_first.Value["latest"].Copy());
            LocalUpdate.Run(folder.Path);
            folder.RunKilledAt("silver.t/f:" + point, "--full-refresh", "silver.t");
            LocalUpdate.Run(folder.Path);
            Third(folder);
            Assert.Equal(s_undisturbed.Value["latest"], Content(folder));
        }
    }

    private static PipelineFolder Made(string clauses)
    {
        var folder = new PipelineFolder();
        folder.Write("silver/t.sql", $"""
            CREATE STREAMING TABLE silver.t (CONSTRAINT known EXPECT (a <> 'bad') ON VIOLATION QUARANTINE ROW);
            CREATE FLOW f AS AUTO CDC INTO silver.t FROM STREAM read_files('landing', format => 'json', schema => 'k BIGINT, seq BIGINT, op VARCHAR, a VARCHAR, b INTEGER')
            KEYS (k) APPLY AS DELETE WHEN op = 'd' SEQUENCE BY seq COLUMNS k, a, b {clauses}
            """);
        folder.Write("landing/1.json", """
            {"k":1,"seq":1,"op":"u","a":"first","b":1}
            {"k":2,"seq":1,"op":"u","a":"first","b":2}
            {"k":3,"seq":1,"op":"u","a":"first","b":3}
            {"k":4,"seq":5,"op":"d","a":"-"}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
        return folder;
    }

    private static PipelineFolder Second(PipelineFolder folder) => folder.Write("landing/2.json", """
        {"k":1,"seq":4,"op":"u","a":"second","b":null}
        {"k":1,"seq":6,"op":"u","a":"second","b":null}
        {"k":2,"seq":5,"op":"d","a":"-"}
        {"k":5,"seq":5,"op":"u","a":"new","b":5}
        {"k":6,"seq":5,"op":"u","a":"bad","b":5}
        {"k":7,"seq":5,"op":"d","a":"-"}
        """ + "\n");

    private static void Third(PipelineFolder folder)
    {
        folder.Write("landing/3.json", """
            {"k":1,"seq":5,"op":"u","a":"late","b":9}
            {"k":2,"seq":3,"op":"u","a":"late","b":9}
            {"k":4,"seq":4,"op":"u","a":"late","b":9}
            {"k":7,"seq":4,"op":"u","a":"late","b":9}
            {"k":7,"seq":6,"op":"u","a":"alive","b":9}
            """ + "\n");
        LocalUpdate.Run(folder.Path);
    }

    private static string Content(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return string.Join('\n', lake.Content().Select(static t => $"{t.Key}:\n{t.Value}"));
    }
}
