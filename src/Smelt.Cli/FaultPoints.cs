using System.Diagnostics;

namespace Smelt.Cli;

/// <summary>
/// For tests of crashes: <c>SMELT_FAULT=kill@silver.orders:after-prepared</c> ends the process there as kill -9 does, <c>stop@…</c> halts it until it is continued.
/// A point names a step and a place in it; <c>*:after-intent</c> is the place in whichever step comes first.
/// </summary>
internal static class FaultPoints
{
    public static Action<string>? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("SMELT_FAULT") is not { Length: > 0 } setting) return null;
        var at = setting.IndexOf('@', StringComparison.Ordinal);
        if (at < 1) throw new UsageException($"SMELT_FAULT={setting} is not of the form kill@point or stop@point.");
        var (signal, point) = (setting[..at] == "stop" ? "STOP" : "KILL", setting[(at + 1)..]);
        return reached =>
        {
            if (reached == point || (point.StartsWith("*:", StringComparison.Ordinal) && reached.EndsWith(point[1..], StringComparison.Ordinal))) Signal(signal);
        };
    }

    private static void Signal(string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-s", signal, Environment.ProcessId.ToString()]) { UseShellExecute = false })!;
        kill.WaitForExit();
    }
}
