namespace Smelt.Lake;

/// <summary>A fault of the lake: its store or a table's log. What a user may expect to happen (a conflict, a refused schema) is a typed result instead.</summary>
/// <param name="code">Stable name of the fault, e.g. <c>log-corrupt</c>.</param>
/// <param name="message">A sentence that says what is wrong and, where there is one, what to do.</param>
/// <param name="isTransient">Whether trying the same again may succeed.</param>
/// <param name="inner">What caused it.</param>
public abstract class LakeException(string code, string message, bool isTransient = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Stable name of the fault.</summary>
    public string Code { get; } = code;

    /// <summary>Whether trying the same again may succeed.</summary>
    public bool IsTransient { get; } = isTransient;
}

/// <summary>The object store refused or failed an operation.</summary>
public sealed class StoreException(string code, string message, bool isTransient = false, Exception? inner = null)
    : LakeException(code, message, isTransient, inner);

/// <summary>A table's log cannot be read as the protocol demands.</summary>
public sealed class DeltaLogException(DeltaLogFault fault, string table, string message, string? file = null, int? line = null, Exception? inner = null)
    : LakeException(CodeOf(fault), Describe(table, message, file, line), isTransient: false, inner)
{
    /// <summary>What kind of fault.</summary>
    public DeltaLogFault Fault { get; } = fault;

    /// <summary>Folder of the table, as its store names it.</summary>
    public string Table { get; } = table;

    /// <summary>File of the log that is at fault, relative to the store.</summary>
    public string? File { get; } = file;

    /// <summary>Line in that file, from 1.</summary>
    public int? Line { get; } = line;

    private static string CodeOf(DeltaLogFault fault) => fault switch
    {
        DeltaLogFault.NotATable => "log-not-a-table",
        DeltaLogFault.Corrupt => "log-corrupt",
        DeltaLogFault.Gap => "log-gap",
        DeltaLogFault.VersionNotFound => "log-version-not-found",
        DeltaLogFault.Incomplete => "log-incomplete",
        DeltaLogFault.ChangesNotRecorded => "changes-not-recorded",
        DeltaLogFault.ChangesIncompatible => "changes-incompatible",
        _ => "log-fault",
    };

    private static string Describe(string table, string message, string? file, int? line)
    {
        var place = file is null ? $"table '{table}'" : line is null ? $"'{file}'" : $"'{file}' line {line}";
        return $"{place}: {message}";
    }
}

/// <summary>Kinds of <see cref="DeltaLogException"/>.</summary>
public enum DeltaLogFault
{
    /// <summary>There is no Delta log in the folder.</summary>
    NotATable,

    /// <summary>A file of the log holds what cannot be parsed.</summary>
    Corrupt,

    /// <summary>Versions of the log are missing between others.</summary>
    Gap,

    /// <summary>The version asked for is not in the log (any more, or yet).</summary>
    VersionNotFound,

    /// <summary>The log has no protocol or no metaData action.</summary>
    Incomplete,

    /// <summary>The change data feed was not enabled at a version asked for.</summary>
    ChangesNotRecorded,

    /// <summary>Versions asked for have schemas that do not go into one.</summary>
    ChangesIncompatible,
}

/// <summary>The table needs protocol features that this implementation does not have (PROTOCOL.md, "Table Features": such a table must not be touched).</summary>
public sealed class UnsupportedProtocolException : LakeException
{
    /// <param name="table">Folder of the table.</param>
    /// <param name="forWriting">Whether writing, not reading, is what cannot be done.</param>
    /// <param name="features">Each feature, or each version number, that is not supported.</param>
    public UnsupportedProtocolException(string table, bool forWriting, IReadOnlyList<string> features)
        : base(forWriting ? "protocol-write-unsupported" : "protocol-read-unsupported",
            $"table '{table}' cannot be {(forWriting ? "written" : "read")}: it needs {string.Join(", ", features)}, which Smelt does not support")
    {
        Table = table;
        ForWriting = forWriting;
        Features = features;
    }

    /// <summary>Folder of the table.</summary>
    public string Table { get; }

    /// <summary>Whether writing, not reading, is what cannot be done.</summary>
    public bool ForWriting { get; }

    /// <summary>Each feature, or version number, that is not supported.</summary>
    public IReadOnlyList<string> Features { get; }
}
