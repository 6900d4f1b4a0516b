using Smelt.Connectors;

namespace Smelt.Engine;

/// <summary>
/// What is put before a batch that reads nothing new: rows let in from quarantine, days made again. Every offset stays where the last batch left it. Whoever finds it left over can run it as a batch
/// without input: it names what the definition reads today.
/// </summary>
internal static class ReplayIntent
{
    public static IntentRecord Of(UpdateContext context, StepPreparation step, BatchKey key) => new()
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
