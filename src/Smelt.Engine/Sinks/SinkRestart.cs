using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>How a sink is written anew, told to people: a full refresh cannot take back what others may have read.</summary>
internal static class SinkRestart
{
    /// <returns>Words without a full stop; paths are relative to the pipeline's folder where they are written so.</returns>
    public static string Of(UpdateContext context, Dataset sink) => $"remove its files in {sink.Sink!.Path} and its state {context.Layout.WrittenStatePathOf(sink.Name)}, and run again";
}
