using System.Diagnostics;

namespace Smelt.Lake.Tests.Reliability;

/// <summary>Many processes at one table.</summary>
public sealed class ConcurrencyTests
{
    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Eight_processes_that_append_merge_delete_and_optimize_at_once_lose_nothing(string vectors)
    {
        const int processes = 8;
        var commits = Deep.Count(4, 63);
        using var lake = new TestLake();
        await lake.WriteAsync("t", $"SELECT 'k' AS kind, range::INTEGER AS key, 0::BIGINT AS value FROM range({MixedWriters.Keys})",
            options: new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = vectors } });
        var children = Enumerable.Range(0, processes).Select(n => Start(lake.Root, n, commits)).ToList();
        var told = new List<string[]>();
        foreach (var child in children)
        {
            var text = (await child.StandardOutput.ReadToEndAsync()).Trim();
            await child.WaitForExitAsync();
            Assert.True(child.ExitCode == 0, await child.StandardError.ReadToEndAsync());
            told.Add(text.Split(';'));
        }

        var table = new DeltaLake(lake.Store, TestLake.Connect).Table("t");
        var snapshot = await table.SnapshotAsync();
        Assert.Equal(told.Sum(t => int.Parse(t[0])), snapshot.Version);
        for (var version = 0L; version <= snapshot.Version; version++)
            Assert.True(File.Exists(lake.Store.Locate($"t/_delta_log/{version:D20}.json")), $"version {version} is not in the log");
        var expected = Enumerable.Range(0, MixedWriters.Keys).Select(k => $$"""{"kind":"k","key":{{k}},"value":{{told.Sum(t => int.Parse(t[1].Split(',')[k]))}}}""")
            .Concat(told.SelectMany((t, n) => t[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(v => $$"""{"kind":"a","key":{{n}},"value":{{v}}}""")));
        Assert.Equal(expected.Order(StringComparer.Ordinal), await lake.RowsAsync("t"));
        Assert.Empty((await table.CheckAsync()).Findings);
        Deep.Tell($"concurrency ({(vectors == "true" ? "deletion vectors" : "copies")}): {processes} processes, {snapshot.Version} commits, no gap, every row as told");
    }

    private static Process Start(string root, int number, int commits)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[ChildProcess.Verb, "mixed", root, number.ToString(), commits.ToString()])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
