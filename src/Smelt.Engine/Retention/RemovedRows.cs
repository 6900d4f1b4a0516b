using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What it means for a table's readers that retention or erasure took rows out of it.</summary>
internal static class RemovedRows
{
    /// <summary>Whether a reader that is rebuilt would lose what it passed over: not where the rows came again, nor where they are to be forgotten by their readers too.</summary>
    public static bool AreLost(PassedVersion passed) => passed.Mark is not (CommitMarks.Remade or CommitMarks.Erasure);

    /// <summary>What went, in brackets, where the commits say it.</summary>
    public static string What(IEnumerable<PassedVersion> passed) =>
        passed.Select(static p => p.What).OfType<string>().Take(3).ToList() is { Count: > 0 } words ? $" ({string.Join("; ", words)})" : "";

    /// <summary>
    /// A full refresh reads streamed tables as they are: what retention took since the last batch was read and would be lost as well, and so would what changed where the stream passes
    /// all such commits over. Other changes are what a full refresh is to bring in.
    /// </summary>
    /// <returns>Tables of which it cannot be told any more.</returns>
    /// <exception cref="EngineException">Rows would be lost, or nobody can tell although rows are taken out of the table.</exception>
    public static async Task<IReadOnlyList<string>> RefuseLossAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var notes = new List<string>();
        if (step.State!.Done is not { } done) return notes;
        foreach (var source in StreamSource.Each(step.Query).Where(static s => !s.IsChanges))
        {
            if (await source.FindAsync(context, context.Tables, cancel) is not { } table || source.LastOf(done, table.Snapshot.Metadata.Id) is not { } read || table.Snapshot.Version <= read.To) continue;
            switch (await table.Table.AppendsBetweenAsync(read.TableId, read.To, table.Snapshot, skipChangeCommits: true, cancel))
            {
                case ChangeRange.Appends appends when appends.Passed.Where(p => AreLost(p) && (p.Mark is not null || source.Options.SkipChangeCommits)).ToList() is { Count: > 0 } lost:
                    throw new EngineException(EngineCodes.FullRefreshLoses,
                        $"A full refresh of {step.Dataset.Name} would lose rows that {source.Name} no longer holds: {string.Join(", ", lost.Select(static p => p.Mark ?? $"version {p.Version} ({p.Operation ?? "unknown operation"})").Distinct().Take(5))} took them out of it{What(lost)}. {DropInstead}");
                case ChangeRange.Broken { Kind: ChangeBreak.LogGone } gone when source.Options.SkipChangeCommits || Expires(context, source):
                    throw new EngineException(EngineCodes.FullRefreshLoses,
                        $"A full refresh of {step.Dataset.Name} may lose rows that {source.Name} no longer holds: it cannot be told, as the log of that table no longer holds version {gone.Version}, and rows are taken out of it. {DropInstead}");
                case ChangeRange.Broken { Kind: ChangeBreak.LogGone } gone:
                    notes.Add($"{source.Name}: its log no longer holds version {gone.Version}, so that nobody can tell whether rows were taken out of it since they were read");
                    break;
            }
        }
        return notes;
    }

    private const string DropInstead = "Drop the dataset and run again where it is to hold what its source holds today.";

    private static bool Expires(UpdateContext context, StreamSource source) => source.Dataset is { } name && context.Pipeline.Graph.Find(name) is { } dataset && TakenRows.FirstKept(context, dataset) is not null;

    /// <summary>A view equals its query over its inputs, and so grows smaller with them: never without a word.</summary>
    public static async Task<IReadOnlyList<string>> NotesAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        var notes = new List<string>();
        foreach (var before in step.State!.Done?.Tables ?? [])
        {
            if (!DatasetName.TryParse(before.Name, out var name) || await context.Tables.FindAsync(name, cancel) is not { } now) continue;
            if (now.Snapshot.Metadata.Id != before.TableId || await now.DataVersionAsync() <= before.Version) continue;
            if (await now.Table.AppendsBetweenAsync(before.TableId, before.Version, now.Snapshot, skipChangeCommits: true, cancel) is not ChangeRange.Appends appends) continue;
            foreach (var group in appends.Passed.Where(static p => p.Mark is CommitMarks.Retention or CommitMarks.Erasure).GroupBy(static p => p.Mark))
                notes.Add($"{before.Name}: {group.Key} took rows out{What(group)}; {step.Dataset.Name} holds what follows from the rows that are left");
        }
        return notes;
    }
}
