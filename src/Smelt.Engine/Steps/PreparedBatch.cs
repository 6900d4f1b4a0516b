namespace Smelt.Engine;

/// <summary>What every batch ends with, be it for a table or a sink: its prepared record is put, and what is prepared then is committed.</summary>
internal sealed class PreparedBatch(UpdateContext context, StepPreparation step, BatchKey key)
{
    /// <param name="made">What this attempt staged. Where another was sooner, that one's record is committed.</param>
    /// <param name="commit">Commits a record.</param>
    /// <param name="cancel">Ends the work between commits.</param>
    /// <returns>Null where the batch is void: the step starts over.</returns>
    public async Task<FlowResult?> PutAsync(PreparedRecord made, Func<PreparedRecord, Task<FlowResult?>> commit, CancellationToken cancel)
    {
        context.Probe(step.Label + ":before-prepared");
        var record = await step.State!.PutPreparedAsync(key.Generation, key.Batch, made, cancel);
        context.Probe(step.Label + ":after-prepared");
        return await FinishAsync(record, commit, cancel);
    }

    /// <summary>Commits a prepared record, or sets a batch aside that another attempt gave up.</summary>
    /// <returns>Null where the batch is void.</returns>
    public async Task<FlowResult?> FinishAsync(PreparedRecord record, Func<PreparedRecord, Task<FlowResult?>> commit, CancellationToken cancel)
    {
        if (record.VoidReason is null) return await commit(record);
        await step.State!.PutVoidAsync(key.Generation, key.Batch, record.VoidReason, cancel);
        return null;
    }
}
