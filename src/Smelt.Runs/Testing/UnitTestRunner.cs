using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>Tests that touch no lake: of single datasets on given rows, and of the whole pipeline on a throw-away lake.</summary>
public static class UnitTestRunner
{
    /// <summary>Runs the unit tests of some datasets; the failing rows tell what was expected (<c>-</c>) and what came (<c>+</c>).</summary>
    public static IReadOnlyList<TestOutcome> Run(Pipeline pipeline, IReadOnlySet<DatasetName> datasets, Func<DuckDbDatabase> database, Action<TestOutcome> ended, CancellationToken cancel)
    {
        var outcomes = new List<TestOutcome>();
        var runner = new UnitTestRun(pipeline, database);
        foreach (var test in pipeline.UnitTests.Where(t => datasets.Contains(t.Dataset)))
        {
            cancel.ThrowIfCancellationRequested();
            var result = runner.Run(test);
            var outcome = Outcome(test.Name, test.Dataset, result, test.Description ?? $"unit test of {test.Dataset}");
            outcomes.Add(outcome);
            ended(outcome);
        }
        return outcomes;
    }

    internal static TestOutcome Outcome(string name, DatasetName? dataset, UnitTestResult result, string about) =>
        new(name, dataset, result.Error is not null ? TestStatus.Error : result.Passed ? TestStatus.Passed : TestStatus.Failed, Severity.Error, result.Missing.Count + result.Unexpected.Count,
            about, [.. result.Missing.Select(static r => Marked("expected", r)), .. result.Unexpected.Select(static r => Marked("unexpected", r))], result.Error);

    private static string Marked(string what, string row) => $"{{\"{what}\":{row}}}";
}
