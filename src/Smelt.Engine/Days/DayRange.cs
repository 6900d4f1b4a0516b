using System.Globalization;

namespace Smelt.Engine;

/// <summary>Days that are made again, both ends included.</summary>
public sealed record DayRange(DateOnly First, DateOnly Last)
{
    /// <summary>Reads <c>2025-01-15</c> or <c>20250115</c>.</summary>
    public static DateOnly? Day(string text) => DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    public bool Has(DateOnly day) => day >= First && day <= Last;

    /// <summary>SQL that holds of a day column's values within the range; days of times are those of UTC.</summary>
    public string Holds(string column) => $"CAST({column} AS DATE) BETWEEN DATE '{Text(First)}' AND DATE '{Text(Last)}'";

    public override string ToString() => First == Last ? Text(First) : $"{Text(First)} to {Text(Last)}";

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
