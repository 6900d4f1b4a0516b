using System.ComponentModel;
using System.Diagnostics;

namespace Smelt.EndToEnd.Tests;

/// <summary>Programs other than ours.</summary>
public static class ShellProgram
{
    /// <summary>Runs to its end; exit code 127 where there is no such program.</summary>
    public static SmeltResult Run(string folder, string program, params string[] arguments) => RunWith(folder, "", program, arguments);

    /// <summary>The same with text on its standard input.</summary>
    public static SmeltResult RunWith(string folder, string input, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within five minutes");
            }
            return new SmeltResult(process.ExitCode, output.Result, errors.Result);
        }
        catch (Win32Exception)
        {
            return new SmeltResult(127, "", $"{program} is not installed");
        }
    }
}
