using System.Globalization;

namespace Smelt.Pipelines;

/// <summary>How long AUTO CDC remembers a delete, so that older events that come later are known to be older.</summary>
public static class CdcRetention
{
    /// <summary>A number and a unit.</summary>
    public const string Property = "smelt.cdc.tombstone_retention";

    /// <summary>Lakeflow's name; seconds.</summary>
    public const string LakeflowProperty = "pipelines.cdc.tombstoneGCThresholdInSeconds";

    /// <summary>Without a property.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromDays(7);

    /// <param name="properties">A table's.</param>
    public static TimeSpan Of(IReadOnlyDictionary<string, string> properties)
    {
        if (Find(properties, Property) is { } own && TryParse(own, out var retention)) return retention;
        return long.TryParse(Find(properties, LakeflowProperty), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : Default;
    }

    /// <summary>Reads <c>7 days</c>, <c>12 hours</c>, <c>30 minutes</c>, <c>45 seconds</c>; Delta's <c>interval 7 days</c> too.</summary>
    public static bool TryParse(string text, out TimeSpan retention)
    {
        retention = default;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 3 && words[0].Equals("interval", StringComparison.OrdinalIgnoreCase)) words = words[1..];
        if (words.Length != 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        var unit = words[1].ToLowerInvariant().TrimEnd('s') switch { "week" => 604800L, "day" => 86400L, "hour" => 3600L, "minute" => 60L, "second" => 1L, _ => 0L };
        retention = TimeSpan.FromSeconds(number * unit);
        return unit > 0;
    }

    private static string? Find(IReadOnlyDictionary<string, string> properties, string name) =>
        properties.FirstOrDefault(p => p.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
