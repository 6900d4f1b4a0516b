using System.Diagnostics;
using System.Text.Json;
using Smelt.Engine;

namespace Smelt.EndToEnd.Tests.Concurrency;

/// <summary>Two updates of one pipeline, and one that is interrupted.</summary>
public sealed class UpdateLockTests
{
    [Fact]
    public async Task A_second_update_says_that_one_is_running_and_with_wait_it_runs_after_it()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        using var first = new HaltedRun(folder, "bronze.orders:before-data");
        var refused = folder.Smelt("run").Expect(1);
        Assert.Contains(EngineCodes.UpdateRunning, refused.Err, StringComparison.Ordinal);
        Assert.Contains("--wait", refused.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Err, StringComparison.Ordinal);
        // Looking is not forbidden meanwhile.
        folder.Smelt("plan").Expect(0);

        using var waiting = SmeltProgram.Start(folder.Path, new Dictionary<string, string>(), "run", "--wait", "--json");
        var output = waiting.StandardOutput.ReadToEndAsync();
        Assert.False(waiting.WaitForExit(1500), "it did not wait");
        first.Continue().Expect(0);
        Assert.True(waiting.WaitForExit(60_000));
        Assert.Equal(0, waiting.ExitCode);
        using var told = JsonDocument.Parse(await output);
        Assert.All(told.RootElement.GetProperty("steps").EnumerateArray(), static s => Assert.Equal("skipped", s.GetProperty("status").GetString()));
        Assert.Equal(SmallPipeline.Undisturbed(1), OpenLake.ContentOf(folder.Path));
    }

    [Fact]
    public void A_lock_whose_process_was_killed_hinders_nobody()
    {
        using var folder = SmallPipeline.Create().AddDay(1);
        folder.RunKilledAt("bronze.orders:before-data");
        Assert.True(File.Exists(folder.File("lake/_smelt/lock")));
        var next = folder.Smelt("run").Expect(0);
        Assert.Contains("was cut short", next.Out + next.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_in_a_long_step_ends_with_130_and_no_half_commit_and_the_next_run_completes()
    {
        using var folder = SmallPipeline.Create().AddDay(1)
            .Write("smelt.yml", "name: small\nvariables:\n  size: 200000\n")
            .Write("gold/slow.sql", "SELECT count(*) AS n FROM silver.orders, range(${size}) AS a(i), range(${size}) AS b(j) WHERE hash(order_id + i * 31 + j) % 1000 = 7");
        using var process = Start(folder);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        // Its inputs are there, so that the long step is what runs.
        Assert.True(SpinWait.SpinUntil(() => process.HasExited || Directory.Exists(folder.File("lake/gold/slow")), 60_000));
        Thread.Sleep(500);
        Assert.False(process.HasExited, "the step is not long enough");
        var asked = Stopwatch.StartNew();
        HaltedRun.Signal(process.Id, "INT");
        Assert.True(process.WaitForExit(20_000), "it goes on");
        Assert.True(asked.ElapsedMilliseconds < 10_000);
        Assert.Equal(130, process.ExitCode);
        var told = await errors + await output;
        Assert.Contains("interrupted", told, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", told, StringComparison.Ordinal);

        Assert.Empty(Directory.EnumerateFiles(folder.File("lake/gold/slow"), "*.json", SearchOption.AllDirectories));
        Assert.False(File.Exists(folder.File("lake/_smelt/flows/gold.slow/g0001/b00000001.prepared.json")));
        Assert.Contains("interrupted", File.ReadAllText(Directory.GetFiles(folder.File("lake/_smelt/updates"), "*.manifest.json").Single()), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("lake/_smelt/spill")));
        folder.Smelt("run", "--var", "size=50").Expect(0);
        var content = OpenLake.ContentOf(folder.Path);
        Assert.True(content.Remove("gold.slow"));
        Assert.Equal(SmallPipeline.Undisturbed(1), content);
    }

    /// <summary>A process started in the background has SIGINT ignored, and .NET keeps it so: env gives the signal back.</summary>
    private static Process Start(PipelineFolder folder)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT", SmeltProgram.Path, "run"]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("SMELT_FAULT");
        return Process.Start(start)!;
    }
}
