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
