using Smelt.Engine;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>Quarantined rows of full extracts let in again: those of the last extract come to what it would have given, and the next extract goes on from there.</summary>
public sealed class ReplayedExtractTests
{
    private const string Strict = "name NOT LIKE 'bad%'", Mended = "name <> 'bad worse'";

    public static TheoryData<string, int> Runs() => [.. from clauses in (string[])["", "STORED AS SCD TYPE 2", "STORED AS SCD TYPE 2 TRACK HISTORY ON name"] from run in Enumerable.Range(0, Repository.IsDeep ? 20 : 1) select (clauses, run)];

    [Theory]
    [MemberData(nameof(Runs))]
    public void Random_extracts_refused_and_replayed_in_parts_are_as_if_the_rule_had_been_mended_before_the_last(string clauses, int run)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        // Twins of a key may differ in a column whose history is not kept, and of that nothing remembers which came before.
        var twins = !clauses.Contains("TRACK", StringComparison.Ordinal);
        var extracts = Enumerable.Range(0, 5).Select(_ => Extract(random, twins)).ToList();
        using var replayed = Staff(clauses);
        using var mended = Staff(clauses);
        for (var i = 0; i < 3; i++)
        {
            if (i == 2) Rule(mended, clauses, Mended);
            foreach (var folder in new[] { replayed, mended }) LocalUpdate.Run(folder.Write($"landing/2025-0{i + 1}.csv", extracts[i]).Path);
        }
        Rule(replayed, clauses, Mended);
        Replay(replayed, "id < 4");
        Replay(replayed);
        void Same(string when) => Assert.True(Rows(mended).SequenceEqual(Rows(replayed)), $"seed {seed}, run {run}, {when}:\n{string.Join('\n', extracts)}\n{string.Join('\n', Rows(mended))}\nis not\n{string.Join('\n', Rows(replayed))}");
        Same("replayed");
        Assert.Equal(Refused(replayed, "2025-03"), extracts[2].Split('\n').Count(static l => l.Contains(",bad worse,", StringComparison.Ordinal)));
        Replay(replayed);
        Same("replayed again");
        for (var i = 3; i < 5; i++)
        {
            foreach (var folder in new[] { replayed, mended }) LocalUpdate.Run(folder.Write($"landing/2025-0{i + 1}.csv", extracts[i]).Path);
            Same($"extract {i + 1}");
        }
    }

    [Theory]
    [InlineData("", "1 Anne|2 bad Bob|3 bad Cid|4 bad Dan")]
    [InlineData("STORED AS SCD TYPE 2", "1 Ann 2025-01 2025-02|1 Anne 2025-02 NULL|2 Bob 2025-01 2025-02|2 bad Bob 2025-02 NULL|3 bad Cid 2025-02 NULL|4 bad Dan 2025-02 NULL")]
    public void A_row_of_the_last_extract_updates_what_was_there_or_is_new_and_of_twins_the_greater_stays(string clauses, string expected)
    {
        using var folder = Staff(clauses);
        LocalUpdate.Run(folder.Write("landing/2025-01.csv", "id,name,age\n1,Ann,1\n2,Bob,1\n7,bad Eve,1\n8,bad Flo,1\n").Path);
        LocalUpdate.Run(folder.Write("landing/2025-02.csv", "id,name,age\n1,Anne,1\n1,Ann,1\n2,bad Bob,1\n3,bad Cid,1\n4,bad Dan,1\n4,Cyd,1\n").Path);
        Rule(folder, clauses, Mended);
        var made = Replay(folder);
        Assert.Contains("replay: 3 rows let in, 0 refused again", made.Notes);
        Assert.Contains(made.Notes, static n => n.StartsWith("2 quarantined rows stay: they are of extracts before 2025-02, which was applied over them", StringComparison.Ordinal));
        Assert.Contains("1 rows had the key of another row of the same extract: the greater by content was taken", made.Notes);
        Assert.Equal(expected.Split('|'), Told(folder));
        Assert.Equal(2, Refused(folder, "2025-01"));
        LocalUpdate.Run(folder.Path).NothingRan();
        // The same row, another row, a missing row.
        LocalUpdate.Run(folder.Write("landing/2025-03.csv", "id,name,age\n1,Anne,1\n2,bad Bob,1\n3,Cid,1\n").Path);
        Assert.Equal(clauses.Length == 0 ? ["1 Anne", "2 bad Bob", "3 Cid"]
            : [.. expected.Replace("3 bad Cid 2025-02 NULL", "3 Cid 2025-03 NULL|3 bad Cid 2025-02 2025-03").Replace("Dan 2025-02 NULL", "Dan 2025-02 2025-03").Split('|').Order(StringComparer.Ordinal)], Told(folder));
    }

    [Fact]
    public void An_extract_of_which_no_row_passed_was_not_applied_and_its_rows_stay()
    {
        using var folder = Staff("");
        LocalUpdate.Run(folder.Write("landing/2025-01.csv", "id,name,age\n1,Ann,1\n").Path);
        LocalUpdate.Run(folder.Write("landing/2025-02.csv", "id,name,age\n2,bad Bob,1\n").Path);
        Rule(folder, "", Mended);
        Assert.Contains(Replay(folder).Notes, static n => n.StartsWith("1 quarantined rows stay: none of their extract passed", StringComparison.Ordinal));
        Assert.Equal(["1 Ann"], Told(folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("STORED AS SCD TYPE 2")]
    public void Of_a_table_whose_versions_are_extracts_the_batch_tells_the_last_and_its_next_version_is_still_read(string clauses)
    {
        using var folder = Staff(clauses, "bronze.staff").Write("bronze/staff.sql", "SELECT id::BIGINT AS id, name, age::BIGINT AS age FROM read_files('landing', format => 'csv')");
        LocalUpdate.Run(folder.Write("landing/a.csv", "id,name,age\n1,Ann,1\n2,bad Bob,1\n").Path);
        LocalUpdate.Run(folder.Write("landing/a.csv", "id,name,age\n1,Anne,1\n3,bad Cid,1\n").Path);
        LocalUpdate.OnlyOf(folder.Write("landing/a.csv", "id,name,age\n1,Anna,1\n3,Cyd,1\n").Path, "bronze.staff");
        Rule(folder, clauses, Mended, "bronze.staff");
        folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.staff/f:after-intent" }, "quarantine", "replay", "silver.staff", "--no-tests");
        Assert.Contains(Replay(folder).Notes, static n => n.StartsWith("1 quarantined rows stay: they are of extracts before", StringComparison.Ordinal));
        Assert.Equal(["1 Anne", "3 bad Cid"], Told(folder, "__END_AT IS NULL"));
        LocalUpdate.Run(folder.Path);
        Assert.Equal(["1 Anna", "3 Cyd"], Told(folder, "__END_AT IS NULL"));
        LocalUpdate.Run(folder.Path).NothingRan();
    }

    public static TheoryData<string, string> Points() =>
    [
        .. from clauses in (string[])["", "STORED AS SCD TYPE 2"]
           from point in (string[])["before-intent", "after-intent", "before-data", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-done", "after-done"]
           where Repository.IsDeep || (clauses.Length > 0 ? point == "after-commit-0" : point is "after-intent" or "after-prepared" or "after-commit-1")
           select (clauses, point),
    ];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_replay_killed_here_lets_each_row_in_once_whether_an_update_or_a_replay_comes_next(string clauses, string point)
    {
        using var first = Staff(clauses);
        LocalUpdate.Run(first.Write("landing/2025-01.csv", "id,name,age\n1,Ann,1\n2,Bob,1\n").Path);
        LocalUpdate.Run(first.Write("landing/2025-02.csv", "id,name,age\n1,bad Ann,1\n2,Bob,1\n3,bad Cid,1\n4,bad worse,1\n").Path);
        Rule(first, clauses, "name <> 'bad worse'");
        using var undisturbed = first.Copy();
        _ = Replay(undisturbed);
        var expected = Finished(undisturbed);
        foreach (var isUpdateNext in new[] { true, false })
        {
            using var folder = first.Copy();
            var killed = folder.Smelt(new Dictionary<string, string> { ["SMELT_FAULT"] = "kill@silver.staff/f:" + point }, "quarantine", "replay", "silver.staff", "--no-tests");
            Assert.True(killed.ExitCode == 137, $"kill@{point}: exit code {killed.ExitCode}\n{killed.Out}\n{killed.Err}");
            if (isUpdateNext) LocalUpdate.Run(folder.Path);
            _ = LocalUpdate.RunWith(folder.Path, null, static o => o with { Replay = new ReplayOptions(null) });
            Assert.Equal(expected, Finished(folder));
        }
    }

    private static string Finished(PipelineFolder folder)
    {
        Assert.Equal(1, Refused(folder, "2025-02"));
        var before = string.Join('\n', Rows(folder));
        LocalUpdate.Run(folder.Write("landing/2025-03.csv", "id,name,age\n1,bad Ann,1\n2,Bill,1\n").Path);
        LocalUpdate.Run(folder.Path).NothingRan();
        return before + "\n--\n" + string.Join('\n', Rows(folder));
    }

    private static PipelineFolder Staff(string clauses, string source = "read_files('landing', format => 'csv', schema => 'id BIGINT, name VARCHAR, age BIGINT')") => Rule(new PipelineFolder(), clauses, Strict, source);

    private static PipelineFolder Rule(PipelineFolder folder, string clauses, string rule, string source = "read_files('landing', format => 'csv', schema => 'id BIGINT, name VARCHAR, age BIGINT')") => folder.Write("silver/staff.sql", $"""
        CREATE STREAMING TABLE silver.staff (CONSTRAINT good EXPECT ({rule}) ON VIOLATION QUARANTINE ROW);
        CREATE FLOW f AS AUTO CDC INTO silver.staff FROM SNAPSHOT {source} KEYS (id) {clauses}
        """);

    private static FlowResult.Completed Replay(PipelineFolder folder, string? where = null)
    {
        var result = LocalUpdate.RunWith(folder.Path, null, o => o with { Selected = [.. o.Selected.Where(static d => d.Name.ToString() == "silver.staff")], Replay = new ReplayOptions(where) });
        Assert.True(result.Succeeded, LocalUpdate.Told(result));
        return result.Of("silver.staff") as FlowResult.Completed ?? new FlowResult.Completed(0, new BatchCounts(), [], []);
    }

    private static string Extract(Random random, bool twins)
    {
        string[] names = ["Ann", "Bob", "bad Cid", "bad Dan", "bad worse"];
        var rows = Enumerable.Range(1, 8).Where(_ => random.Next(4) > 0).SelectMany(id => Enumerable.Range(0, twins && random.Next(5) == 0 ? 2 : 1).Select(_ => $"{id},{names[random.Next(names.Length)]},{random.Next(2)}"));
        // One that always passes, so that each extract is applied.
        return "id,name,age\n9,Eve,1\n" + string.Join('\n', rows) + "\n";
    }

    private static List<string> Rows(PipelineFolder folder)
    {
        using var lake = new OpenLake(folder.Path);
        return CdcLab.Rows(lake, "silver.staff");
    }

    private static List<string> Told(PipelineFolder folder, string? where = null)
    {
        using var lake = new OpenLake(folder.Path);
        var isHistory = lake.Text("SELECT count(*) FROM (DESCRIBE silver.staff) WHERE column_name = '__END_AT'") == "1";
        var columns = isHistory && where is null ? "id, name, __START_AT, coalesce(__END_AT::VARCHAR, 'NULL')" : "id, name";
        return [.. lake.Rows($"SELECT concat_ws(' ', {columns}) FROM silver.staff{(isHistory && where is not null ? " WHERE " + where : "")}").Select(static r => (string)r[0]!).Order(StringComparer.Ordinal)];
    }

    private static long Refused(PipelineFolder folder, string extract)
    {
        using var lake = new OpenLake(folder.Path);
        return lake.Tables.Contains("silver.staff__quarantine") ? lake.Count($"SELECT count(*) FROM silver.staff__quarantine WHERE _source_file LIKE '%{extract}%'") : 0;
    }
}
