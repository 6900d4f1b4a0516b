using System.Diagnostics;

namespace Smelt.EndToEnd.Tests;

/// <summary>delta-rs in Python (shared/peers); skips the test by name where it is not provided.</summary>
public static class DeltaRs
{
    /// <summary>Runs a Python program with deltalake and duckdb at hand; what it prints.</summary>
    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.SharedPath("peers/peers.sh"), ["python", "-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors.Result);
        return output.Trim();
    }
}
