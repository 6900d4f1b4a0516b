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
        if (await ErasedAsync(context, step.Dataset.Name, cancel) is (var from, var at)) throw Erased(step, from, at, read, first);
    }

    /// <summary>Where rows were erased since a dataset's table was made, and when: from it or from its quarantine; null where none were.</summary>
    public static async Task<(string From, DateTimeOffset At)?> ErasedAsync(UpdateContext context, DatasetName dataset, CancellationToken cancel)
    {
        foreach (var name in (DatasetName[])[dataset, context.Pipeline.Project.QuarantineOf(dataset)])
        {
            if (await context.Tables.FindAsync(name, cancel) is { } table && ErasureMark.Since(table.Snapshot) is { } at) return (name.ToString(), at);
        }
        return null;
    }

    /// <summary>An older version of a table holds what was erased from it since.</summary>
    /// <param name="step">That would read it.</param>
    /// <param name="name">The table's name.</param>
    /// <param name="now">The table as it is.</param>
    /// <param name="then">The version that would be read.</param>
    /// <exception cref="EngineException">Rows were erased after that version.</exception>
    public static void HoldErasure(StepPreparation step, string name, Snapshot now, Snapshot then)
    {
        if (ErasureMark.Since(now, then) is { } at) throw Erased(step, name, at, $"{name} at version {then.Version}", $"Erase them from {step.Dataset.Name} too");
    }

    /// <summary>The tables that a streaming table reads and that nobody erased anything from, although rows were erased from itself or its quarantine.</summary>
    /// <param name="context">Of the update.</param>
    /// <param name="flows">Of the table.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>Null where nothing was erased since the table was made; else where and when, and those tables.</returns>
    public static async Task<(string From, DateTimeOffset At, IReadOnlyList<string> Upstream)?> NotErasedAboveAsync(UpdateContext context, IReadOnlyList<StepPreparation> flows, CancellationToken cancel)
    {
        if (await ErasedAsync(context, flows[0].Dataset.Name, cancel) is not (var from, var at)) return null;
        var upstream = new List<string>();
        foreach (var source in flows.SelectMany(static f => StreamSource.Each(f.Query)))
            if (await source.FindAsync(context, context.Tables, cancel) is { } read && ErasureMark.Since(read.Snapshot) is null && !upstream.Contains(source.Name)) upstream.Add(source.Name);
        return (from, at, upstream);
    }

    /// <summary>Days of a table that reads others: what was erased from it alone would come back.</summary>
    /// <exception cref="EngineException">Rows were erased from it, and from a table that it reads none.</exception>
    public static async Task HoldErasureAboveAsync(UpdateContext context, IReadOnlyList<StepPreparation> flows, CancellationToken cancel)
    {
        if (await NotErasedAboveAsync(context, flows, cancel) is not (var from, var at, { Count: > 0 } upstream)) return;
        throw Erased(flows[0], from, at, string.Join(", ", upstream), $"Erase them from {string.Join(", ", upstream)} too");
    }

    private static EngineException Erased(StepPreparation step, string name, DateTimeOffset at, string read, string first) =>
        new(EngineCodes.DayErased, $"Making {step.Dataset.Name} again could bring back rows that were erased (from {name}, {at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC): {read}, which it reads again, may hold them still. "
            + $"Nothing was changed. {first}, and rebuild with --full-refresh {step.Dataset.Name}.");
}
