using System.Text.RegularExpressions;

namespace Smelt.EndToEnd.Tests.Flows;

/// <summary>Sinks whose streamed table is rebuilt: what people are told, followed.</summary>
public sealed partial class StoppedSinkTests
{
    private const string Sql = "CREATE SINK out OPTIONS (path = 'out', format = 'json', file = 'a.json');\nCREATE FLOW f AS INSERT INTO out BY NAME SELECT id FROM STREAM silver.t;";

    [Theory]
    [InlineData("lake")]
    [InlineData("data/lakes/dev")]
    [InlineData("/absolute")]
    public void A_sink_is_written_anew_by_removing_what_the_message_names(string storage)
    {
        using var folder = Pipeline();
        if (storage[0] == '/') storage = folder.File("elsewhere/dev");
        if (storage != "lake") folder.Write("platform.yml", $"default_target: dev\ntargets:\n  dev:\n    storage: {storage}\n");
        folder.Smelt("run").Expect(0);
        var stopped = folder.Smelt("run", "--full-refresh-all").Expect(1).Out;
        Assert.Contains("SM6101", stopped, StringComparison.Ordinal);
        Assert.DoesNotContain("--full-refresh gold.out", stopped, StringComparison.Ordinal);
        Assert.DoesNotContain("materialized view,", stopped, StringComparison.Ordinal);
        var refused = folder.Smelt("run", "--full-refresh", "gold.out").Expect(1).Out;
        Assert.Contains("SM6208", refused, StringComparison.Ordinal);
        var (advice, same) = (Removal().Match(stopped), Removal().Match(refused));
        Assert.True(advice.Success, stopped);
        Assert.Equal(advice.Value, same.Value);
        Assert.Equal(storage + "/_smelt/flows/gold.out", advice.Groups[2].Value);
        foreach (var named in new[] { advice.Groups[1].Value, advice.Groups[2].Value }) Directory.Delete(folder.File(named), recursive: true);
        folder.Write("landing/2.csv", "id\n3\n").Smelt("run").Expect(0);
        Assert.Equal(["{\"id\":\"1\"}", "{\"id\":\"2\"}", "{\"id\":\"3\"}"], File.ReadAllLines(folder.File("out/a.json")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_sink_goes_on_behind_a_rebuilt_table_with_the_option_that_the_message_names()
    {
        using var folder = Pipeline();
        folder.Smelt("run").Expect(0);
        var stopped = folder.Smelt("run", "--full-refresh-all").Expect(1).Out;
        var advice = Option().Match(stopped);
        Assert.True(advice.Success, stopped);
        folder.Write("gold/sk.sql", Sql.Replace("STREAM silver.t", advice.Value, StringComparison.Ordinal)).Write("landing/2.csv", "id\n3\n").Smelt("run").Expect(0);
        Assert.Equal("{\"id\":\"1\"}\n{\"id\":\"2\"}\n{\"id\":\"3\"}\n", folder.Read("out/a.json"));
    }

    [Fact]
    public void The_plan_of_a_full_refresh_says_that_a_sink_behind_it_will_stop_where_it_will()
    {
        using var folder = Pipeline();
        // It has read nothing yet, and will read the rebuilt table whole.
        Assert.DoesNotContain("SM6101", folder.Smelt("plan", "--full-refresh-all").Expect(0).Out);
        folder.Smelt("run").Expect(0);
        var plan = folder.Smelt("plan", "--full-refresh-all").Expect(1).Out;
        Assert.Matches("stop +gold.out .* SM6101: gold.out will stop after the full refresh of silver.t", plan);
        Assert.Matches(Removal(), plan);
        folder.Smelt("plan").Expect(0);
        folder.Write("gold/sk.sql", Sql.Replace("silver.t", "silver.t WITH (skipChangeCommits)", StringComparison.Ordinal));
        Assert.DoesNotContain("SM6101", folder.Smelt("plan", "--full-refresh-all").Expect(0).Out);
        folder.Smelt("run", "--full-refresh-all").Expect(0);
    }

    private static PipelineFolder Pipeline() => new PipelineFolder("name: s\n")
        .Write("landing/1.csv", "id\n1\n2\n")
        .Write("bronze/x.sql", "SELECT * FROM STREAM read_files('landing', format => 'csv')")
        .Write("silver/t.sql", "SELECT id FROM STREAM bronze.x")
        .Write("gold/sk.sql", Sql);

    [GeneratedRegex("remove its files in (\\S+) and its state (\\S+), and run again")]
    private static partial Regex Removal();

    [GeneratedRegex("STREAM silver\\.t WITH \\(skipChangeCommits\\)")]
    private static partial Regex Option();
}
