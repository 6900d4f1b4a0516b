using System.Globalization;

namespace Smelt.Lake;

/// <summary>Dates and timestamps in the forms that logs have. Years from -9999 to 99999, as Java writes them; no DateTime, which ends at 9999.</summary>
internal static class TimeText
{
    internal const long MicrosPerDay = 86_400_000_000;

    /// <summary>Days since 1970-01-01 of <c>[+-]yyyy-MM-dd</c>; null where it is anything else.</summary>
    internal static int? Day(ReadOnlySpan<char> text)
    {
        var negative = text.StartsWith('-');
        if (negative || text.StartsWith('+'))
            text = text[1..];
        var dash = text.IndexOf('-');
        if (dash is < 4 or > 6 || text.Length != dash + 6 || text[dash + 3] != '-')
            return null;
        if (!Digits(text[..dash], out var year) || !Digits(text.Slice(dash + 1, 2), out var month) || !Digits(text.Slice(dash + 4, 2), out var day))
            return null;
        return month is < 1 or > 12 || day is < 1 or > 31 ? null : DaysFromCivil(negative ? -year : year, month, day);
    }

    /// <summary>
    /// A timestamp <c>date[ T]HH:mm[:ss[.f…]][zone]</c>, or a date alone: microseconds since 1970 in UTC (as written where there is no zone), and the zone's kind.
    /// </summary>
    internal static (Int128 Micros, TimeZoneKind Zone)? Time(ReadOnlySpan<char> text)
    {
        var split = text.IndexOfAny('T', ' ');
        if (Day(split < 0 ? text : text[..split]) is not { } day)
            return null;
        if (split < 0)
            return ((Int128)day * MicrosPerDay, TimeZoneKind.None);
        var rest = text[(split + 1)..];
        if (Clock(ref rest) is not { } clock || Zone(rest) is not { } zone)
            return null;
        return ((Int128)day * MicrosPerDay + clock - zone.OffsetSeconds * 1_000_000L, zone.Kind);
    }

    private static long? Clock(ref ReadOnlySpan<char> text)
    {
        if (text.Length < 5 || text[2] != ':' || !Digits(text[..2], out var hours) || !Digits(text.Slice(3, 2), out var minutes))
            return null;
        text = text[5..];
        var (seconds, micros) = (0, 0L);
        if (text.StartsWith(':'))
        {
            if (text.Length < 3 || !Digits(text.Slice(1, 2), out seconds))
                return null;
            text = text[3..];
            if (text.StartsWith('.') && !Fraction(ref text, out micros))
                return null;
        }
        return hours > 23 || minutes > 59 || seconds > 59 ? null : ((hours * 60L + minutes) * 60 + seconds) * 1_000_000 + micros;
    }

    // Below microseconds readers round differently, so that nothing is concluded.
    private static bool Fraction(ref ReadOnlySpan<char> text, out long micros)
    {
        text = text[1..];
        var digits = 0;
        for (micros = 0; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
            micros = digits < 6 ? micros * 10 + (text[digits] - '0') : micros;
        text = text[digits..];
        for (var missing = digits; missing < 6; missing++)
            micros *= 10;
        return digits is > 0 and <= 6;
    }

    private static (int OffsetSeconds, TimeZoneKind Kind)? Zone(ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
            return (0, TimeZoneKind.None);
        if (text is "Z" or "z" or "+00" or "+00:00")
            return (0, TimeZoneKind.Utc);
        if (text[0] is not ('+' or '-') || text.Length is not (3 or 6 or 9) || !Digits(text.Slice(1, 2), out var hours))
            return null;
        var (minutes, seconds) = (0, 0);
        if (text.Length >= 6 && (text[3] != ':' || !Digits(text.Slice(4, 2), out minutes)))
            return null;
        if (text.Length == 9 && (text[6] != ':' || !Digits(text.Slice(7, 2), out seconds)))
            return null;
        var offset = (hours * 60 + minutes) * 60 + seconds;
        return (text[0] == '-' ? -offset : offset, TimeZoneKind.Offset);
    }

    private static bool Digits(ReadOnlySpan<char> text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Days since 1970-01-01 in the proleptic Gregorian calendar; years before 1 count down from 0.</summary>
    internal static int DaysFromCivil(int year, int month, int day)
    {
        // A year is taken to begin in March, so that the leap day is its last.
        var y = month <= 2 ? year - 1 : year;
        var era = (y >= 0 ? y : y - 399) / 400;
        var yearOfEra = y - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }
}

/// <summary>How a timestamp's text says its zone.</summary>
internal enum TimeZoneKind
{
    None,
    Utc,
    Offset,
}
