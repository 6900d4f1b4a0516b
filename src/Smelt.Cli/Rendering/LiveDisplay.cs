using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Smelt.Engine;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>For terminals: a line a step as it ends, and below them what runs now with rows, bytes, rate and time, painted over ten times a second.</summary>
internal sealed class LiveDisplay : IUpdateDisplay
{
    private const int MostRunning = 8;

    private readonly Terminal _terminal;
    private readonly ConcurrentDictionary<DatasetName, Running> _running = [];
    private readonly ConcurrentQueue<string> _ended = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _painting;
    private int _selected, _done, _painted;

    public LiveDisplay(Terminal terminal)
    {
        _terminal = terminal;
        _painting = Task.Run(PaintAsync);
    }

    private sealed record Running(StepProgress Progress, long StartedAt);

    public void UpdateStarted(string updateId, IReadOnlyList<Dataset> selected)
    {
        _selected = selected.Count;
        _ended.Enqueue($"update {updateId}: {selected.Count} datasets");
    }

    public void StepStarted(Dataset dataset, StepProgress progress) => _running[dataset.Name] = new Running(progress, Stopwatch.GetTimestamp());

    public void StepEnded(StepOutcome outcome)
    {
        _running.TryRemove(outcome.Dataset.Name, out _);
        Interlocked.Increment(ref _done);
        _ended.Enqueue(StepText.Line(_terminal, outcome));
    }

    public void TestEnded(TestOutcome outcome)
    {
        if (outcome.Status is TestStatus.Failed or TestStatus.Error or TestStatus.Warned) _ended.Enqueue(StepText.Line(_terminal, outcome));
    }

    public void Note(string note) => _ended.Enqueue("note: " + note);

    public void Finish()
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _painting.GetAwaiter().GetResult();
        _running.Clear();
        Paint(isLast: true);
    }

    public void Dispose()
    {
        Finish();
        _stop.Dispose();
    }

    private async Task PaintAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Paint(isLast: false);
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>Takes back what the last paint left below, writes what ended since, and paints again: one write, so that nothing flickers.</summary>
    private void Paint(bool isLast)
    {
        var screen = new StringBuilder();
        if (_painted > 0) screen.Append($"\u001b[{_painted}A\u001b[J");
        while (_ended.TryDequeue(out var line)) screen.AppendLine(line);
        var lines = isLast ? [] : RunningLines();
        foreach (var line in lines) screen.AppendLine(line);
        _painted = lines.Count;
        if (screen.Length == 0) return;
        _terminal.Out.Write(screen);
        _terminal.Out.Flush();
    }

    private List<string> RunningLines()
    {
        var lines = _running.OrderBy(static r => r.Key).Take(MostRunning).Select(r => Cut(Line(r.Key, r.Value))).ToList();
        if (_selected > 0) lines.Add(Cut($"{_done} of {_selected} done"));
        return lines;
    }

    private string Line(DatasetName name, Running step)
    {
        var elapsed = Stopwatch.GetElapsedTime(step.StartedAt);
        var rate = elapsed.TotalSeconds > 0.05 ? Units.Count((long)(step.Progress.Rows / elapsed.TotalSeconds)) + " rows/s" : "";
        var percent = step.Progress.Percent is >= 0 and var p ? $"{p:0} %" : "";
        return $"{_terminal.Paint("run  ", Ink.Cyan)}  {name,-30} {Units.Count(step.Progress.Rows),12} rows  {Units.Bytes(step.Progress.Bytes),9}  {Units.Time(elapsed),8}  {rate,18} {percent,5}";
    }

    /// <summary>A line that wraps would be two to take back.</summary>
    private string Cut(string line) => line.Length < _terminal.Width + 9 ? line : line[..(_terminal.Width - 1)];
}
