using Smelt.Connectors;

namespace Smelt.Engine;

/// <summary>
/// What is put before a batch that reads nothing new: rows let in from quarantine, days made again. Every offset stays where the last batch left it. Whoever finds it left over can run it as a batch
/// without input: it names what the definition reads today.
/// </summary>
internal static class ReplayIntent
{
    /// <summary>Puts the intent, unless it is there already.</summary>
    /// <returns>Null where another attempt began a batch with input meanwhile: that comes first.</returns>
    public static async Task<IntentRecord?> PutAsync(UpdateContext context, StepPreparation step, BatchKey key, CancellationToken cancel)
    {
        context.Probe(step.Label + ":before-intent");
        if (await step.State!.PutIntentAsync(key.Generation, key.Batch, Of(context, step, key), cancel) is not { IsReplay: true } intent) return null;
        context.Probe(step.Label + ":after-intent");
        return intent;
    }

    private static IntentRecord Of(UpdateContext context, StepPreparation step, BatchKey key) => new()
    {
        Update = context.UpdateId,
        AtMicros = context.NowMicros,
        BatchId = step.BatchIdOf(context.UpdateId, key),
        Sources = [.. step.Sources.Select(static source =>
        {
            var none = new FileBatch(source.Options.Format ?? FileFormat.Csv, []);
            return new SourceInput(source.Options.Path, none.ToJson(), none.Fingerprint);
        })],
        Streams = [.. step.State!.Done!.Streams.Select(static s => s.Nothing)],
        // What a flow that ran once has read is what it has read.
        Tables = step.Flow.Kind == Smelt.Pipelines.FlowKind.Once ? step.State.Done.Tables : step.Tables,
        IsReplay = true,
    };
}
