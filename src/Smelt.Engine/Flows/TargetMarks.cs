using System.Globalization;

namespace Smelt.Engine;

/// <summary>The idempotence marks (<c>txn</c>) of flows in a target's log, held against a flow's state.</summary>
internal static class TargetMarks
{
    private const string Prefix = "smelt:";

    /// <summary>The highest batch of a generation that the target holds; 0 for none.</summary>
    public static long HighestBatch(PinnedTable target, string flowId, int generation) =>
        target.Snapshot.Transactions.GetValueOrDefault(new BatchKey(flowId, generation, 0).AppId)?.Version ?? 0;

    /// <summary>The highest generation that any flow's mark in the target is of; 0 for none.</summary>
    public static int HighestGeneration(PinnedTable target) => target.Snapshot.Transactions.Keys.Select(GenerationOf).DefaultIfEmpty(0).Max();

    /// <summary>Whether every mark of this generation and later ones is one of these flows'. Earlier ones were replaced with the table, whoever's they were.</summary>
    public static bool AreOf(PinnedTable target, IReadOnlyList<string> flowIds, int generation) =>
        target.Snapshot.Transactions.Keys.Where(k => GenerationOf(k) >= generation).All(k => flowIds.Any(id => k.AsSpan(Prefix.Length).StartsWith(id + ":", StringComparison.Ordinal)));

    private static int GenerationOf(string appId)
    {
        if (!appId.StartsWith(Prefix, StringComparison.Ordinal) || appId.IndexOf(":g", Prefix.Length, StringComparison.Ordinal) is not (> 0 and var at)) return 0;
        var digits = appId.AsSpan(at + 2);
        var end = digits.IndexOf(':');
        return int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var generation) ? generation : 0;
    }

    /// <summary>A table without a mark of any flow was made by somebody else and is not for a flow to replace.</summary>
    public static void RefuseForeign(UpdateContext context, StepPreparation step)
    {
        if (step.Target is null || step.Target.Snapshot.Transactions.Keys.Any(static k => k.StartsWith(Prefix, StringComparison.Ordinal))) return;
        throw new EngineException(EngineCodes.ForeignTable,
            $"{context.Layout.PathOf(step.Dataset.Name)} holds a table that {step.Dataset.Name} did not make. Move it away, or give the dataset another name.");
    }

    /// <summary>
    /// A target may be one prepared batch ahead of its state: a process ended between the commit and the done record. More than that says that the state is an older copy,
    /// which would take new batches for ones that are committed already.
    /// </summary>
    public static void RefuseNewer(UpdateContext context, StepPreparation step)
    {
        var state = step.State!;
        if (step.Target is null || state.FlowId is null) return;
        var highest = HighestBatch(step.Target, state.FlowId, state.Generation);
        var newer = step.Target.Snapshot.Transactions.Keys.Any(k => IsNewerGeneration(k, state));
        if (!newer && (highest <= state.LastDone || (state.Has(state.Generation, (int)highest, "prepared") && !state.Has(state.Generation, (int)highest, "void")))) return;
        throw new EngineException(EngineCodes.StateBehind,
            $"The table {context.Layout.PathOf(step.Dataset.Name)} holds batches that the state of {step.Dataset.Name} does not know: the state is older than its table. Nothing was read or written. Put the newer {LakeLayout.SystemSchema} back, or rebuild the table with --full-refresh {step.Dataset.Name}.");
    }

    private static bool IsNewerGeneration(string appId, FlowState state)
    {
        var start = $"{Prefix}{state.FlowId}:g";
        return appId.StartsWith(start, StringComparison.Ordinal)
            && int.TryParse(appId.AsSpan(start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            && generation > state.Generation;
    }
}
