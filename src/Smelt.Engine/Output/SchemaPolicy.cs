using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Holds a dataset's columns against those of its table, as <c>schema_changes</c> of smelt.yml asks: by name when planned, by name and type when run.</summary>
internal static class SchemaPolicy
{
    /// <summary>The decision, or a stop where the columns that are known already break the policy.</summary>
    public static StepPreparation Held(UpdateContext context, StepPreparation step)
    {
        if (Changes(context, step.Dataset) == SchemaChanges.Any || step.Target is null || step.Dataset.Queries.Any(static q => q.IsOpen) || step.Decision.Action is not (StepAction.Run or StepAction.Skip)) return step;
        var names = context.Pipeline.Project.MetadataColumns;
        string?[] stamped = step.Dataset.Name.Layer == Layer.Bronze ? [names.IngestedAt, names.IngestionDate, names.Source, names.SourceFile, names.BatchId, names.RescuedData] : [];
        var columns = step.Query.Columns.Select(static c => (c.Name, (DeltaType?)null)).Concat(stamped.OfType<string>().Select(static n => (n, (DeltaType?)null)));
        // What one flow of several does not give another may.
        var others = step.Dataset.Columns.Select(static c => c.Name);
        return Breach(context, step, [.. columns], stamped.Length == 0 ? others : null, mayAdd: stamped.Length > 0 || IsFirstOfSeveral(step)) is { } breach
            ? step with { Decision = new StepDecision(StepAction.Stop, breach, EngineCodes.SchemaPolicy) } : step;
    }

    /// <exception cref="EngineException">The columns break the policy.</exception>
    public static void Hold(UpdateContext context, StepPreparation step, OutputShape shape)
    {
        if (Changes(context, step.Dataset) == SchemaChanges.Any || step.Target is null) return;
        if (Breach(context, step, [.. shape.Columns.Select(static c => (c.Name, (DeltaType?)c.Type))], step.Dataset.Flows.Count == 1 ? [] : null, IsFirstOfSeveral(step)) is { } breach)
            throw new EngineException(EngineCodes.SchemaPolicy, breach);
    }

    private static SchemaChanges Changes(UpdateContext context, Dataset dataset) => context.Pipeline.Project.PolicyOf(dataset.Name).SchemaChanges ?? SchemaChanges.Any;

    /// <summary>The first batch of one of several flows makes its part of the table: the columns that it brings are no change.</summary>
    private static bool IsFirstOfSeveral(StepPreparation step) => step.Dataset.Flows.Count > 1 && step.State?.Done is null;

    /// <param name="context">Of the update.</param>
    /// <param name="step">The flow.</param>
    /// <param name="columns">What it gives.</param>
    /// <param name="others">What else the table is given, so that a column it has besides is one that is gone; null: nobody knows.</param>
    /// <param name="mayAdd">Whether new columns are let pass.</param>
    private static string? Breach(UpdateContext context, StepPreparation step, IReadOnlyList<(string Name, DeltaType? Type)> columns, IEnumerable<string>? others, bool mayAdd)
    {
        var dataset = step.Dataset;
        var has = step.Target!.Snapshot.Schema.Fields.ToDictionary(static f => f.Name, static f => f.Type, StringComparer.OrdinalIgnoreCase);
        var wanted = columns.Select(static c => c.Name).Concat(others ?? []).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var gone = has.Keys.Where(n => others is not null && !wanted.Contains(n)).ToList();
        var changed = columns.Where(c => c.Type is not null && has.TryGetValue(c.Name, out var type) && !type.Equals(c.Type)).Select(static c => c.Name).ToList();
        var isStrict = Changes(context, dataset) == SchemaChanges.None;
        var added = isStrict && !mayAdd ? columns.Where(c => !has.ContainsKey(c.Name)).Select(static c => c.Name).ToList() : [];
        var parts = new List<string>();
        if (gone.Count > 0) parts.Add($"would lose {string.Join(", ", gone)}");
        if (changed.Count > 0) parts.Add($"would change the type of {string.Join(", ", changed)}");
        if (added.Count > 0) parts.Add($"would get {string.Join(", ", added)}");
        return parts.Count == 0 ? null : $"The table of {dataset.Name} {string.Join(" and ", parts)}, and its policy is schema_changes: {(isStrict ? "none" : "additive")}. Nothing was written. Change the query back, or the policy in smelt.yml.";
    }
}
