using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Flows that wrote a table and that no file defines any more: their rows stay, and that is told.</summary>
internal static class RemovedFlows
{
    public static IReadOnlyList<string> Of(StepPreparation step) => step.Dataset.Kind != DatasetKind.StreamingTable || step.State is null ? []
        : step.State.Table.Without(step.Dataset.Flows.Where(static f => !f.IsDefault).Select(static f => f.Name), step.Dataset.Flows.Any(static f => f.IsDefault));

    /// <summary>Those that have begun a full refresh which is not finished: nobody else can.</summary>
    public static IReadOnlyList<string> Begun(StepPreparation step) => [.. Of(step).Where(f => step.State!.Table.HasOpen(f.Length == 0 ? null : f))];

    public static string Named(Dataset dataset, IReadOnlyList<string> flows) =>
        string.Join(" and ", flows.Select(f => f.Length == 0 ? $"the query that {dataset.Name} had of its own" : $"the flow {f}"));

    public static string? Note(StepPreparation step) => Of(step) is { Count: > 0 } removed ? $"{Named(step.Dataset, removed)} is no longer defined; its rows stay" : null;
}
