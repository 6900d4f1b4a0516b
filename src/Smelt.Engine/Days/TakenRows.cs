using System.Globalization;
using Smelt.Connectors;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Rows that were taken out of a table on purpose, and that making days again must not bring back.</summary>
internal static class TakenRows
{
    /// <summary>The first day whose rows a dataset keeps; null: all are kept.</summary>
    public static DateOnly? FirstKept(UpdateContext context, Dataset dataset) => dataset.Flows.Any(static f => f.Kind is FlowKind.AutoCdc or FlowKind.Complete) ? null
        : RetentionPolicy.Of(dataset, context.Pipeline.Project, context.Pipeline.Target) is { Column: not null } policy ? policy.Period.FirstKept(DateOnly.FromDateTime(context.Clock.GetUtcNow().UtcDateTime)) : null;

    /// <summary>Why days that are older than rows are kept are not made again, as the end of a sentence; null where all of them are kept.</summary>
    public static string? Refusal(UpdateContext context, Dataset dataset, DayRange days, string column) =>
        FirstKept(context, dataset) is not { } first || days.First >= first || !column.Equals(RetentionPolicy.Of(dataset, context.Pipeline.Project, context.Pipeline.Target)!.Column, StringComparison.OrdinalIgnoreCase) ? null
        : $"its rows are kept from {first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} on, and {days} is before that (retention).";

    /// <summary>Files hold what was erased from a table that reads them, or from its quarantine; rows of tables are erased where they came from.</summary>
    /// <exception cref="EngineException">Rows were erased since the table was made.</exception>
    public static async Task HoldErasureAsync(UpdateContext context, StepPreparation step, FileBatch files, CancellationToken cancel)
    {
        if (files.Files.Count == 0) return;
        await HoldOwnErasureAsync(context, step, files.Files[0].Path + (files.Files.Count > 1 ? " and others" : ""), "Take them out of the files", cancel);
    }

    /// <summary>What is read as it was then holds what was erased since from the table that reads it, or from its quarantine.</summary>
    /// <param name="context">Of the update.</param>
    /// <param name="step">That would read it.</param>
    /// <param name="read">What, for people.</param>
    /// <param name="first">What to do before its full refresh.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="EngineException">Rows were erased since the table was made.</exception>
    public static async Task HoldOwnErasureAsync(UpdateContext context, StepPreparation step, string read, string first, CancellationToken cancel)
    {
        if (step.Target is not { } target) return;
        await HoldErasureAsync(step, target.Table, step.Dataset.Name.ToString(), -1, read, first, cancel);
        var name = context.Pipeline.Project.QuarantineOf(step.Dataset.Name);
        if (await context.Tables.FindAsync(name, cancel) is { } quarantine) await HoldErasureAsync(step, quarantine.Table, name.ToString(), -1, read, first, cancel);
    }

    /// <summary>An older version of a table holds what was erased from it since.</summary>
    /// <param name="step">That would read it.</param>
    /// <param name="input">The table.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="version">That would be read.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="EngineException">Rows were erased after that version.</exception>
    public static Task HoldErasureAsync(StepPreparation step, DeltaTable input, string name, long version, CancellationToken cancel) =>
        HoldErasureAsync(step, input, name, version, $"{name} at version {version}", $"Erase them from {step.Dataset.Name} too", cancel);

    private static async Task HoldErasureAsync(StepPreparation step, DeltaTable table, string name, long after, string read, string first, CancellationToken cancel)
    {
        foreach (var commit in (await table.HistoryAsync(cancel: cancel)).OrderByDescending(static c => c.Version))
        {
            // Made anew it follows from what is there; an older version of it does not.
            if (commit.Version <= after || (after < 0 && commit.Operation?.StartsWith("CREATE", StringComparison.OrdinalIgnoreCase) == true)) return;
            if (commit.Tags.GetValueOrDefault(CommitMarks.Removes) != CommitMarks.Erasure) continue;
            throw new EngineException(EngineCodes.DayErased, $"Making {step.Dataset.Name} again could bring back rows that were erased (version {commit.Version} of {name}): {read}, which it reads again, may hold them still. "
                + $"Nothing was changed. {first}, and rebuild with --full-refresh {step.Dataset.Name}.");
        }
    }
}
