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
        if (step.Mode == RefreshMode.Full)
        {
            // A flow that never had a table is not to replace one; where it had, the user names it to be rebuilt, whoever made what is there now.
            if (state.Done is null) TargetMarks.RefuseForeign(context, step);
        }
        else
        {
            await HoldAgainstTargetAsync(step, cancel);
            var next = state.NextBatch();
            if (state.Has(state.Generation, next, "prepared")) return step with { Decision = new StepDecision(StepAction.Run, "a prepared batch to commit") };
        }
        var (tables, missing) = await StepInputs.TablesAsync(context, step.Dataset, cancel);
        if (missing.Count > 0) return step with { Decision = new StepDecision(StepAction.Wait, $"{string.Join(", ", missing)} has no data yet") };
        var reasons = new List<string>();
        var notes = new List<string>();
        var sources = await SourcesAsync(step, reasons, notes, cancel);
        var (streams, waiting) = await StreamsAsync(step, reasons, cancel);
        if (waiting is not null) return step with { Decision = new StepDecision(StepAction.Wait, waiting) };
        step = step with { Tables = tables, Sources = sources, Streams = streams };
        if (step.Mode != RefreshMode.Full && state.Has(state.Generation, state.NextBatch(), "intent")) reasons.Insert(0, "an interrupted batch");
        if (step.Mode == RefreshMode.Full) reasons.Insert(0, "full refresh");
        var isFirst = state.Done is null || step.Mode == RefreshMode.Full;
        if (reasons.Count == 0 && isFirst && sources.Count > 0) return step with { Decision = new StepDecision(StepAction.Wait, "its source has no files yet") { Notes = notes } };
        if (reasons.Count == 0 && isFirst) reasons.Add("first run");
        if (reasons.Count == 0) return step with { Decision = new StepDecision(StepAction.Skip, "nothing new") { Notes = notes } };
        if (state.Done is { } done && done.Definition != step.Dataset.DefinitionHash && step.Mode != RefreshMode.Full)
            reasons.Add("definition changed: goes on with the new query; --full-refresh recomputes what is there");
        return step with { Decision = new StepDecision(StepAction.Run, string.Join("; ", reasons)) { Notes = notes } };
    }

    /// <summary>State and target must tell the same story; where they do not, going on could lose or double rows.</summary>
    private async Task HoldAgainstTargetAsync(StepPreparation step, CancellationToken cancel)
    {
        var (dataset, state) = (step.Dataset, step.State!);
        var path = context.Layout.PathOf(dataset.Name);
        if (step.Target is null)
        {
            if (state.Done is null) return;
            throw new EngineException(EngineCodes.StateAhead,
                $"The state of {dataset.Name} knows {state.LastDone} batches and its table {path} is gone. Put the table back, or rebuild it with --full-refresh {dataset.Name}.");
        }
        var snapshot = step.Target.Snapshot;
        TargetMarks.RefuseNewer(context, step);
        if (state.Done is null)
        {
            if (state.FlowId is not null && state.Has(state.Generation, state.NextBatch(), "prepared")) return;
            TargetMarks.RefuseForeign(context, step);
            throw new EngineException(EngineCodes.StateGone,
                $"The table {path} has batches of {dataset.Name} and the flow's state is gone, so Smelt cannot know what was read. Put {LakeLayout.SystemSchema} back, or rebuild the table with --full-refresh {dataset.Name}.");
        }
        var key = new BatchKey(state.FlowId!, state.Generation, state.LastDone);
        var mark = snapshot.Transactions.GetValueOrDefault(key.AppId);
        if (snapshot.Metadata.Id != state.Done.TableId || mark is null || mark.Version < state.LastDone) throw Ahead(dataset, path, "replaced or restored");
        if (snapshot.Version <= state.Done.Version) return;
        var since = await step.Target.Table.AppendsBetweenAsync(snapshot.Metadata.Id, state.Done.Version, snapshot, cancel);
        if (since is ChangeRange.Broken { Kind: ChangeBreak.Restored or ChangeBreak.Overwritten or ChangeBreak.Replaced } broken)
            throw Ahead(dataset, path, $"{(broken.Kind == ChangeBreak.Restored ? "restored" : "replaced")} by another writer (version {broken.Version}, {broken.Operation})");
    }

    private static EngineException Ahead(Dataset dataset, string path, string what) => new(EngineCodes.StateAhead,
        $"The table {path} was {what}: the state of {dataset.Name} is ahead of it. Nothing was read or written. Bring the table back, or rebuild it with --full-refresh {dataset.Name}.");

    private async Task<IReadOnlyList<SourceFound>> SourcesAsync(StepPreparation step, List<string> reasons, List<string> notes, CancellationToken cancel)
    {
        var calls = step.Dataset.Query.Sources;
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
        if (step.Mode == RefreshMode.Full) await RefuseLossAsync(step, found, cancel);
        return found;
    }

    /// <summary>A full refresh reads the source again: where the source no longer holds what the table holds, it would shrink the table in silence.</summary>
    private async Task RefuseLossAsync(StepPreparation step, IReadOnlyList<SourceFound> found, CancellationToken cancel)
    {
        var before = await step.State!.SeenFilesAsync(cancel);
        var gone = before.Files.Where(f => !File.Exists(Path.GetFullPath(f.Path, context.Pipeline.Folder))).Select(static f => f.Path).ToList();
        if (gone.Count == 0) return;
        throw new EngineException(EngineCodes.FullRefreshLoses,
            $"A full refresh of {step.Dataset.Name} would lose the rows of {gone.Count} of {before.Count} files that are no longer there: {string.Join(", ", gone.Take(3))}{(gone.Count > 3 ? ", …" : "")}. Put them back, or drop the dataset and run again.");
    }

    private async Task<(IReadOnlyList<StreamRange> Ranges, string? Waiting)> StreamsAsync(StepPreparation step, List<string> reasons, CancellationToken cancel)
    {
        var ranges = new List<StreamRange>();
        foreach (var name in step.Dataset.Query.References.Where(static r => r is { IsStream: true, Dataset: not null }).Select(static r => r.Dataset!.Value).Distinct())
        {
            if (await context.Tables.FindAsync(name, cancel) is not { } table) return ([], $"{name} has no data yet");
            var range = await RangeAsync(step, name, table, reasons, cancel);
            ranges.Add(range);
        }
        return (ranges, null);
    }

    private static async Task<StreamRange> RangeAsync(StepPreparation step, DatasetName name, PinnedTable table, List<string> reasons, CancellationToken cancel)
    {
        var snapshot = table.Snapshot;
        var last = step.Mode == RefreshMode.Full ? null : step.State!.Done?.Streams.FirstOrDefault(s => s.Dataset == name);
        last ??= step.Mode == RefreshMode.Full ? null : step.State!.Done?.Streams.FirstOrDefault(s => s.TableId == snapshot.Metadata.Id);
        if (last is null)
        {
            if (snapshot.Files.Count > 0) reasons.Add($"all rows of {name}");
            return new StreamRange(name, snapshot.Metadata.Id, null, snapshot.Version);
        }
        if (last.TableId != snapshot.Metadata.Id)
        {
            throw new EngineException(EngineCodes.StreamReplaced,
                $"{step.Dataset.Name} streams {name}, which was dropped and made again. Its new rows have no relation to what was read: rebuild with --full-refresh {step.Dataset.Name}.");
        }
        if (last.To == snapshot.Version) return last with { Dataset = name, From = last.To };
        // Another run went further than what this update saw first: there is nothing for it to add.
        if (last.To > snapshot.Version && await table.Table.TrySnapshotAsync(cancel) is { } now && now.Metadata.Id == last.TableId && now.Version >= last.To)
            return last with { Dataset = name, From = last.To };
        var change = await table.Table.AppendsBetweenAsync(last.TableId, last.To, snapshot, cancel);
        if (change is ChangeRange.Broken broken) throw StreamStop.For(step.Dataset, name, broken);
        var appends = (ChangeRange.Appends)change;
        if (appends.Files.Any()) reasons.Add($"new rows in {name}");
        return new StreamRange(name, last.TableId, last.To, snapshot.Version);
    }
}

/// <summary>Why a stream cannot go on, told to people.</summary>
internal static class StreamStop
{
    public static EngineException For(Dataset dataset, DatasetName stream, ChangeRange.Broken broken) => broken.Kind switch
    {
        ChangeBreak.LogGone => new EngineException(EngineCodes.StreamLogGone,
            $"{dataset.Name} streams {stream}, whose log no longer holds version {broken.Version}. Rebuild with --full-refresh {dataset.Name}, and keep the log longer than the pipeline may rest."),
        ChangeBreak.Replaced => new EngineException(EngineCodes.StreamReplaced,
            $"{dataset.Name} streams {stream}, which was dropped and made again. Rebuild with --full-refresh {dataset.Name}."),
        _ => new EngineException(EngineCodes.StreamChanged,
            $"{dataset.Name} streams {stream}, and version {broken.Version} of it ({broken.Operation ?? "unknown operation"}) {What(broken.Kind)}. A stream reads appended rows only: rebuild with --full-refresh {dataset.Name}, or make it a materialized view."),
    };

    private static string What(ChangeBreak kind) => kind switch
    {
        ChangeBreak.Overwritten => "replaced its content",
        ChangeBreak.Restored => "restored an older version",
        _ => "changed or deleted rows",
    };
}
