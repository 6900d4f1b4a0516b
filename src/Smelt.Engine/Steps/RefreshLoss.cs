using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// What a full refresh of a streaming table would lose: rows that the table holds and that nothing it reads would bring again. It stops there, so that no table shrinks in silence.
/// </summary>
internal sealed class RefreshLoss(UpdateContext context, StepPreparation step)
{
    /// <summary>What to do where what would be lost is to be lost.</summary>
    public static string DropInstead(DatasetName name) => $"give it up (`smelt drop {name} --defined`) and run again: it then holds what its sources hold today";

    /// <summary>Of what was streamed, and of flows whose statements are gone.</summary>
    /// <returns>Tables of which it cannot be told any more.</returns>
    /// <exception cref="EngineException">Rows would be lost, or nobody can tell although rows are taken out of a table.</exception>
    public async Task<IReadOnlyList<string>> RefuseAsync(CancellationToken cancel)
    {
        RefuseOfRemoved();
        return await RefuseOfStreamsAsync(cancel);
    }

    /// <summary>A full refresh reads the source again: where its files no longer hold what the table holds, it would shrink the table in silence.</summary>
    /// <returns>What is to be said of files that were written over by others of no lesser size.</returns>
    /// <exception cref="EngineException">Files are gone, or hold less than when they were read.</exception>
    public async Task<IReadOnlyList<string>> RefuseOfFilesAsync(CancellationToken cancel)
    {
        var before = await step.State!.SeenFilesAsync(cancel);
        var files = before.Files.Select(f => (Seen: f, Now: new FileInfo(Path.GetFullPath(f.Path, context.Pipeline.Folder)))).ToList();
        if (files.FindAll(static f => !f.Now.Exists) is { Count: > 0 } gone)
        {
            throw new EngineException(EngineCodes.FullRefreshLoses,
                $"A full refresh of {step.Dataset.Name} would lose the rows of {gone.Count} of {before.Count} files that are no longer there: {Some(gone, static f => f.Seen.Path)}. Put them back, or {DropInstead(step.Dataset.Name)}.");
        }
        // What was erased goes from the files too.
        if (files.FindAll(static f => f.Now.Length < f.Seen.Size) is { Count: > 0 } smaller && await TakenRows.ErasedAsync(context, step.Dataset.Name, cancel) is null)
        {
            throw new EngineException(EngineCodes.FullRefreshLoses,
                $"A full refresh of {step.Dataset.Name} would lose rows of {smaller.Count} of {before.Count} files that were written over and hold less than when they were read: {Some(smaller, static f => $"{f.Seen.Path} ({f.Now.Length} bytes, {f.Seen.Size} then)")}. "
                + $"Put them back, or {DropInstead(step.Dataset.Name)}.");
        }
        return files.FindAll(static f => f.Now.Length != f.Seen.Size || f.Now.LastWriteTimeUtc.Ticks != f.Seen.ModifiedTicks) is { Count: > 0 } changed ? [$"read as they are now, and not as they were: {Some(changed, static f => f.Seen.Path)}"] : [];
    }

    private static string Some<T>(List<T> files, Func<T, string> told) => $"{string.Join(", ", files.Take(3).Select(told))}{(files.Count > 3 ? ", …" : "")}";

    /// <summary>What ran once over a table that lost rows since would not bring them again.</summary>
    public async Task RefuseOfTablesAsync(CancellationToken cancel)
    {
        foreach (var input in step.State!.Done?.Tables ?? [])
        {
            if (!DatasetName.TryParse(input.Name, out var name)) continue;
            var why = await context.Tables.FindAsync(name, cancel) is not { } table || table.Snapshot.Metadata.Id != input.TableId ? "was dropped or made anew"
                : await table.Table.AppendsBetweenAsync(input.TableId, input.Version, table.Snapshot, cancel) switch
                {
                    ChangeRange.Broken { Kind: not ChangeBreak.LogGone } broken => $"lost or changed rows since (version {broken.Version}, {broken.Operation ?? "unknown operation"})",
                    ChangeRange.Appends appends when appends.Passed.Any(RemovedRows.AreLost) => $"gave up rows since{RemovedRows.What(appends.Passed)}",
                    _ => null,
                };
            if (why is not null)
                throw new EngineException(EngineCodes.FullRefreshLoses, $"A full refresh of {step.Dataset.Name} would run {step.Flow.Name} again, and {input.Name}, which it read, {why}. Bring the rows back, or {DropInstead(step.Dataset.Name)}.");
        }
    }

    /// <summary>Rows that streamed tables no longer hold, and rows of flows whose statements are gone: a full refresh has nobody to make them again.</summary>
    private void RefuseOfRemoved()
    {
        if (step.State!.Done?.Streams.FirstOrDefault(static s => s.Passed > 0) is { } passed)
        {
            throw new EngineException(EngineCodes.FullRefreshLoses,
                $"A full refresh of {step.Dataset.Name} would lose rows that {passed.Name} no longer holds: {passed.Passed} of its commits took rows out after they were read, and were passed over. Or {DropInstead(step.Dataset.Name)}.");
        }
        var removed = RemovedFlows.Of(step);
        if (removed.Count == 0) return;
        throw new EngineException(EngineCodes.FullRefreshLoses,
            $"A full refresh of {step.Dataset.Name} would lose the rows of {RemovedFlows.Named(step.Dataset, removed)}, which no file defines any more. Bring the statement back, or {DropInstead(step.Dataset.Name)}.");
    }

    /// <summary>
    /// A full refresh reads streamed tables as they are: what retention took since the last batch was read and would be lost as well, and so would what changed where the stream passes
    /// all such commits over. Other changes are what a full refresh is to bring in.
    /// </summary>
    /// <returns>Tables of which it cannot be told any more.</returns>
    /// <exception cref="EngineException">Rows would be lost, or nobody can tell although rows are taken out of the table.</exception>
    private async Task<IReadOnlyList<string>> RefuseOfStreamsAsync(CancellationToken cancel)
    {
        var notes = new List<string>();
        if (step.State!.Done is not { } done) return notes;
        foreach (var source in StreamSource.Each(step.Query).Where(static s => !s.IsChanges))
        {
            if (await source.FindAsync(context, context.Tables, cancel) is not { } table || source.LastOf(done, table.Snapshot.Metadata.Id) is not { } read || table.Snapshot.Version <= read.To) continue;
            switch (await table.Table.AppendsBetweenAsync(read.TableId, read.To, table.Snapshot, skipChangeCommits: true, cancel))
            {
                case ChangeRange.Appends appends when appends.Passed.Where(p => RemovedRows.AreLost(p) && (p.Mark is not null || source.Options.SkipChangeCommits)).ToList() is { Count: > 0 } lost:
                    throw new EngineException(EngineCodes.FullRefreshLoses,
                        $"A full refresh of {step.Dataset.Name} would lose rows that {source.Name} no longer holds: {string.Join(", ", lost.Select(static p => p.Mark ?? $"version {p.Version} ({p.Operation ?? "unknown operation"})").Distinct().Take(5))} took them out of it{RemovedRows.What(lost)}. Or {DropInstead(step.Dataset.Name)}.");
                case ChangeRange.Broken { Kind: ChangeBreak.LogGone } gone when source.Options.SkipChangeCommits || Expires(source):
                    throw new EngineException(EngineCodes.FullRefreshLoses,
                        $"A full refresh of {step.Dataset.Name} may lose rows that {source.Name} no longer holds: it cannot be told, as the log of that table no longer holds version {gone.Version}, and rows are taken out of it. Or {DropInstead(step.Dataset.Name)}.");
                case ChangeRange.Broken { Kind: ChangeBreak.LogGone } gone:
                    notes.Add($"{source.Name}: its log no longer holds version {gone.Version}, so that nobody can tell whether rows were taken out of it since they were read");
                    break;
            }
        }
        return notes;
    }

    private bool Expires(StreamSource source) => source.Dataset is { } name && context.Pipeline.Graph.Find(name) is { } dataset && TakenRows.FirstKept(context, dataset) is not null;
}
