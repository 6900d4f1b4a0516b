using System.Diagnostics;

namespace Smelt.Lake.Tests.Reliability;

/// <summary>
/// A writer killed (SIGKILL, by strace) at one file operation after the other of a commit, checkpoint, OPTIMIZE, MERGE and VACUUM: the table is as before or as after, goes
/// on, and VACUUM leaves on disk what its version needs.
/// </summary>
public sealed class KilledWriterTests
{
    private const string Operations = "fsync,fdatasync,link,linkat,unlink,unlinkat,rename,renameat,renameat2,ftruncate,mkdir";

    [Theory]
    [InlineData("commit")]
    [InlineData("checkpoint")]
    [InlineData("optimize")]
    [InlineData("merge")]
    [InlineData("vacuum")]
    public async Task A_kill_at_any_file_operation_leaves_the_table_as_before_or_as_after(string verb)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "needs strace");
        // Every operation when deep; else a few spread over them all.
        var stride = Deep.Count(7, 1);
        var kills = 0;
        for (var at = 1; ; at += stride)
        {
            using var lake = new TestLake();
            await PrepareAsync(lake, verb);
            var before = await lake.RowsAsync("t");
            var killed = Killed(lake.Root, verb, at);
            var after = await lake.RowsAsync("t");
            Assert.True(after.SequenceEqual(before) || after.SequenceEqual(Expected(before, verb)), $"{verb} killed at {at}: {after.Count} rows, {before.Count} before");
            // The next writer goes on, and finds a whole table.
            Assert.Equal(0, Run(null, lake.Root, verb));
            var again = await lake.RowsAsync("t");
            Assert.Equal(Expected(verb == "commit" ? after : before, verb), again);
            await CleanAsync(lake);
            Assert.Equal(again, await lake.RowsAsync("t"));
            if (!killed)
                break;
            kills++;
        }
        Assert.True(kills > 0, "no operation was hit");
        Deep.Tell($"kill at file operations of {verb}: {kills} kills");
    }

    /// <summary>In the process of its own that is killed.</summary>
    internal static async Task RunAsync(string root, string verb)
    {
        using var lake = new TestLake(root);
        var table = lake.Lake.Table("t");
        switch (verb)
        {
            case "commit":
                await lake.WriteAsync("t", "SELECT 1000 AS a, 'new' AS b");
                break;
            case "checkpoint":
                await table.CheckpointAsync(await table.SnapshotAsync());
                break;
            case "optimize":
                await table.OptimizeAsync();
                break;
            case "merge":
                await table.MergeAsync(new MergeCommand
                {
                    Source = "SELECT 3 AS a, 'merged' AS b UNION ALL SELECT 77, 'inserted'", On = "target.a = source.a",
                    Clauses = [new MergeClause.Update(null), new MergeClause.Insert(null)],
                });
                break;
            case "vacuum":
                await table.VacuumAsync(new VacuumOptions { Retain = TimeSpan.Zero, AllowShortRetention = true });
                break;
            default:
                throw new ArgumentException(verb);
        }
    }

    private static async Task PrepareAsync(TestLake lake, string verb)
    {
        var options = new TableOptions { Properties = new Dictionary<string, string?> { ["delta.enableDeletionVectors"] = "true", ["delta.enableChangeDataFeed"] = "true", ["delta.checkpointInterval"] = "100" } };
        for (var i = 0; i < 3; i++)
            await lake.WriteAsync("t", $"SELECT ({i} * 10 + range)::INTEGER AS a, 'x' AS b FROM range(10)", options: options);
        if (verb == "vacuum")
            await lake.Lake.Table("t").OptimizeAsync();
        foreach (var file in Directory.GetFiles(lake.Root, "*.parquet", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddYears(-30));
    }

    /// <summary>The rows once the verb is done.</summary>
    private static IEnumerable<string> Expected(List<string> before, string verb) => verb switch
    {
        "commit" => before.Append("""{"a":1000,"b":"new"}""").Order(StringComparer.Ordinal),
        "merge" => before.Where(r => !r.StartsWith("""{"a":3,""", StringComparison.Ordinal)).Append("""{"a":3,"b":"merged"}""").Append("""{"a":77,"b":"inserted"}""").Order(StringComparer.Ordinal),
        _ => before,
    };

    private static bool Killed(string root, string verb, int at) =>
        Run(["-f", "-qq", "-o", "/dev/null", "-e", $"trace={Operations}", "-e", $"inject={Operations}:signal=SIGKILL:when={at}"], root, verb) != 0;

    private static int Run(string[]? strace, string root, string verb)
    {
        var start = new ProcessStartInfo(strace is null ? Environment.ProcessPath! : "/usr/bin/strace") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[.. strace ?? [], .. strace is null ? [] : new[] { Environment.ProcessPath! }, ChildProcess.Verb, "operate", root, verb])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>After VACUUM there is nothing below the table but its log and the files of its version.</summary>
    private static async Task CleanAsync(TestLake lake)
    {
        lake.Clock.Advance(DateTimeOffset.UtcNow - lake.Clock.GetUtcNow() + TimeSpan.FromDays(1));
        var table = lake.Lake.Table("t");
        Assert.IsType<VacuumResult.Done>(await table.VacuumAsync(new VacuumOptions { Retain = TimeSpan.Zero, AllowShortRetention = true }));
        var snapshot = await table.SnapshotAsync();
        var needed = snapshot.Files.Select(f => Path.Join(lake.Root, "t", Uri.UnescapeDataString(f.Path)))
            .Concat(snapshot.Files.Where(f => f.DeletionVector is not null).Select(f => Path.Join(lake.Root, DeletionVectorReader.KeyOf(table, f.DeletionVector!)))).ToHashSet(StringComparer.Ordinal);
        var log = Path.Join(lake.Root, "t", "_delta_log");
        var left = Directory.GetFiles(Path.Join(lake.Root, "t"), "*", SearchOption.AllDirectories).Where(f => !f.StartsWith(log, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(needed.Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }
}
