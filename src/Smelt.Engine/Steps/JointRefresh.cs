using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Rebuilds a table that several flows write in one commit: each flow's rows are staged, then one prepared record, of the first of them, replaces table and quarantine by all of them,
/// with a mark for each. So the table is never smaller in between, and a refresh that is cut short is finished by whoever runs that flow next, or was never begun.
/// </summary>
internal sealed class JointRefresh(UpdateContext context, StepRunner runner)
{
    private sealed record Part(StepPreparation Step, BatchKey Key, StagedStep Staged, TimeSpan Elapsed);

    public Task<FlowResult> RunAsync(Dataset dataset, StepProgress progress, CancellationToken cancel) => StepFault.CaughtAsync(() => RoundsAsync(dataset, progress, cancel), cancel);

    private async Task<FlowResult> RoundsAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        FlowResult.Completed? finished = null;
        for (var conflicts = 0; conflicts < StepRunner.MostConflicts; conflicts++)
        {
            var open = await new OpenBatches(context, runner).FinishAsync(dataset, progress, cancel);
            if (open is FlowResult.Failed) return open;
            if (open is FlowResult.Completed made) finished = made.After(finished);
            if (await RoundAsync(dataset, progress, cancel) is { } result) return result is FlowResult.Completed whole && finished is not null ? whole with { Batches = [.. finished.Batches, .. whole.Batches] } : result;
            await context.RepinAsync(dataset, cancel);
        }
        return Failed(EngineCodes.TooManyConflicts, $"Other writers changed the table of {dataset.Name} {StepRunner.MostConflicts} times while it was rebuilt. Run again when they rest.");
    }

    /// <returns>Null where the target changed under it.</returns>
    private async Task<FlowResult?> RoundAsync(Dataset dataset, StepProgress progress, CancellationToken cancel)
    {
        var outcomes = new FlowOutcomes();
        var ready = new List<StepPreparation>();
        foreach (var flow in dataset.Flows)
        {
            var step = await new StepPlanner(context).PrepareAsync(dataset, flow, RefreshMode.Full, cancel);
            if (step.Decision.Action == StepAction.Stop) return Failed(step.Decision.Code!, step.Decision.Reason);
            if (step.Decision.Action == StepAction.Run) ready.Add(step);
            else if (step.State?.Done is null) outcomes.Add(flow, new FlowResult.Skipped(step.Decision.Reason) { Notes = step.Decision.Notes }, TimeSpan.Zero);
            else return Failed(EngineCodes.FullRefreshLoses, $"A full refresh of {dataset.Name} would lose the rows of {flow.Name}, which cannot be run: {step.Decision.Reason}. Bring its input back, or {RefreshLoss.DropInstead(dataset.Name)}.");
        }
        if (ready.Count == 0) return outcomes.Together();
        // One generation for all: an intent that was put meanwhile would count up that of the next.
        var generation = ready.Max(StepRunner.NewGeneration);
        var parts = new List<Part>();
        JoinedBatch? joined = null;
        foreach (var step in ready)
        {
            var started = context.Clock.GetTimestamp();
            var (staged, key) = await StageAsync(step with { Joined = joined }, generation, progress, cancel);
            if (staged.Failure is { } failure)
            {
                outcomes.Add(step.Flow, failure, context.Clock.GetElapsedTime(started));
                return outcomes.Together();
            }
            parts.Add(new Part(step, key, staged, context.Clock.GetElapsedTime(started)));
            joined = Joined(joined, staged.Tables!);
        }
        return await CommitAsync(parts, outcomes, cancel);
    }

    private Task<(StagedStep Staged, BatchKey Key)> StageAsync(StepPreparation step, int generation, StepProgress progress, CancellationToken cancel) => StepFault.CaughtAsync(
        async () =>
        {
            var key = new BatchKey(await step.State!.IdentifyAsync(cancel), generation, 1);
            return (await runner.StageAsync(step, key, progress, cancel), key);
        },
        static failure => (new StagedStep(null, failure, []), default),
        cancel);

    private static JoinedBatch Joined(JoinedBatch? before, JoinedBatch now) =>
        before is null ? now : new JoinedBatch(now.Target, now.Quarantine ?? before.Quarantine, [.. before.Files, .. now.Files]);

    private async Task<FlowResult?> CommitAsync(List<Part> parts, FlowOutcomes outcomes, CancellationToken cancel)
    {
        var first = parts[0];
        var (step, key) = (first.Step, first.Key);
        var result = await new StepCommit(context, step, key).PrepareAsync(Record(parts), first.Staged.Samples, cancel);
        if (result is not FlowResult.Completed made) return result;
        foreach (var part in parts)
        {
            var own = part.Staged.Record!;
            outcomes.Add(part.Step.Flow, new FlowResult.Completed(made.Version, own.Counts, [.. part.Step.Decision.Notes, .. own.Notes], part.Staged.Samples) { Batches = part == first ? made.Batches : [] }, part.Elapsed);
        }
        return outcomes.Together();
    }

    /// <summary>The record of the first flow with the files of all: the tables as the last one leaves them have the columns of all.</summary>
    private static PreparedRecord Record(List<Part> parts)
    {
        var records = parts.ConvertAll(static p => p.Staged.Record!);
        var first = records[0];
        var folder = first.Plans[0].Folder;
        var tags = new Dictionary<string, string>(first.Plans[0].Tags) { ["smelt.flow"] = string.Join(", ", parts.Select(static p => p.Step.Flow.Name)) };
        var target = Together(first.Plans[0], records[^1].Plans[0], records.Select(static r => r.Plans[0])) with
        {
            Tags = tags, AlsoTransactions = [.. first.Plans[0].AlsoTransactions, .. records.Skip(1).Select(static r => r.Plans[0].Transaction!)],
        };
        var refused = records.SelectMany(r => r.Plans.Where(p => p.Folder != folder)).ToList();
        var plans = new List<TablePlan> { target };
        // A full refresh lifts delta.appendOnly in the commit that replaces; the next sets it again.
        plans.AddRange(first.Plans.Skip(1).Where(p => p.Folder == folder));
        // A flow that refused no row knows of no column that its siblings' refused rows have.
        if (refused.Count > 0) plans.Add(Together(refused[0], refused.FindLast(static p => p.Adds.Count > 0) ?? refused[0], refused) with { Transaction = target.Transaction, Attempt = target.Attempt, Tags = tags });
        return first with { Plans = plans, Joined = [.. parts.Skip(1).Select(static p => Of(p))] };
    }

    /// <param name="last">The plan that knows the columns of all.</param>
    private static TablePlan Together(TablePlan first, TablePlan last, IEnumerable<TablePlan> all) =>
        first with { Protocol = last.Protocol, Metadata = last.Metadata, Domains = last.Domains, TableId = last.TableId, Adds = [.. all.SelectMany(static p => p.Adds)] };

    private static JoinedFlow Of(Part part)
    {
        var record = part.Staged.Record!;
        return new JoinedFlow(part.Step.FlowName, record.Definition, record.Tables, record.Sources, record.SourceColumns, record.Counts);
    }

    private static FlowResult.Failed Failed(string code, string message) => new(code, message, false, null, []);
}
