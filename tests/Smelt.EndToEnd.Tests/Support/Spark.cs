using System.Diagnostics;

[assembly: AssemblyFixture(typeof(Smelt.EndToEnd.Tests.Spark))]

namespace Smelt.EndToEnd.Tests;

/// <summary>Apache Spark with Delta Lake (shared/spark), started by the first test that asks it and ended with the suite; skips the test by name where it is not provided.</summary>
public sealed class Spark : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private Process? _spark;

    /// <summary>Runs statements one after the other; fails at the first that Spark refuses, with what it said.</summary>
    public void Run(IEnumerable<string> statements)
    {
        var script = Repository.SharedPath("spark/spark.sh");
        Assert.SkipUnless(File.Exists("/usr/bin/java"), "needs Java 17 for Spark");
        lock (_gate)
        {
            _spark ??= Start(script);
            foreach (var statement in statements)
            {
                _spark.StandardInput.WriteLine(statement + ";");
                _spark.StandardInput.Flush();
                var answer = Answer(_spark.StandardOutput);
                if (answer is null) End();
                Assert.True(answer is not null, $"Spark ended, or did not answer within five minutes: {statement}");
                Assert.False(answer.Contains("\"error\"", StringComparison.Ordinal), $"{statement}\n{answer}");
            }
        }
    }

    public void Dispose()
    {
        if (_spark is null) return;
        _spark.StandardInput.Close();
        if (!_spark.WaitForExit(20_000)) _spark.Kill(entireProcessTree: true);
        _spark.Dispose();
    }

    private static Process Start(string script)
    {
        var start = new ProcessStartInfo(script, "sql") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // A Java machine that lives for a minute: optimizing what it runs takes half of all its time.
        start.Environment["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
        var spark = Process.Start(start)!;
        // Nobody reads what it logs, and a full pipe would stop it.
        spark.BeginErrorReadLine();
        return spark;
    }

    /// <summary>Its late answer would be taken for that of the next statement.</summary>
    private void End()
    {
        _spark!.Kill(entireProcessTree: true);
        _spark.Dispose();
        _spark = null;
    }

    /// <summary>One JSON document a statement; some commands print sentences of their own before it.</summary>
    /// <returns>Null where none came.</returns>
    private static string? Answer(StreamReader output)
    {
        while (true)
        {
            var line = output.ReadLineAsync();
            if (!line.Wait(s_patience) || line.Result is null) return null;
            if (line.Result.StartsWith('{')) return line.Result;
        }
    }
}
