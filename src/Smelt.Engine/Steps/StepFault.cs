using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>An exception that a step can end with, as what people are told.</summary>
public sealed record StepFault(string Code, string Message, bool IsTransient)
{
    /// <inheritdoc cref="EngineException.Row"/>
    public string? Row { get; init; }

    /// <summary>Null for cancellation and for faults of Smelt's own, which are not for a step to swallow.</summary>
    public static StepFault? Of(Exception error) => error switch
    {
        EngineException engine => new StepFault(engine.Code, engine.Message, engine.IsTransient) { Row = engine.Row },
        FileSourceException source => new StepFault(EngineCodes.SourceUnreadable, source.Message, source.IsTransient),
        LakeException lake when TableFault.Advice(lake) is { } advice => new StepFault(EngineCodes.TableUnreadable, $"{error.Message.TrimEnd('.')}.{advice}", false),
        DataValueException value => new StepFault(EngineCodes.SchemaRefused, value.Message, false),
        StoreException store => Storage(store, store.IsTransient),
        DuckDbException { Kind: DuckDbErrorKind.Interrupt } => null,
        DuckDbException { Kind: DuckDbErrorKind.OutOfMemory } memory => new StepFault(EngineCodes.OutOfResources, memory.Message, true),
        DuckDbException { Kind: DuckDbErrorKind.Io } io => Storage(io, false),
        DuckDbException duckDb => new StepFault(EngineCodes.QueryFailed, duckDb.Message, false),
        UnauthorizedAccessException or IOException => Storage(error, false),
        _ => null,
    };

    /// <summary>Runs work of a step so that what it can end with is its result.</summary>
    /// <exception cref="OperationCanceledException">A query of it was interrupted.</exception>
    internal static Task<FlowResult> CaughtAsync(Func<Task<FlowResult>> work, CancellationToken cancel) => CaughtAsync(work, static failed => failed, cancel);

    /// <inheritdoc cref="CaughtAsync(Func{Task{FlowResult}}, CancellationToken)"/>
    /// <param name="work">Of the step.</param>
    /// <param name="failed">What a fault is among the results of the work.</param>
    /// <param name="cancel">What interrupts its queries.</param>
    internal static async Task<T> CaughtAsync<T>(Func<Task<T>> work, Func<FlowResult.Failed, T> failed, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (Of(error) is { } fault)
        {
            return failed(new FlowResult.Failed(fault.Code, fault.Message, fault.IsTransient, null, []) { Row = fault.Row });
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Interrupt)
        {
            throw new OperationCanceledException("The query was interrupted.", error, cancel);
        }
    }

    private static StepFault Storage(Exception error, bool isTransient)
    {
        var message = error.Message.TrimEnd('.');
        if (Says(error, "No space left", "disk was full", "File too large", "quota exceeded"))
            return new StepFault(EngineCodes.OutOfResources, $"{message}. The disk or a limit on files is full: make room, or name another place with storage: in platform.yml, and run again.", isTransient);
        if (error is UnauthorizedAccessException || error.InnerException is UnauthorizedAccessException || Says(error, "Permission denied"))
            return new StepFault(EngineCodes.Storage, $"{message}. Change its permissions, or run as the user that owns it.", isTransient);
        if (Says(error, "No files found that match the pattern"))
            return new StepFault(EngineCodes.Storage, $"{message}. A data file that the table's log names is gone: bring it back, or rebuild the table with --full-refresh.", isTransient);
        return new StepFault(EngineCodes.Storage, error.Message, isTransient);
    }

    private static bool Says(Exception error, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (error.Message.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return error.InnerException is { } inner && Says(inner, words);
    }
}
