using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Why a stream cannot go on, told to people with what to do.</summary>
internal sealed class StreamStop(UpdateContext context, StepPreparation step)
{
    private bool IsSink => step.Dataset.Kind == DatasetKind.Sink;

    private string Rebuild => IsSink ? $"to write everything anew, {SinkRestart.Of(context, step.Dataset)}" : $"rebuild with --full-refresh {step.Dataset.Name}";

    public EngineException For(StreamSource source, ChangeRange.Broken broken) => broken.Kind switch
    {
        ChangeBreak.LogGone => new EngineException(EngineCodes.StreamLogGone,
            $"{step.Dataset.Name} streams {source.Name}, whose log no longer holds version {broken.Version}. {Sentence(Rebuild)}, and keep the log longer than the pipeline may rest{(source.Options.StartingVersion is null ? "" : "; startingVersion names a version that must be there then too")}."),
        ChangeBreak.Replaced => new EngineException(EngineCodes.StreamReplaced,
            $"{step.Dataset.Name} streams {source.Name}, which was dropped and made again. {Sentence(Rebuild)}."),
        _ => new EngineException(EngineCodes.StreamChanged,
            $"{step.Dataset.Name} streams {source.Name}, and version {broken.Version} of it ({broken.Operation ?? "unknown operation"}) {What(broken.Kind)}. {Ways(source)}"),
    };

    /// <summary>What a full refresh that is yet to come will do to it.</summary>
    public EngineException Announced(StreamSource source) => new(EngineCodes.StreamChanged,
        $"{step.Dataset.Name} will stop after the full refresh of {source.Name}, which it streams: that replaces rows that were read. {Ways(source)}");

    public EngineException Remade(StreamSource source) => new(EngineCodes.StreamReplaced,
        $"{step.Dataset.Name} streams {source.Name}, which was dropped and made again. Its new rows have no relation to what was read: {Rebuild}.");

    /// <summary>A sink has neither a table to rebuild nor one to be a view.</summary>
    private string Ways(StreamSource source) => IsSink
        ? $"A stream reads appended rows only. To go on with what comes after, pass such commits over: STREAM {(source.Dataset is null ? $"read_delta('{source.Path}', skipChangeCommits => true)" : $"{source.Name} WITH (skipChangeCommits)")}. Or, {Rebuild}."
        : $"A stream reads appended rows only: {Rebuild}, make it a materialized view, stream the changes (STREAM table_changes), or pass such commits over (skipChangeCommits).";

    /// <summary>Files that hold rows which were erased before they were read.</summary>
    public EngineException Erased(StreamSource source, PassedVersion erasure) => new(EngineCodes.StreamChanged,
        $"{step.Dataset.Name} streams {source.Name}, and version {erasure.Version} of it erased rows that it had not read yet: it would read them all the same. {Sentence(Rebuild)}, which reads what is left.");

    public EngineException NotRecorded(StreamSource source) => new(EngineCodes.StreamChanged,
        $"{step.Dataset.Name} streams {source.Name}, and that table does not record its changes. Set its property delta.enableChangeDataFeed = true; changes are read from that version on.");

    /// <param name="source">What is streamed.</param>
    /// <param name="newestMs">The time of its newest version, in milliseconds since 1970 UTC.</param>
    public EngineException InFuture(StreamSource source, long newestMs) => new(EngineCodes.StreamInFuture,
        $"{step.Dataset.Name} is to stream {source.Name} from {source.Options.StartingTimestamp} on, which is after its newest version ({DateTimeOffset.FromUnixTimeMilliseconds(newestMs):yyyy-MM-dd HH:mm:ss} UTC). Write an earlier startingTimestamp, or startingVersion => 'latest' for what comes from now on.");

    /// <summary>The table as it was at a version that a stream has begun to read.</summary>
    public async Task<Snapshot> SnapshotAsync(DeltaTable table, long version, StreamSource source, CancellationToken cancel)
    {
        try
        {
            return await table.SnapshotAsync(version, cancel);
        }
        catch (DeltaLogException gone) when (gone.Fault is DeltaLogFault.VersionNotFound or DeltaLogFault.Gap)
        {
            throw For(source, new ChangeRange.Broken(ChangeBreak.LogGone, version, null));
        }
    }

    /// <summary>What the lake says of changes that it cannot give any more.</summary>
    public EngineException? Of(StreamSource source, DeltaLogException error) => error.Fault switch
    {
        DeltaLogFault.VersionNotFound or DeltaLogFault.Gap => new EngineException(EngineCodes.StreamLogGone,
            $"{step.Dataset.Name} streams {source.Name}: {error.Message.TrimEnd('.')}. {Sentence(Rebuild)}, and keep log and files longer than the pipeline may rest.", inner: error),
        DeltaLogFault.ChangesNotRecorded or DeltaLogFault.ChangesIncompatible => new EngineException(EngineCodes.StreamChanged,
            $"{step.Dataset.Name} streams {source.Name}: {error.Message.TrimEnd('.')}. {Sentence(Rebuild)}.", inner: error),
        _ => null,
    };

    private static string Sentence(string words) => char.ToUpperInvariant(words[0]) + words[1..];

    private static string What(ChangeBreak kind) => kind switch
    {
        ChangeBreak.Overwritten => "replaced its content",
        ChangeBreak.Restored => "restored an older version",
        _ => "changed or deleted rows",
    };
}
