using System.Diagnostics;

namespace Smelt.EndToEnd.Tests;

/// <summary>A run of the program that stops itself (SIGSTOP) at a named point and stays so until it is continued.</summary>
public sealed class HaltedRun : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _out, _err;

    /// <summary>Starts it and waits until it has stopped.</summary>
    public HaltedRun(PipelineFolder folder, string point, params string[] arguments)
    {
        _process = SmeltProgram.Start(folder.Path, new Dictionary<string, string> { ["SMELT_FAULT"] = "stop@" + point }, ["run", "--no-tests", .. arguments]);
        (_out, _err) = (_process.StandardOutput.ReadToEndAsync(), _process.StandardError.ReadToEndAsync());
        for (var waited = 0; State(_process.Id) != 'T'; waited += 10)
        {
            Assert.True(!_process.HasExited && waited < 60_000, $"it never stopped at {point}");
            Thread.Sleep(10);
        }
    }

    /// <summary>Lets it go on to its end.</summary>
    public SmeltResult Continue()
    {
        Signal(_process.Id, "CONT");
        Assert.True(_process.WaitForExit(60_000), "it did not end");
        return new SmeltResult(_process.ExitCode, _out.Result, _err.Result);
    }

    public static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, process.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>The state letter of /proc/…/stat.</summary>
    public static char State(int process)
    {
        var path = $"/proc/{process}/stat";
        if (!File.Exists(path)) return '-';
        var stat = File.ReadAllText(path);
        return stat[stat.LastIndexOf(')') + 2];
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
