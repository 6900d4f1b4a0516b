namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>What a batch is made of stays whole although the rule, or chance, decides differently when it is tried again.</summary>
public sealed class EditedRuleTests
{
    private const int Rows = 400;

    public static TheoryData<string> Points() =>
        ["after-intent", "after-data", "before-prepared", "after-prepared", "before-commit-0", "after-commit-0", "before-commit-1", "after-commit-1", "before-done"];

    [Theory]
    [MemberData(nameof(Points))]
    public void A_rule_edited_between_crash_and_retry_leaves_each_row_kept_quarantined_or_dropped_once(string point)
    {
        using var folder = Pipeline(Rule("id % 4 <> 0", "id % 10 <> 1"));
        folder.RunKilledAt("silver.numbers:" + point);
        folder.Write("silver/numbers.sql", Rule("id % 3 <> 0", "id % 10 <> 2"));
        EachRowOnce(folder, withDropped: true);
        LocalUpdate.Run(folder.Write("landing/more.csv", "id\n" + string.Join('\n', Enumerable.Range(Rows + 1, 10)) + "\n").Path);
        using var lake = new OpenLake(folder.Path);
        // The rows that came after the edit are judged by the edited rule alone.
        Assert.Equal(0, lake.Count($"SELECT count(*) FROM silver.numbers WHERE id > {Rows} AND (id % 3 = 0 OR id % 10 = 2)"));
        Assert.True(lake.Count($"SELECT count(*) FROM silver.numbers WHERE id > {Rows}") > 0);
    }

    [Theory]
    [InlineData("after-intent")]
    [InlineData("before-prepared")]
    [InlineData("after-prepared")]
    [InlineData("after-commit-0")]
    public void A_query_and_a_rule_with_random_leave_each_row_kept_or_quarantined_once(string point)
    {
        using var folder = Pipeline("""
            CREATE OR REFRESH STREAMING TABLE silver.numbers (CONSTRAINT chance EXPECT (random() < 0.5) ON VIOLATION QUARANTINE ROW)
            AS SELECT id::BIGINT AS id, random() AS drawn FROM STREAM bronze.numbers
            """);
        folder.RunKilledAt("silver.numbers:" + point);
        EachRowOnce(folder, withDropped: false);
    }

    private static string Rule(string quarantine, string drop) => $"""
        CREATE OR REFRESH STREAMING TABLE silver.numbers (
          CONSTRAINT kept EXPECT ({quarantine}) ON VIOLATION QUARANTINE ROW,
          CONSTRAINT wanted EXPECT ({drop}) ON VIOLATION DROP ROW
        ) AS SELECT id::BIGINT AS id FROM STREAM bronze.numbers
        """;

    private static PipelineFolder Pipeline(string silver) => new PipelineFolder()
        .Write("landing/numbers.csv", "id\n" + string.Join('\n', Enumerable.Range(1, Rows)) + "\n")
        .Write("bronze/numbers.sql", "CREATE OR REFRESH STREAMING TABLE bronze.numbers AS SELECT * FROM STREAM read_files('landing', format => 'csv', header => true)")
        .Write("silver/numbers.sql", silver);

    private static void EachRowOnce(PipelineFolder folder, bool withDropped)
    {
        var made = LocalUpdate.Run(folder.Path).Of("silver.numbers");
        var dropped = made is Smelt.Engine.FlowResult.Completed completed ? completed.Counts.RowsDropped : 0;
        using var lake = new OpenLake(folder.Path);
        var seen = lake.Rows("SELECT id, count(*) FROM (SELECT id FROM silver.numbers UNION ALL SELECT id FROM silver.numbers__quarantine) GROUP BY id");
        Assert.All(seen, static row => Assert.True((long)row[1]! == 1, $"id {row[0]} is there {row[1]} times"));
        Assert.True(lake.Count("SELECT count(*) FROM silver.numbers__quarantine") > 0);
        Assert.Equal(withDropped, dropped > 0);
        Assert.Equal(Rows, seen.Count + dropped);
        LocalUpdate.Run(folder.Path).NothingRan();
    }
}
