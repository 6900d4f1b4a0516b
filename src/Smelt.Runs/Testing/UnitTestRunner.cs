using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>Tests that touch no lake: of single datasets on given rows, and of the whole pipeline on a throw-away lake.</summary>
public static class UnitTestRunner
{
    /// <summary>Runs the unit tests of some datasets; the failing rows tell what was expected (<c>-</c>) and what came (<c>+</c>).</summary>
    public static IReadOnlyList<TestOutcome> Run(PipelineSession session, IReadOnlySet<DatasetName> datasets, Action<TestOutcome> ended, CancellationToken cancel)
    {
        var outcomes = new List<TestOutcome>();
        // Tests with the same variables share a compilation, those without overrides the one that there is.
        foreach (var group in session.Pipeline.UnitTests.Where(t => datasets.Contains(t.Dataset)).GroupBy(static t => string.Join('\0', t.Variables.OrderBy(static v => v.Key, StringComparer.Ordinal).Select(static v => $"{v.Key}={v.Value}"))))
        {
            var compiled = group.Key.Length == 0 ? session.Compilation : session.CompiledWith(group.First().Variables);
            var wrong = compiled.Diagnostics.FirstOrDefault(static d => d.Severity == Severity.Error);
            var runner = new UnitTestRun(compiled.Pipeline, session.Database);
            foreach (var test in group)
            {
                cancel.ThrowIfCancellationRequested();
                var result = wrong is null ? runner.Run(test) : new UnitTestResult([], [], $"With its variables the pipeline does not compile: {wrong}");
                var outcome = Outcome(test.Name, test.Dataset, result, test.Description ?? $"unit test of {test.Dataset}");
                outcomes.Add(outcome);
                ended(outcome);
            }
        }
        return outcomes;
    }

    internal static TestOutcome Outcome(string name, DatasetName? dataset, UnitTestResult result, string about) =>
        new(name, dataset, result.Error is not null ? TestStatus.Error : result.Passed ? TestStatus.Passed : TestStatus.Failed, Severity.Error, result.Missing.Count + result.Unexpected.Count,
            about, [.. result.Missing.Select(static r => Marked("expected", r)), .. result.Unexpected.Select(static r => Marked("unexpected", r))], result.Error);

    private static string Marked(string what, string row) => $"{{\"{what}\":{row}}}";
}
