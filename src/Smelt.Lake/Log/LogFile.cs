using System.Globalization;

namespace Smelt.Lake;

/// <summary>What a file of <c>_delta_log</c> is, by its name (PROTOCOL.md, "File Types").</summary>
internal enum LogFileKind
{
    Commit,
    ClassicCheckpoint,
    CheckpointPart,
    UuidCheckpoint,
    Compaction,
    Checksum,
    Other,
}

/// <summary>A file of the log; part (from 1) and parts are of a multi-part checkpoint, <paramref name="Until"/> is the last version of a compaction.</summary>
internal readonly record struct LogFile(LogFileKind Kind, long Version, ObjectInfo Object, int Part = 0, int Parts = 0, long Until = -1)
{
    internal bool IsCheckpoint => Kind is LogFileKind.ClassicCheckpoint or LogFileKind.CheckpointPart or LogFileKind.UuidCheckpoint;

    internal static string Folder(string table) => FilePath.Key(table, "_delta_log");

    internal static string CommitKey(string table, long version) => FilePath.Key(table, $"_delta_log/{version:D20}.json");

    internal static string CheckpointKey(string table, long version) => FilePath.Key(table, $"_delta_log/{version:D20}.checkpoint.parquet");

    internal static string ChecksumKey(string table, long version) => FilePath.Key(table, $"_delta_log/{version:D20}.crc");

    /// <summary>A V2 checkpoint under a name of its own.</summary>
    internal static string CheckpointKey(string table, long version, Guid id) => FilePath.Key(table, $"_delta_log/{version:D20}.checkpoint.{id}.parquet");

    internal static string SidecarFolder(string table) => FilePath.Key(table, "_delta_log/_sidecars");

    internal static string HintKey(string table) => FilePath.Key(table, "_delta_log/_last_checkpoint");

    internal static LogFile Of(ObjectInfo file)
    {
        var name = file.Key.AsSpan(file.Key.LastIndexOf('/') + 1);
        if (name.Length < 24 || name[20] != '.' || !long.TryParse(name[..20], NumberStyles.None, null, out var version))
            return new LogFile(LogFileKind.Other, -1, file);
        var rest = name[21..];
        if (rest.SequenceEqual("json"))
            return new LogFile(LogFileKind.Commit, version, file);
        if (rest.SequenceEqual("checkpoint.parquet"))
            return new LogFile(LogFileKind.ClassicCheckpoint, version, file);
        if (rest.SequenceEqual("crc"))
            return new LogFile(LogFileKind.Checksum, version, file);
        if (rest.Length == 35 && rest.EndsWith(".compacted.json", StringComparison.Ordinal) && long.TryParse(rest[..20], NumberStyles.None, null, out var until) && until >= version)
            return new LogFile(LogFileKind.Compaction, version, file, Until: until);
        if (!rest.StartsWith("checkpoint.", StringComparison.Ordinal))
            return new LogFile(LogFileKind.Other, version, file);
        rest = rest["checkpoint.".Length..];
        if (rest.Length == 29 && rest[10] == '.' && int.TryParse(rest[..10], NumberStyles.None, null, out var part)
            && int.TryParse(rest[11..21], NumberStyles.None, null, out var parts) && rest.EndsWith(".parquet", StringComparison.Ordinal))
            return new LogFile(LogFileKind.CheckpointPart, version, file, part, parts);
        if (rest.EndsWith(".json", StringComparison.Ordinal) || rest.EndsWith(".parquet", StringComparison.Ordinal))
            return new LogFile(LogFileKind.UuidCheckpoint, version, file);
        return new LogFile(LogFileKind.Other, version, file);
    }
}

/// <summary>A whole checkpoint: all of its parts are there.</summary>
internal sealed record LogCheckpoint(long Version, IReadOnlyList<ObjectInfo> Files);
