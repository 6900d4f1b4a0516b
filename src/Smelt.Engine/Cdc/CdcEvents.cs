namespace Smelt.Engine;

/// <summary>Puts a batch's events into a table, by the rules of its layout.</summary>
internal static class CdcEvents
{
    /// <summary>Makes the rows and the memory of <paramref name="batch"/>'s events.</summary>
    public static Task ApplyAsync(CdcBatch batch, CancellationToken cancel) =>
        batch.Layout.KeepsHistory ? VersionedRows.ApplyAsync(batch, cancel)
        : batch.Layout.Ignoring.Count > 0 ? MergedRows.ApplyAsync(batch, cancel)
        : CurrentRows.ApplyAsync(batch, cancel);

    /// <summary>SQL of the events that came too late, as a condition on <c>e</c>: an event of <see cref="CdcBatch.Events"/>.</summary>
    public static string IsLate(CdcBatch batch)
    {
        var isCurrent = !batch.Layout.KeepsHistory && batch.Layout.Ignoring.Count == 0;
        // Where one event a key is left, those before it are as late as it is.
        return $"e.op = {(int)CdcOperation.Upsert} AND EXISTS (SELECT 1 FROM {CdcBatch.Late} AS l WHERE {batch.Sql.SameKey("e", "l")} AND e.seq {(isCurrent ? "<=" : "=")} l.seq)";
    }
}
