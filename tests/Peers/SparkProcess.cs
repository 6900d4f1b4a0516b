using System.Diagnostics;

namespace Smelt.Tests.Peers;

/// <summary>Apache Spark with Delta Lake in a process of its own (shared/spark): a statement a line in, a JSON document a statement out. One question at a time.</summary>
internal sealed class SparkProcess : IDisposable
{
    private readonly Process _spark;

    /// <param name="script">shared/spark/spark.sh</param>
    public SparkProcess(string script)
    {
        var start = new ProcessStartInfo(script, "sql") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // Both compilers stay on: with the first one alone the Lake's eight tests took 181 s, with both 149 s.
        start.Environment["JDK_JAVA_OPTIONS"] = "-XX:+UseSerialGC";
        _spark = Process.Start(start)!;
        // Nobody reads what it logs, and a full pipe would stop it.
        _spark.BeginErrorReadLine();
    }

    /// <param name="statement">Without a semicolon at its end.</param>
    /// <returns>One JSON document; null where Spark ended, or did not answer in time: then it is of no use any more, as its late answer would be taken for that of the next statement.</returns>
    public async Task<string?> AnswerAsync(string statement, TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        try
        {
            await _spark.StandardInput.WriteLineAsync(statement + ";");
            await _spark.StandardInput.FlushAsync();
            // Some commands (VACUUM) print sentences of their own before the answer.
            while (await _spark.StandardOutput.ReadLineAsync(late.Token) is { } line)
            {
                if (line.StartsWith('{')) return line;
            }
        }
        catch (OperationCanceledException)
        {
            _spark.Kill(entireProcessTree: true);
        }
        catch (IOException)
        {
            // It ended with the statement half read.
        }
        return null;
    }

    /// <summary>Ends it with its input; one that does not end by itself is killed.</summary>
    public void Dispose()
    {
        if (!_spark.HasExited) _spark.StandardInput.Close();
        if (!_spark.WaitForExit(20_000)) _spark.Kill(entireProcessTree: true);
        _spark.Dispose();
    }
}
