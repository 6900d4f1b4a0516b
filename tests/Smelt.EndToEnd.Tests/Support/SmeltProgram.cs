using System.Diagnostics;
using System.Text.Json;

namespace Smelt.EndToEnd.Tests;

/// <summary>How a run of the program ended.</summary>
public sealed record SmeltResult(int ExitCode, string Out, string Err)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public SmeltResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}\n--- out\n{Out}\n--- err\n{Err}");
        return this;
    }
}

/// <summary>The program as its user starts it: a process of its own.</summary>
public static class SmeltProgram
{
    /// <summary>The program as `./smelt` runs it where `./test` has just built that, which starts sooner; else the build of these tests.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("SMELT_TEST_PROGRAM") is { Length: > 0 } built ? built : System.IO.Path.Combine(AppContext.BaseDirectory, "smelt");

    public static SmeltResult Run(string folder, params string[] arguments) => Run(folder, new Dictionary<string, string>(), arguments);

    public static SmeltResult Run(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(folder, environment, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill();
            Assert.Fail($"smelt {string.Join(' ', arguments)} did not end within five minutes");
        }
        return new SmeltResult(process.ExitCode, output, errors.Result);
    }

    public static Process Start(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        start.Environment.Remove("SMELT_FAULT");
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
