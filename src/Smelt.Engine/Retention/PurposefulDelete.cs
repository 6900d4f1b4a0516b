using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A delete for retention or erasure: the only one that a bronze streaming table lets through.</summary>
public static class PurposefulDelete
{
    /// <param name="context">Of the work.</param>
    /// <param name="name">The table, for named points of the work.</param>
    /// <param name="table">As it was before.</param>
    /// <param name="delete">The delete, which may lift <c>delta.appendOnly</c>.</param>
    /// <param name="cancel">Obeyed until rows are gone; the property is set again in any case.</param>
    public static async Task<DmlResult> RunAsync(UpdateContext context, string name, PinnedTable table, Func<ValueTask<DmlResult>> delete, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var result = await delete();
        // What the commit did counts: the table may have been another when it was looked at.
        if (result is not DmlResult.Committed { LiftedAppendOnly: true }) return result;
        context.Probe($"{name}:after-delete");
        await SetAgainAsync(name, table, CancellationToken.None);
        return result;
    }

    /// <summary>
    /// Sets <c>delta.appendOnly</c> of a dataset's table where a delete that lifted it was cut short. Every batch of such a table does it too; this is for those that
    /// get none.
    /// </summary>
    /// <returns>Whether it was lifted.</returns>
    public static async Task<bool> MendAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        if (!TargetTable.IsAppendOnly(dataset) || await context.Tables.FindAsync(dataset.Name, cancel) is not { } table || AppendOnlyProperty.IsOn(table.Snapshot)) return false;
        // What follows in the same work is to see it set.
        context.Tables.Publish(dataset.Name, table.Table, await SetAgainAsync(dataset.Name.ToString(), table, cancel));
        return true;
    }

    /// <returns>The table with the property.</returns>
    private static async Task<Snapshot> SetAgainAsync(string name, PinnedTable table, CancellationToken cancel)
    {
        var plan = AppendOnlyProperty.SetAgain(table.Table.Folder, table.Snapshot.Metadata.Id, null, Guid.NewGuid().ToString("N")[..16]);
        return await table.Table.CommitAsync(plan, null, cancel) switch
        {
            CommitResult.Committed committed => committed.Snapshot,
            CommitResult.AlreadyCommitted there => there.Snapshot,
            CommitResult.Conflict conflict => throw new EngineException(EngineCodes.TooManyConflicts, $"The rows of {name} are gone, and {AppendOnlyProperty.Name} could not be set again: {conflict.Reason}. `smelt maintain` sets it."),
            var other => throw new InvalidOperationException(other.ToString()),
        };
    }
}
