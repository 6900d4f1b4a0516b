using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>Shows an update while it runs.</summary>
internal interface IUpdateDisplay : IUpdateObserver, IDisposable
{
    /// <summary>The update ended: nothing moves any more.</summary>
    void Finish();
}

/// <summary>A line a step as it ends: for files and pipes.</summary>
internal sealed class LineDisplay(Terminal terminal) : IUpdateDisplay
{
    private readonly Lock _gate = new();

    public void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected) => Line($"update {updateId}: {selected.Count} datasets");

    public void StepStarted(Dataset dataset, StepProgress progress)
    {
    }

    public void StepEnded(StepOutcome outcome) => Line(StepText.Line(terminal, outcome));

    public void TestEnded(TestOutcome outcome)
    {
        if (outcome.Status is TestStatus.Failed or TestStatus.Error or TestStatus.Warned) Line(StepText.Line(terminal, outcome));
    }

    public void Note(string note) => Line("note: " + note);

    public void Finish()
    {
    }

    public void Dispose()
    {
    }

    private void Line(string text)
    {
        lock (_gate) terminal.Words.WriteLine(text);
    }
}

/// <summary>A step or a test in one line.</summary>
internal static class StepText
{
    public static string Line(Terminal terminal, StepOutcome outcome) => outcome.Result switch
    {
        FlowResult.Completed done => $"{terminal.Paint("done ", Ink.Green)}  {outcome.Dataset.Name,-30} {Units.Count(done.Counts.RowsOut),12} rows  {Units.Bytes(done.Counts.BytesOut),9}  {Units.Time(outcome.Elapsed),8}{Refused(done.Counts)}",
        FlowResult.Failed failed => $"{terminal.Paint("FAIL ", Ink.Red)}  {outcome.Dataset.Name,-30} {failed.Code}: {failed.Told}",
        FlowResult.Skipped skipped => $"{terminal.Paint(outcome.BlockedBy is null ? "skip " : "STOP ", outcome.BlockedBy is null ? Ink.Dim : Ink.Yellow)}  {outcome.Dataset.Name,-30} {skipped.Reason}",
        _ => "",
    };

    public static string Line(Terminal terminal, TestOutcome test) => test.Status switch
    {
        TestStatus.Passed => $"{terminal.Paint("pass ", Ink.Green)}  {test.Name}",
        TestStatus.Warned => $"{terminal.Paint("warn ", Ink.Yellow)}  {test.Name}: {Units.Count(test.Failures)} rows",
        TestStatus.Skipped => $"{terminal.Paint("skip ", Ink.Dim)}  {test.Name}: {test.Message}",
        TestStatus.Error => $"{terminal.Paint("ERROR", Ink.Red)}  {test.Name}: {test.Message}",
        _ => $"{terminal.Paint("FAIL ", Ink.Red)}  {test.Name}: {Units.Count(test.Failures)} rows",
    };

    private static string Refused(BatchCounts counts)
    {
        var parts = new List<string>();
        if (counts.RowsQuarantined > 0) parts.Add($"{Units.Count(counts.RowsQuarantined)} quarantined");
        if (counts.RowsDropped > 0) parts.Add($"{Units.Count(counts.RowsDropped)} dropped");
        if (counts.RowsRescued > 0) parts.Add($"{Units.Count(counts.RowsRescued)} with rescued data");
        return parts.Count == 0 ? "" : "  (" + string.Join(", ", parts) + ")";
    }
}
