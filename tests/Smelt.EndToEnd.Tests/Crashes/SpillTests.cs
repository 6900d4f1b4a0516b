using System.Diagnostics;
using Smelt.Runs;

namespace Smelt.EndToEnd.Tests.Crashes;

/// <summary>Steps that need more memory than their pipeline may take.</summary>
public sealed class SpillTests
{
    private const string Sorted = "SELECT sum(place * (i % 7)) AS checksum, count(*) AS n FROM (SELECT i, row_number() OVER (ORDER BY md5(i::VARCHAR)) AS place FROM range(3000000) AS r(i))";

    [Fact]
    public void Two_pipelines_and_a_query_spill_at_once_and_one_killed_leaves_nothing_after_its_rerun()
    {
        using var one = Pipeline();
        using var other = Pipeline();
        using var killed = Start(one, "run");
        using var query = Start(one, "query", Sorted, "--json");
        using var neighbour = Start(other, "run");
        Assert.True(WaitFor(() => Spilled(one).Length > 0 && Spilled(other).Length > 0, killed), "nothing spilled: the test shows nothing");
        // The killed process's own files, beside those of the query in the same lake.
        Assert.True(WaitFor(() => Spilled(one).Any(f => Owner(f) == killed.Id), killed), "the run did not spill");
        killed.Kill();
        killed.WaitForExit();
        Assert.Contains(Spilled(one), f => Owner(f) == killed.Id);
        Assert.Equal(0, Ended(neighbour));
        Assert.Equal(0, Ended(query));
        one.Smelt("run").Expect(0);
        Assert.Empty(Spilled(one));
        Assert.Empty(Spilled(other));
        Assert.Equal("3000000", one.Scalar("SELECT n FROM gold.sorted"));
        Assert.Equal(one.Scalar("SELECT checksum FROM gold.sorted"), other.Scalar("SELECT checksum FROM gold.sorted"));
        Assert.Empty(Spilled(one));
    }

    [Fact]
    public async Task Processes_that_start_at_once_never_take_each_others_spill_folder_for_an_abandoned_one()
    {
        var root = Directory.CreateTempSubdirectory("smelt-spill-").FullName;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 40; i++)
            {
                using var database = new ProcessDatabase(root, null, 1);
                using var connection = database.Open().Connect();
                var pages = (string)connection.Scalar("SELECT current_setting('temp_directory')")!;
                Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(pages)!, "lock")), "its folder was removed under it");
            }
        })));
        Assert.Empty(Directory.EnumerateFileSystemEntries(root));
        Directory.Delete(root);
    }

    private static PipelineFolder Pipeline() => new PipelineFolder()
        .Write("platform.yml", "targets:\n  small:\n    engine: duckdb\n    memory: 400MB\n")
        .Write("gold/sorted.sql", Sorted);

    private static Process Start(PipelineFolder folder, params string[] arguments)
    {
        var process = SmeltProgram.Start(folder.Path, new Dictionary<string, string>(), arguments);
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int Ended(Process process)
    {
        Assert.True(process.WaitForExit(120_000));
        return process.ExitCode;
    }

    private static bool WaitFor(Func<bool> isSo, Process running)
    {
        for (var waited = 0; waited < 60_000 && !running.HasExited; waited += 5)
        {
            if (isSo()) return true;
            Thread.Sleep(5);
        }
        return false;
    }

    private static string[] Spilled(PipelineFolder folder)
    {
        var root = folder.File("lake/_smelt/spill");
        try
        {
            return Directory.Exists(root) ? [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(static f => Path.GetFileName(f) != "lock")] : [];
        }
        catch (DirectoryNotFoundException)
        {
            // A process removed its folder while it was listed.
            return [];
        }
    }

    /// <summary>The process whose folder a spill file lies in: <c>spill/&lt;process&gt;-&lt;…&gt;/pages/&lt;file&gt;</c>.</summary>
    private static int Owner(string file)
    {
        var folder = file[(file.IndexOf("/spill/", StringComparison.Ordinal) + "/spill/".Length)..];
        return int.Parse(folder[..folder.IndexOf('-', StringComparison.Ordinal)]);
    }
}
