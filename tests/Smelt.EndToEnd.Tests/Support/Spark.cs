using Smelt.Tests.Peers;

[assembly: AssemblyFixture(typeof(Smelt.EndToEnd.Tests.Spark))]

namespace Smelt.EndToEnd.Tests;

/// <summary>Apache Spark with Delta Lake (shared/spark), started by the first test that asks it and ended with the suite; skips the test by name where it is not provided.</summary>
public sealed class Spark : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private SparkProcess? _spark;

    /// <summary>Runs statements one after the other; fails at the first that Spark refuses, with what it said.</summary>
    public void Run(IEnumerable<string> statements)
    {
        var script = Repository.SharedPath("spark/spark.sh");
        Assert.SkipUnless(File.Exists("/usr/bin/java"), "needs Java 17 for Spark");
        lock (_gate)
        {
            _spark ??= new SparkProcess(script);
            foreach (var statement in statements)
            {
                var answer = _spark.AnswerAsync(statement, s_patience).GetAwaiter().GetResult();
                if (answer is null) End();
                Assert.True(answer is not null, $"Spark ended, or did not answer within five minutes: {statement}");
                Assert.False(answer.Contains("\"error\"", StringComparison.Ordinal), $"{statement}\n{answer}");
            }
        }
    }

    public void Dispose() => _spark?.Dispose();

    private void End()
    {
        _spark!.Dispose();
        _spark = null;
    }
}
