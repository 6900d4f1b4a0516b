using System.Globalization;
using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>Runs an update from lock to event log.</summary>
public sealed class UpdateRunner(UpdateContext context, IUpdateObserver observer)
{
    /// <summary>An id that sorts by time: <c>20250115t080000-3f2a9c</c>.</summary>
    public static string NewId(TimeProvider clock) =>
        clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd't'HHmmss", CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("N")[..6];

    /// <exception cref="EngineException">The lake is locked or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The update was interrupted; what was committed stays, nothing is half committed.</exception>
    public async Task<UpdateResult> RunAsync(UpdateOptions options, CancellationToken cancel)
    {
        var startedAt = context.Clock.GetUtcNow();
        var started = context.Clock.GetTimestamp();
        using var held = await UpdateLock.AcquireAsync(context.Layout.Root, context.UpdateId, options.Wait, cancel);
        var records = new UpdateRecords(context.Layout.State);
        foreach (var abandoned in await records.CloseAbandonedAsync(cancel)) observer.Note($"update {abandoned} was cut short; it is closed as failed");
        await records.OpenAsync(context.UpdateId, context.Pipeline.Project.Name, startedAt, cancel);
        observer.UpdateStarted(context.UpdateId, options.Selected);
        foreach (var move in DatasetMove.Pending(context))
        {
            DatasetMove.Make(move);
            observer.Note($"{move.From} is renamed to {move.To}");
        }
        UpdateResult result;
        IReadOnlyList<StepOutcome> steps = [];
        try
        {
            var memory = await TestMemory.LoadAsync(context.Layout.State, cancel);
            var gates = new TestGates(context, options, observer, memory);
            context.Audit = options.Tests ? gates.AuditAsync : null;
            using var scheduler = new StepScheduler(context, observer, gates);
            steps = await scheduler.RunAsync(options, cancel);
            cancel.ThrowIfCancellationRequested();
            var testable = steps.Where(static s => !s.Failed && s.BlockedBy is null).Select(static s => s.Dataset.Name).ToHashSet();
            var tested = context.Pipeline.Graph.Datasets.Where(d => testable.Contains(d.Name) || (d.IsView && StoredInputs.Of(context.Pipeline.Graph, d).Any(testable.Contains))).ToList();
            var isWhole = steps.All(static s => !s.Failed && s.BlockedBy is null);
            var tests = options.Tests ? await TestedAsync(gates, memory, tested, isWhole, cancel) : [];
            // A SQL test may read any dataset: it says nothing of an update that is not whole.
            if (options.Tests && !isWhole)
                tests = [.. tests, .. context.Pipeline.SqlTests.Select(static t => new TestOutcome(t.Name, null, TestStatus.Skipped, t.Severity, 0, t.Query.Text, [], "a dataset failed"))];
            result = new UpdateResult(context.UpdateId, steps, tests, context.Clock.GetElapsedTime(started));
        }
        catch (Exception stopped) when (stopped is OperationCanceledException || (cancel.IsCancellationRequested && stopped is DuckDbException))
        {
            // What was committed before the interruption is told like any other.
            var told = new UpdateResult(context.UpdateId, steps, [], context.Clock.GetElapsedTime(started));
            if (steps.Any(static s => s.Result is not FlowResult.Skipped)) await new EventLog(context).AppendAsync(told, CancellationToken.None);
            await records.CloseAsync(context.UpdateId, UpdateRecords.Document(json =>
            {
                json.WriteString("update", context.UpdateId);
                json.WriteString("status", "interrupted");
            }), CancellationToken.None);
            throw;
        }
        context.Probe("update:before-event-log");
        if (result.Steps.Any(static s => s.Result is not FlowResult.Skipped) || result.Tests.Any(static t => !t.IsRemembered))
        {
            await new EventLog(context).AppendAsync(result, cancel);
            await KeepQualityAsync(result, cancel);
        }
        context.Probe("update:after-event-log");
        // All is committed: an interruption from here on leaves no update open.
        await records.CloseAsync(context.UpdateId, await Manifest.OfAsync(context, result, startedAt, CancellationToken.None), CancellationToken.None);
        return result;
    }

    /// <summary>What rules, tests and figures said is kept beside the update, which is finished: where that fails, it is told and the update stands.</summary>
    private async Task KeepQualityAsync(UpdateResult result, CancellationToken cancel)
    {
        try
        {
            await new QualityTables(context).AppendAsync(result, observer.Note, cancel);
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            observer.Note($"what rules, tests and figures said of this update is not kept whole: {fault.Message}");
        }
        catch (Exception stopped) when (stopped is OperationCanceledException || (cancel.IsCancellationRequested && stopped is DuckDbException))
        {
            observer.Note("what rules, tests and figures said of this update is not kept whole: it was interrupted");
        }
    }

    /// <summary>The tests that no gate has run, beside those that one has.</summary>
    private async Task<IReadOnlyList<TestOutcome>> TestedAsync(TestGates gates, TestMemory memory, IReadOnlyList<Dataset> datasets, bool withSqlTests, CancellationToken cancel)
    {
        var runner = new DataTestRunner(context);
        var left = runner.Tests(datasets, withSqlTests).Where(t => !gates.Has(t)).ToList();
        IReadOnlyList<TestOutcome> outcomes = [.. gates.Outcomes, .. await runner.RunAsync(left, memory, null, observer.TestEnded, cancel)];
        await memory.SaveAsync(context.Layout.State, cancel);
        return [.. outcomes.OrderBy(static o => o.Dataset is null).ThenBy(static o => o.Dataset ?? default).ThenBy(static o => o.Name, StringComparer.Ordinal)];
    }
}
