using System.Globalization;

namespace Smelt.Pipelines;

/// <summary>How long rows are kept, in whole days, weeks, months or years.</summary>
/// <param name="Count">How many; 0 with <see cref="RetentionUnit.Forever"/>.</param>
public readonly record struct RetentionPeriod(int Count, RetentionUnit Unit)
{
    /// <summary>What people are told to write.</summary>
    public const string Form = "'90 days', '8 weeks', '6 months', '2 years' or 'forever'";

    /// <summary>Reads <c>90 days</c>, <c>interval 90 days</c> and <c>forever</c>. Nothing shorter than a day: whole days go.</summary>
    public static bool TryParse(string text, out RetentionPeriod period)
    {
        period = new RetentionPeriod(0, RetentionUnit.Forever);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is ["forever" or "FOREVER"]) return true;
        if (words.Length == 3 && words[0].Equals("interval", StringComparison.OrdinalIgnoreCase)) words = words[1..];
        if (words.Length != 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 100_000) return false;
        RetentionUnit? unit = words[1].ToLowerInvariant().TrimEnd('s') switch
        {
            "day" => RetentionUnit.Days,
            "week" => RetentionUnit.Weeks,
            "month" => RetentionUnit.Months,
            "year" when count <= 5000 => RetentionUnit.Years,
            _ => null,
        };
        if (unit is null) return false;
        period = new RetentionPeriod(count, unit.Value);
        return true;
    }

    /// <summary>The first day that is kept; null: all are.</summary>
    public DateOnly? FirstKept(DateOnly today) => Unit switch
    {
        RetentionUnit.Days => Back(today, Count),
        RetentionUnit.Weeks => Back(today, 7L * Count),
        RetentionUnit.Months => Count > today.Year * 12 ? DateOnly.MinValue : today.AddMonths(-Count),
        RetentionUnit.Years => Count >= today.Year ? DateOnly.MinValue : today.AddYears(-Count),
        _ => null,
    };

    public override string ToString() => Unit == RetentionUnit.Forever ? "forever"
        : $"{Count.ToString(CultureInfo.InvariantCulture)} {(Count == 1 ? Unit.ToString().ToLowerInvariant().TrimEnd('s') : Unit.ToString().ToLowerInvariant())}";

    private static DateOnly Back(DateOnly today, long days) => days >= today.DayNumber ? DateOnly.MinValue : today.AddDays(-(int)days);
}

public enum RetentionUnit { Forever, Days, Weeks, Months, Years }
