using Smelt.Engine;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>
/// Runs steps as soon as what they read is there, as many at once as the machine holds. A failed dataset stops what depends on it and nothing else. A step that runs
/// out of memory beside others is tried once more alone.
/// </summary>
internal sealed class StepScheduler(UpdateContext context, IUpdateObserver observer, TestGates gates) : IDisposable
{
    private const int TransientTries = 3, MostFrugal = 2;

    private readonly SemaphoreSlim _exclusive = new(1, 1);

    public void Dispose() => _exclusive.Dispose();

    public async Task<IReadOnlyList<StepOutcome>> RunAsync(UpdateOptions options, CancellationToken cancel)
    {
        var slots = options.Parallel ?? Math.Max(2, Environment.ProcessorCount);
        using var permits = new SemaphoreSlim(slots, slots);
        var running = new Dictionary<DatasetName, Task<StepOutcome>>();
        foreach (var dataset in options.Selected)
        {
            var inputs = Inputs(dataset).Where(running.ContainsKey).Select(name => running[name]).ToArray();
            running[dataset.Name] = Task.Run(() => EndingAsync(dataset, options, inputs, permits, slots, cancel), CancellationToken.None);
        }
        return await Task.WhenAll(running.Values);
    }

    private IEnumerable<DatasetName> Inputs(Dataset dataset) => StoredInputs.AndStreams(context.Pipeline.Graph, dataset);

    /// <summary>A step always ends with an outcome, so that the event log and the manifest tell of every one.</summary>
    private async Task<StepOutcome> EndingAsync(Dataset dataset, UpdateOptions options, Task<StepOutcome>[] inputs, SemaphoreSlim permits, int slots, CancellationToken cancel)
    {
        try
        {
            return await WhenReadyAsync(dataset, options, inputs, permits, slots, cancel);
        }
        catch (OperationCanceledException)
        {
            return Ended(new StepOutcome(dataset, new FlowResult.Skipped("interrupted"), TimeSpan.Zero, dataset.Name));
        }
        catch (Exception error)
        {
            return Ended(new StepOutcome(dataset, new FlowResult.Failed(EngineCodes.Fault, $"{error.GetType().Name}: {error.Message} This is a fault of Smelt's own; --debug shows where.", false, null, []), TimeSpan.Zero) { Fault = error });
        }
    }

    private async Task<StepOutcome> WhenReadyAsync(Dataset dataset, UpdateOptions options, Task<StepOutcome>[] inputs, SemaphoreSlim permits, int slots, CancellationToken cancel)
    {
        var upstream = await Task.WhenAll(inputs);
        if (upstream.FirstOrDefault(static o => o.Failed || o.BlockedBy is not null) is { } broken)
        {
            var by = broken.BlockedBy ?? broken.Dataset.Name;
            return Ended(new StepOutcome(dataset, new FlowResult.Skipped($"{by} failed"), TimeSpan.Zero, by));
        }
        if (await ClosedGateAsync(dataset, upstream, cancel) is { } closed) return Ended(new StepOutcome(dataset, new FlowResult.Skipped(closed.Reason), TimeSpan.Zero, closed.By));
        await permits.WaitAsync(cancel);
        var outcome = await RunHoldingAsync(dataset, options, permits, cancel);
        if (outcome.Result is FlowResult.Failed { IsTransient: true, Code: EngineCodes.OutOfResources })
            outcome = await RunAloneAsync(dataset, options, permits, slots, cancel);
        if (!outcome.Failed) outcome = outcome with { Gate = await gates.FailureAsync(dataset, cancel) };
        return Ended(outcome);
    }

    /// <summary>The dataset whose failed tests stop this one: a table that it reads, whether this update makes it or not, or a view before it.</summary>
    private async Task<(DatasetName By, string Reason)?> ClosedGateAsync(Dataset dataset, StepOutcome[] upstream, CancellationToken cancel)
    {
        if (upstream.FirstOrDefault(static o => o.Gate is not null) is { } table) return (table.Dataset.Name, table.Gate!);
        foreach (var input in gates.ViewsOf(dataset).Concat(gates.SettledInputsOf(dataset)))
        {
            if (await gates.FailureAsync(input, cancel) is { } told) return (input.Name, told);
        }
        return null;
    }

    private async Task<StepOutcome> RunHoldingAsync(Dataset dataset, UpdateOptions options, SemaphoreSlim permits, CancellationToken cancel)
    {
        try
        {
            return await RunAsync(dataset, options, cancel);
        }
        finally
        {
            permits.Release();
        }
    }

    private async Task<StepOutcome> RunAloneAsync(Dataset dataset, UpdateOptions options, SemaphoreSlim permits, int slots, CancellationToken cancel)
    {
        observer.Note($"{dataset.Name} ran out of memory; it is tried again alone, with less memory and more time");
        // Only one may gather all permits at a time, or two would wait for each other's.
        await _exclusive.WaitAsync(cancel);
        var taken = 0;
        try
        {
            for (; taken < slots; taken++) await permits.WaitAsync(cancel);
            for (var frugality = 1; ; frugality++)
            {
                var outcome = await RunAsync(dataset, options, cancel, frugality);
                if (outcome.Result is not FlowResult.Failed { Code: EngineCodes.OutOfResources, IsTransient: true } || frugality == MostFrugal) return outcome;
            }
        }
        finally
        {
            context.Database().SetThreads(null);
            if (taken > 0) permits.Release(taken);
            _exclusive.Release();
        }
    }

    private async Task<StepOutcome> RunAsync(Dataset dataset, UpdateOptions options, CancellationToken cancel, int frugality = 0)
    {
        var started = context.Clock.GetTimestamp();
        var progress = new StepProgress();
        observer.StepStarted(dataset, progress);
        FlowResult result;
        for (var attempt = 1; ; attempt++)
        {
            result = options.Replay is { } replay
                ? await new QuarantineReplay(context, replay.Where).RunAsync(dataset, progress, cancel)
                : options.Days is { } days ? await new DayRemake(context, days, options.LeavesLostDays).RunAsync(dataset, progress, cancel)
                : await new StepRunner(context, frugality).RunAsync(dataset, options.ModeOf(dataset), progress, cancel);
            if (result is not FlowResult.Failed { IsTransient: true } failed || failed.Code == EngineCodes.OutOfResources || attempt == TransientTries) break;
            await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt * attempt), context.Clock, cancel);
        }
        return new StepOutcome(dataset, result, context.Clock.GetElapsedTime(started));
    }

    private StepOutcome Ended(StepOutcome outcome)
    {
        observer.StepEnded(outcome);
        return outcome;
    }
}
