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

    /// <summary>Files hold what was erased from a table that reads them; rows of tables are erased where they came from.</summary>
    /// <exception cref="EngineException">Rows were erased since the table was made.</exception>
    public static async Task HoldErasureAsync(StepPreparation step, FileBatch files, CancellationToken cancel)
    {
        if (files.Files.Count == 0 || step.Target is not { } target) return;
        foreach (var commit in (await target.Table.HistoryAsync(cancel: cancel)).OrderByDescending(static c => c.Version))
        {
            if (commit.Operation?.StartsWith("CREATE", StringComparison.OrdinalIgnoreCase) == true) return;
            if (commit.Tags.GetValueOrDefault(CommitMarks.Removes) != CommitMarks.Erasure) continue;
            throw new EngineException(EngineCodes.DayErased, $"Making {step.Dataset.Name} again could bring back rows that were erased (version {commit.Version}): {files.Files[0].Path}{(files.Files.Count > 1 ? " and others" : "")}, which it reads again, may hold them still. "
                + $"Nothing was changed. Take them out of the files, and rebuild with --full-refresh {step.Dataset.Name}.");
        }
    }
}
