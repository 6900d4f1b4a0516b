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

    /// <summary>A full refresh reads streamed tables as they are: what retention took since the last batch was read and would be lost as well.</summary>
    /// <exception cref="EngineException">Rows would be lost.</exception>
    public static async Task RefuseLossAsync(UpdateContext context, StepPreparation step, CancellationToken cancel)
    {
        foreach (var source in StreamSource.Each(step.Query).Where(static s => !s.IsChanges))
        {
            var read = step.State!.Done?.Streams.FirstOrDefault(s => s.Name.Equals(source.Name, StringComparison.OrdinalIgnoreCase));
            if (read is null || await source.FindAsync(context, context.Tables, cancel) is not { } table || table.Snapshot.Version <= read.To) continue;
            if (await table.Table.AppendsBetweenAsync(read.TableId, read.To, table.Snapshot, cancel) is not ChangeRange.Appends appends) continue;
            if (appends.Passed.Where(AreLost).ToList() is not { Count: > 0 } lost) continue;
            throw new EngineException(EngineCodes.FullRefreshLoses,
                $"A full refresh of {step.Dataset.Name} would lose rows that {source.Name} no longer holds: {string.Join(", ", lost.Select(static p => p.Mark).Distinct())} took them out of it{What(lost)}. Drop the dataset and run again where it is to hold what its source holds today.");
        }
    }

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
