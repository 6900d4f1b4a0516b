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
        if (result is not DmlResult.Committed || !AppendOnlyProperty.IsOn(table.Snapshot)) return result;
        context.Probe($"{name}:after-delete");
        await SetAgainAsync(table, CancellationToken.None);
        return result;
    }

    /// <summary>
    /// Sets <c>delta.appendOnly</c> of a dataset's table where a delete that lifted it was cut short. Every batch of a bronze streaming table does it too; this is for those that
    /// get none.
    /// </summary>
    /// <returns>Whether it was lifted.</returns>
    public static async Task<bool> MendAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        var isAppendOnly = dataset is { Kind: DatasetKind.StreamingTable, Name.Layer: Layer.Bronze };
        if (!isAppendOnly || await context.Tables.FindAsync(dataset.Name, cancel) is not { } table || AppendOnlyProperty.IsOn(table.Snapshot)) return false;
        await SetAgainAsync(table, cancel);
        return true;
    }

    private static async Task SetAgainAsync(PinnedTable table, CancellationToken cancel) =>
        _ = await table.Table.CommitAsync(AppendOnlyProperty.SetAgain(table.Table.Folder, table.Snapshot.Metadata.Id, null, Guid.NewGuid().ToString("N")[..16]), null, cancel);
}
