using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The definition that a dataset's last done batches were made by.</summary>
public static class LastDefinition
{
    /// <returns>The dataset's hash where every flow's last batch was made by today's definition, else one that differs; null where nothing was made.</returns>
    public static async Task<string?> OfAsync(LakeLayout layout, Dataset dataset, CancellationToken cancel)
    {
        var (any, same, last) = (false, true, "");
        foreach (var flow in dataset.Flows)
        {
            var done = (await FlowState.OpenAsync(layout.State, dataset.Name, flow.IsDefault ? null : flow.Name, cancel)).Done;
            any |= done is not null;
            same &= done?.Definition == flow.DefinitionHash;
            last = done?.Definition ?? last;
        }
        return !any ? null : same ? dataset.DefinitionHash : dataset.Flows.Count == 1 ? last : "";
    }
}
