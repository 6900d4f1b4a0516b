using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The quarantined rows that one flow lets in again, as one batch of it.</summary>
/// <param name="Rows">SQL condition over the quarantine's columns.</param>
/// <param name="IsKept">Whether the kept rows are judged, as nobody knows which flow's query their input is for.</param>
internal sealed record ReplayPart(Flow Flow, string Rows, bool IsKept)
{
    /// <summary>
    /// Each flow with its own rows; and one with those of which it is not known, or whose flow no file defines any more.
    /// </summary>
    /// <param name="dataset">The table.</param>
    /// <param name="quarantine">The columns of its quarantine.</param>
    /// <param name="table">The columns of the table: where it has a <c>_flow</c> of its own, the quarantine's is that one and tells no flow.</param>
    /// <param name="any">A flow that has written the table.</param>
    public static IReadOnlyList<ReplayPart> Of(Dataset dataset, StructType quarantine, StructType? table, Flow any)
    {
        var isTold = quarantine.Find(QuarantineColumns.Flow) is not null && table?.Find(QuarantineColumns.Flow) is null;
        var alone = dataset.Flows.Count == 1;
        if (!isTold) return alone ? [new ReplayPart(dataset.Flows[0], "true", false)] : [new ReplayPart(any, "true", true)];
        var own = dataset.Flows.Select(f => new ReplayPart(f, IsOf(dataset, f) + (alone ? $" OR {QuarantineColumns.Flow} IS NULL" : ""), false)).ToList();
        return [.. own, new ReplayPart(any, $"({string.Join(" OR ", own.Select(static p => p.Rows))}) IS NOT TRUE", true)];
    }

    /// <summary>The table's own query bears the table's name, which may have been another.</summary>
    private static string IsOf(Dataset dataset, Flow flow)
    {
        var names = new List<string> { flow.Name };
        if (flow.IsDefault && dataset.MovedFrom is { } before) names.Add(before.Name);
        return $"lower({QuarantineColumns.Flow}::VARCHAR) IN ({string.Join(", ", names.Select(static n => SqlText.Literal(n.ToLowerInvariant())))})";
    }
}
