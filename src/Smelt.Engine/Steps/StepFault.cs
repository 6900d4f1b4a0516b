using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>An exception that a step can end with, as what people are told.</summary>
public sealed record StepFault(string Code, string Message, bool IsTransient)
{
    /// <summary>Null for cancellation and for faults of Smelt's own, which are not for a step to swallow.</summary>
    public static StepFault? Of(Exception error) => error switch
    {
        EngineException engine => new StepFault(engine.Code, engine.Message, engine.IsTransient),
        FileSourceException source => new StepFault(EngineCodes.SourceUnreadable, source.Message, source.IsTransient),
        DeltaLogException or UnsupportedProtocolException => new StepFault(EngineCodes.TableUnreadable, error.Message, false),
        StoreException store => new StepFault(IsFull(store) ? EngineCodes.OutOfResources : EngineCodes.Storage, store.Message, store.IsTransient),
        DuckDbException { Kind: DuckDbErrorKind.Interrupt } => null,
        DuckDbException { Kind: DuckDbErrorKind.OutOfMemory } memory => new StepFault(EngineCodes.OutOfResources, memory.Message, true),
        DuckDbException { Kind: DuckDbErrorKind.Io } io => new StepFault(IsFull(io) ? EngineCodes.OutOfResources : EngineCodes.Storage, io.Message, false),
        DuckDbException duckDb => new StepFault(EngineCodes.QueryFailed, duckDb.Message, false),
        UnauthorizedAccessException or IOException => new StepFault(IsFull(error) ? EngineCodes.OutOfResources : EngineCodes.Storage, error.Message, false),
        _ => null,
    };

    private static bool IsFull(Exception error) =>
        error.Message.Contains("No space left", StringComparison.OrdinalIgnoreCase) || error.InnerException is { } inner && IsFull(inner);
}
