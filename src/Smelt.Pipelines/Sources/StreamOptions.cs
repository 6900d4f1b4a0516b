using System.Globalization;
using Smelt.Pipelines.Sql;

namespace Smelt.Pipelines;

/// <summary>
/// How a Delta table is streamed; names and meanings are Spark's. Written after a dataset as <c>STREAM t WITH (skipChangeCommits)</c>, and as arguments of
/// <c>STREAM read_delta(…)</c> and <c>STREAM table_changes(…)</c>.
/// </summary>
public sealed record StreamOptions
{
    public static readonly StreamOptions None = new();

    private static readonly string[] s_names = ["maxFilesPerTrigger", "maxBytesPerTrigger", "startingVersion", "startingTimestamp", "skipChangeCommits"];

    /// <summary>The most files of a batch; null: all there are.</summary>
    public int? MaxFiles { get; init; }

    /// <summary>A batch ends with the file that reaches so many bytes; null: with the last there is.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The first version whose changes are read, instead of the whole table as it is; -1: only what comes after today (<c>latest</c>).</summary>
    public long? StartingVersion { get; init; }

    /// <summary>The same by the time of a commit.</summary>
    public string? StartingTimestamp { get; init; }

    /// <summary>Commits that delete or change rows are passed over, with all that they add.</summary>
    public bool SkipChangeCommits { get; init; }

    public bool Limits => MaxFiles is not null || MaxBytes is not null;

    internal static StreamOptions Read(IReadOnlyList<NamedArgument> options, string of, Action<NamedArgument, string, string, string?> report)
    {
        var read = None;
        foreach (var option in options)
        {
            if (NameOf(option.Name) is { } name) read = read.With(name, option, report);
            else
            {
                var near = NearestName.Of(option.Name, s_names);
                report(option, DiagnosticCodes.UnknownOption, $"{of} has no option '{option.Name}'.", near is null ? $"It has: {string.Join(", ", s_names)}." : $"Did you mean '{near}'?");
            }
        }
        if (read is { StartingVersion: not null, StartingTimestamp: not null })
            report(options[^1], DiagnosticCodes.BadOption, "startingVersion and startingTimestamp both say where to begin.", "Leave one out.");
        return read;
    }

    /// <summary>Whether an option of a source call is one of these.</summary>
    internal static string? NameOf(string name) => Array.Find(s_names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase));

    private StreamOptions With(string name, NamedArgument option, Action<NamedArgument, string, string, string?> report)
    {
        var value = option.Value;
        StreamOptions Bad(string takes)
        {
            report(option, DiagnosticCodes.BadOption, $"The option '{name}' takes {takes}.", null);
            return this;
        }
        switch (name)
        {
            case "maxFilesPerTrigger":
                return int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var files) && files > 0 ? this with { MaxFiles = files } : Bad("a number from 1");
            case "maxBytesPerTrigger":
                return ByteText.Read(value.Text) is { } bytes and > 0 ? this with { MaxBytes = bytes } : Bad("a number of bytes, or a text such as '512MB'");
            case "startingVersion":
                return value.Text.Equals("latest", StringComparison.OrdinalIgnoreCase) ? this with { StartingVersion = -1 }
                    : long.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? this with { StartingVersion = version } : Bad("a version, or 'latest'");
            case "startingTimestamp":
                return DateTimeOffset.TryParse(value.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) ? this with { StartingTimestamp = value.Text } : Bad("a time such as '2025-01-15 08:00:00'");
            default:
                return value.Text.ToLowerInvariant() is "true" or "false" ? this with { SkipChangeCommits = value.Text.Equals("true", StringComparison.OrdinalIgnoreCase) } : Bad("true or false");
        }
    }
}

/// <summary>An amount of bytes as people write it: 1024, 10k, 512MB, 1g.</summary>
public static class ByteText
{
    /// <returns>Null where it is none.</returns>
    public static long? Read(string text)
    {
        var digits = text.TakeWhile(static c => char.IsAsciiDigit(c)).Count();
        if (!long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        var shift = text[digits..].Trim().ToLowerInvariant() switch { "" or "b" => 0, "k" or "kb" => 10, "m" or "mb" => 20, "g" or "gb" => 30, "t" or "tb" => 40, _ => -1 };
        return shift < 0 || number > long.MaxValue >> shift ? null : number << shift;
    }
}
