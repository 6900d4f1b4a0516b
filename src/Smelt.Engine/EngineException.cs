namespace Smelt.Engine;

/// <summary>A step cannot go on: what is wrong and what to do, with a stable code (docs/diagnostics.md, SM6xxx).</summary>
public sealed class EngineException(string code, string message, bool isTransient = false, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    /// <summary>The row that the fault is about, as JSON, for the person who looks. No log keeps it: its values may be anybody's.</summary>
    public string? Row { get; init; }

    /// <summary>Whether the same step may succeed later with nothing mended.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>Every code that an update can end with. A code is never used again for something else.</summary>
public static class EngineCodes
{
    /// <summary>The query failed while it ran.</summary>
    public const string QueryFailed = "SM6001";

    /// <summary>An expectation with FAIL UPDATE was broken.</summary>
    public const string ExpectationFailed = "SM6002";

    /// <summary>An expectation's predicate raised an error.</summary>
    public const string ExpectationRaised = "SM6003";

    /// <summary>An output expression raised an error and <c>cast_errors</c> is fail, or the query is not one whose rows can be set aside.</summary>
    public const string CastFailed = "SM6004";

    /// <summary>An output column's type or name cannot be stored, or the table has it otherwise.</summary>
    public const string SchemaRefused = "SM6005";

    /// <summary>A source file or folder cannot be read.</summary>
    public const string SourceUnreadable = "SM6006";

    /// <summary>An input has no rows and no schema yet.</summary>
    public const string InputMissing = "SM6007";

    /// <summary>The rows that a materialized view would hold fail its tests.</summary>
    public const string TestsFailed = "SM6060";

    /// <summary>A dataset's columns change in a way that its policy does not allow.</summary>
    public const string SchemaPolicy = "SM6061";

    /// <summary>A streamed table was changed other than by appends.</summary>
    public const string StreamChanged = "SM6101";

    /// <summary>A streamed table was dropped and made again, or replaced.</summary>
    public const string StreamReplaced = "SM6102";

    /// <summary>A streamed table's log no longer holds the versions needed.</summary>
    public const string StreamLogGone = "SM6103";

    /// <summary>A stream is to begin at a time after the newest version of its table.</summary>
    public const string StreamInFuture = "SM6190";

    /// <summary>A full extract is older than one that was applied.</summary>
    public const string ExtractOutOfOrder = "SM6140";

    /// <summary>AUTO CDC has other keys, another sequence or another kind of history than its table was made with.</summary>
    public const string CdcChanged = "SM6141";

    /// <summary>A sink's file was changed or removed while a batch waited to be delivered.</summary>
    public const string SinkFileChanged = "SM6142";

    /// <summary>The target has batches of this flow and the flow's state is gone.</summary>
    public const string StateGone = "SM6201";

    /// <summary>The flow's state is ahead of its target: the target was restored, replaced or removed.</summary>
    public const string StateAhead = "SM6202";

    /// <summary>There is a table where this flow is about to make one.</summary>
    public const string ForeignTable = "SM6203";

    /// <summary>A prepared batch's files are gone.</summary>
    public const string PreparedFilesGone = "SM6204";

    /// <summary>A state record cannot be read.</summary>
    public const string StateCorrupt = "SM6205";

    /// <summary>Other writers changed the target again and again while the batch was made.</summary>
    public const string TooManyConflicts = "SM6206";

    /// <summary>smelt.moved_from cannot be followed.</summary>
    public const string MoveRefused = "SM6207";

    /// <summary>A full refresh would lose rows that the source no longer holds.</summary>
    public const string FullRefreshLoses = "SM6208";

    /// <summary>The flow's state is older than its target: the target holds batches that the state does not know.</summary>
    public const string StateBehind = "SM6209";

    /// <summary>A materialized view is to be refreshed by its changes alone, and cannot be.</summary>
    public const string NotIncremental = "SM6280";

    /// <summary>A dataset cannot be made again by days.</summary>
    public const string DayRefused = "SM6220";

    /// <summary>Days made again would lose rows that the sources no longer hold.</summary>
    public const string DayLoses = "SM6243";

    /// <summary>Days made again could bring erased rows back.</summary>
    public const string DayErased = "SM6244";

    /// <summary>A prepared batch would put rows back into a quarantine that were taken out of it on purpose.</summary>
    public const string RemovedSince = "SM6245";

    /// <summary>Quarantined rows of a dataset cannot be let in again.</summary>
    public const string ReplayRefused = "SM6266";

    /// <summary>A table's old rows cannot be told from the others.</summary>
    public const string RetentionRefused = "SM6290";

    /// <summary>A statement cannot be done as it was written.</summary>
    public const string StatementRefused = "SM6401";

    /// <summary>A value of a statement does not fit its column, or an expression fails on a row.</summary>
    public const string ValueRefused = "SM6402";

    /// <summary>The table is append-only.</summary>
    public const string AppendOnly = "SM6403";

    /// <summary>Several rows of a MERGE's source match one row of its target.</summary>
    public const string MultipleMatches = "SM6404";

    /// <summary>Another update of the same lake is running.</summary>
    public const string UpdateRunning = "SM6301";

    /// <summary>The lake's storage cannot be read or written.</summary>
    public const string Storage = "SM6302";

    /// <summary>A Delta log is corrupt or a table needs what is not supported.</summary>
    public const string TableUnreadable = "SM6303";

    /// <summary>Memory or disk ran out.</summary>
    public const string OutOfResources = "SM6304";

    /// <summary>The update was interrupted.</summary>
    public const string Interrupted = "SM6305";

    /// <summary>A fault of Smelt's own.</summary>
    public const string Fault = "SM6999";
}
