using Smelt.Engine;

namespace Smelt.Runs;

/// <summary>Keeps what <c>smelt test</c> found in <c>_smelt.test_results</c>, as an update keeps its tests.</summary>
public static class TestRecords
{
    /// <param name="context">With an id of its own, which stands in the rows' <c>update_id</c>.</param>
    /// <param name="outcomes">Of data tests on whole tables: unit tests touch no lake, and a day's rows say nothing of the table.</param>
    /// <param name="cancel">Ends the work before a commit.</param>
    public static Task KeepAsync(UpdateContext context, IReadOnlyList<TestOutcome> outcomes, CancellationToken cancel) =>
        new QualityTables(context).AppendTestsAsync(context.UpdateId, [.. outcomes.Where(static t => t.Status != TestStatus.Skipped)], cancel);
}
