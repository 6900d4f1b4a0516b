using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Decides what a streaming table's step does: what is new since its last batch, and whether it may go on at all.</summary>
internal sealed class StreamPlanner(UpdateContext context)
{
    public async Task<StepPreparation> DecideAsync(StepPreparation step, CancellationToken cancel)
    {
        var state = step.State!;
        var notes = new List<string>();
        if (step is { Dataset.Kind: DatasetKind.Sink, Mode: RefreshMode.Full })
            throw new EngineException(EngineCodes.FullRefreshLoses, $"{step.Dataset.Name} is a sink: what it was given cannot be taken back. Write another sink; or, to write everything anew, {SinkRestart.Of(context, step.Dataset)}.");
        if (step.Dataset.Kind == DatasetKind.Sink && state.IsPrepared)
            return step with { Decision = new StepDecision(StepAction.Run, "a prepared batch to deliver") };
        if (step.Mode == RefreshMode.Full)
        {
            TargetMarks.RefuseForeign(context, step);
            notes.AddRange(await new RefreshLoss(context, step).RefuseAsync(cancel));
            if (await TakenRows.NotErasedAboveAsync(context, [step], cancel) is (var from, var at, { Count: > 0 } upstream))
                notes.Add($"rows were erased from {from} ({at.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)} UTC) and none from {string.Join(", ", upstream)}, which it reads: those that are there come back");
        }
        else if (step.Dataset.Kind != DatasetKind.Sink)
        {
            // A full refresh that is prepared replaces what a sibling would append before it, and brings this flow's rows too.
            if (state is { Done: null, Generation: > 1 } && state.Table.HasOpenBesides(step.FlowName) && !state.IsPrepared)
                return step with { Decision = Unfinished(step) };
            await new TargetCheck(context).HoldAsync(step, cancel);
            if (state.IsPrepared) return step with { Decision = new StepDecision(StepAction.Run, "a prepared batch to commit") };
        }
        if (step.Flow.Kind == FlowKind.Once && step.Mode != RefreshMode.Full && state.Done is { } ran) return step with { Decision = Ran(step, ran) };
        var (tables, missing) = await StepInputs.TablesAsync(context, step.Query, cancel);
        if (missing.Count > 0) return step with { Decision = new StepDecision(StepAction.Wait, $"{string.Join(", ", missing)} has no data yet") };
        if (step.Flow.Kind == FlowKind.Once) return await DecideOnceAsync(step with { Tables = tables }, cancel);
        var reasons = new List<string>();
        var sources = await SourcesAsync(step, reasons, notes, cancel);
        var (streams, waiting) = await StreamsAsync(step, reasons, notes, cancel);
        if (waiting is not null) return step with { Decision = new StepDecision(StepAction.Wait, waiting) };
        step = step with { Tables = tables, Sources = sources, Streams = streams };
        if (step.Mode != RefreshMode.Full && state.Has(state.Generation, state.NextBatch(), "intent")) reasons.Insert(0, "an interrupted batch");
        if (step.Mode == RefreshMode.Full) reasons.Insert(0, "full refresh");
        var isFirst = state.Done is null || step.Mode == RefreshMode.Full;
        if (reasons.Count == 0 && isFirst && sources.Count > 0) return step with { Decision = new StepDecision(StepAction.Wait, "its source has no files yet" + FoldersOnly.Told(context.Pipeline.Folder, sources)) { Notes = notes } };
        if (step.Flow.Cdc is { IsSnapshot: true }) reasons.AddRange(Extracts.Changed(step));
        if (reasons.Count == 0 && isFirst) reasons.Add("first run");
        if (reasons.Count == 0) return step with { Decision = new StepDecision(StepAction.Skip, "nothing new") { Notes = notes } };
        if (step.Mode != RefreshMode.Full && KeptOtherwise.Of(step) is { } kept) throw kept;
        if (state.Done is { } done && done.Definition != step.Flow.DefinitionHash && step.Mode != RefreshMode.Full)
            reasons.Add("definition changed: goes on with the new query" + (step.Dataset.Kind == DatasetKind.Sink ? "" : "; --full-refresh recomputes what is there"));
        return step with { Decision = new StepDecision(StepAction.Run, string.Join("; ", reasons)) { Notes = notes } };
    }

    private static StepDecision Unfinished(StepPreparation step) => RemovedFlows.Begun(step) is not { Count: > 0 } removed ? new StepDecision(StepAction.Wait, "the full refresh of its table is not finished")
        : throw new EngineException(EngineCodes.RefreshUnfinished,
            $"A full refresh of {step.Dataset.Name} was cut short, and {RemovedFlows.Named(step.Dataset, removed)}, which no file defines any more, is to finish it. Bring the statement back and run again; it may be removed after that. Or {RefreshLoss.DropInstead(step.Dataset.Name)}.");

    /// <summary>It reads whole inputs, and has no offsets to go on from.</summary>
    private async Task<StepPreparation> DecideOnceAsync(StepPreparation step, CancellationToken cancel)
    {
        if (step.Mode == RefreshMode.Full)
        {
            var loss = new RefreshLoss(context, step);
            await loss.RefuseOfFilesAsync(cancel);
            await loss.RefuseOfTablesAsync(cancel);
        }
        var sources = WholeSources.Find(context, step, cancel);
        if (sources.Find(static s => s.Snapshot is not { Files.Count: > 0 }) is { } empty)
            return step with { Sources = sources, Decision = new StepDecision(StepAction.Wait, $"{empty.Options.Path} has no files yet") };
        return step with { Sources = sources, Decision = new StepDecision(StepAction.Run, step.Mode == RefreshMode.Full ? "full refresh; runs once" : "runs once") };
    }

    private StepDecision Ran(StepPreparation step, DoneRecord done) => new(StepAction.Skip, "it ran once")
    {
        Notes = done.Definition == step.Flow.DefinitionHash ? [] : [$"the flow {step.Flow.Name} ran once and its definition changed since: {(step.Dataset.Kind == DatasetKind.Sink ? $"to write everything anew, {SinkRestart.Of(context, step.Dataset)}" : $"only --full-refresh {step.Dataset.Name} runs it again")}"],
    };

    private async Task<IReadOnlyList<SourceFound>> SourcesAsync(StepPreparation step, List<string> reasons, List<string> notes, CancellationToken cancel)
    {
        var calls = step.Query.FileSources.ToList();
        if (calls.Count == 0) return [];
        var seen = step.Mode == RefreshMode.Full ? new SeenFiles() : await step.State!.SeenFilesAsync(cancel);
        var found = new List<SourceFound>();
        foreach (var call in calls)
        {
            var options = SourceOptions.Of(call, context.Pipeline.Project.MetadataColumns);
            var result = FileSource.Discover(options, context.Pipeline.Folder, seen, cancel);
            if (result is DiscoveryResult.Failed failed)
                throw new EngineException(EngineCodes.SourceUnreadable, string.Join(" ", failed.Problems.Select(static p => p.Message)));
            notes.AddRange(result.Warnings.Select(static w => w.Message));
            var files = (result as DiscoveryResult.Found)?.Files;
            if (files is not null && files.Count > 0) reasons.Add($"{files.Count} new {(files.Count == 1 ? "file" : "files")} in {options.Path}");
            found.Add(new SourceFound(call, options, files, null));
        }
        if (step.Mode == RefreshMode.Full) notes.AddRange(await new RefreshLoss(context, step).RefuseOfFilesAsync(cancel));
        return found;
    }

    private async Task<(IReadOnlyList<StreamRange> Ranges, string? Waiting)> StreamsAsync(StepPreparation step, List<string> reasons, List<string> notes, CancellationToken cancel)
    {
        var ranges = new List<StreamRange>();
        foreach (var source in StreamSource.Each(step.Query))
        {
            if (await source.FindAsync(context, context.Tables, cancel) is not { } table) return ([], source.Dataset is null ? $"there is no Delta table at {source.Path} yet" : $"{source.Dataset} has no data yet");
            ranges.Add(await new StreamRangePlanner(context, step, source, table, reasons, notes).PlanAsync(cancel));
        }
        return (ranges, null);
    }
}
