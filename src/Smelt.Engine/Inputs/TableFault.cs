using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>A Delta table that cannot be read, as people are told: which table, what is wrong, what to do.</summary>
internal static class TableFault
{
    /// <param name="table">The table as its reader knows it: a dataset, or a path.</param>
    /// <param name="error">What the lake said.</param>
    /// <returns>Null for other faults, such as those of the store.</returns>
    public static EngineException? Of(string table, LakeException error) => Advice(error) is { } advice
        ? new EngineException(EngineCodes.TableUnreadable, $"{table} cannot be read: {error.Message.TrimEnd('.')}.{advice}", inner: error)
        : null;

    /// <summary>What to do, as a sentence after another; null where the fault is not a table's.</summary>
    public static string? Advice(LakeException error) => error switch
    {
        UnsupportedProtocolException { ForWriting: true } => " Write to it with the engine that made it, or turn the feature off there.",
        UnsupportedProtocolException => " Read it with the engine that wrote it, or with a newer Smelt.",
        LegacyCalendarException => "",
        DeltaLogException { Fault: DeltaLogFault.NotATable } => " Name the folder that holds _delta_log.",
        DeltaLogException { Fault: DeltaLogFault.ChangesNotRecorded } => " Set the table's property delta.enableChangeDataFeed = true, and ask for the versions after.",
        DeltaLogException { Fault: DeltaLogFault.ChangesIncompatible } => "",
        DeltaLogException { Fault: DeltaLogFault.VersionNotFound } => " `smelt history` lists the versions that are there.",
        DeltaLogException => " Bring the file back from a copy, or move the table's folder away and rebuild the table with --full-refresh.",
        _ => null,
    };
}
