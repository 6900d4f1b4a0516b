using System.Globalization;

namespace Smelt.Lake;

/// <summary>How long a table keeps what it no longer needs (its properties, in Spark's interval texts).</summary>
internal static class Retention
{
    private const long Week = 7 * 24 * 3600 * 1000L;

    internal static long DeletedFilesMs(TableMetadata metadata) => Parse(metadata.Property("delta.deletedFileRetentionDuration")) ?? Week;

    internal static long LogMs(TableMetadata metadata) => Parse(metadata.Property("delta.logRetentionDuration")) ?? 30 * Week / 7;

    /// <summary>How long marks of applications are kept that no longer write; null: for ever.</summary>
    internal static long? TransactionsMs(TableMetadata metadata) => Parse(metadata.Property("delta.setTransactionRetentionDuration"));

    /// <summary>Milliseconds of <c>interval 1 week</c>, <c>7 days 12 hours</c> and the like; null where the text is not such.</summary>
    internal static long? Parse(string? text)
    {
        var words = (text ?? "").ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(w => w == "interval").ToArray();
        if (words.Length == 0 || words.Length % 2 != 0)
            return null;
        var total = 0L;
        for (var i = 0; i < words.Length; i += 2)
        {
            if (!long.TryParse(words[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || Unit(words[i + 1].TrimEnd('s')) is not { } unit)
                return null;
            total += number * unit;
        }
        return total;
    }

    private static long? Unit(string name) => name switch
    {
        "week" => Week,
        "day" => Week / 7,
        "hour" => 3600_000,
        "minute" => 60_000,
        "second" => 1000,
        "millisecond" => 1,
        _ => null,
    };
}
