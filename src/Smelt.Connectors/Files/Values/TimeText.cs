namespace Smelt.Connectors;

/// <summary>
/// Dates and times in ISO 8601's spelling: <c>2022-03-01</c>, <c>2022-03-01T09:30[:15[.123456]]</c> with T or one blank, and <c>Z</c>, <c>+hh</c>, <c>+hhmm</c> or <c>+hh:mm</c> after it. What microseconds do
/// not hold is refused. The calendar is the proleptic Gregorian one.
/// </summary>
static class TimeText
{
    public static bool TryDate(ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-') return false;
        if (!Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..], out var day)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        days = new DateOnly(year, month, day).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return true;
    }

    /// <summary>Microseconds since 1970; with an offset, of UTC.</summary>
    public static bool TryTimestamp(ReadOnlySpan<byte> text, out long micros, out bool hasOffset)
    {
        (micros, hasOffset) = (0, false);
        if (text.Length < 16 || text[10] is not ((byte)'T' or (byte)' ') || !TryDate(text[..10], out var days)) return false;
        var rest = text[11..];
        if (rest[2] != ':' || !Number(rest[..2], out var hour) || !Number(rest[3..5], out var minute) || hour > 23 || minute > 59) return false;
        rest = rest[5..];
        var second = 0;
        long fraction = 0;
        if (rest.Length >= 3 && rest[0] == ':')
        {
            if (!Number(rest[1..3], out second) || second > 59) return false;
            rest = rest[3..];
            if (rest.Length > 0 && rest[0] == '.' && !Fraction(ref rest, out fraction)) return false;
        }
        micros = (((days * 24L + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction;
        if (rest.IsEmpty) return true;
        hasOffset = true;
        if (!Offset(rest, out var minutes)) return false;
        micros -= minutes * 60_000_000L;
        return true;
    }

    static bool Fraction(ref ReadOnlySpan<byte> rest, out long micros)
    {
        micros = 0;
        var digits = 0;
        for (rest = rest[1..]; rest.Length > 0 && (uint)(rest[0] - '0') <= 9; rest = rest[1..], digits++)
        {
            if (digits < 6) micros = (micros * 10) + (rest[0] - '0');
            else if (rest[0] != '0') return false;
        }
        for (var i = digits; i < 6; i++) micros *= 10;
        return digits > 0;
    }

    static bool Offset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z' or (byte)'z']) return true;
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6) || !Number(text[1..3], out var hours)) return false;
        var part = 0;
        if (text.Length == 5 && !Number(text[3..], out part)) return false;
        if (text.Length == 6 && (text[3] != ':' || !Number(text[4..], out part))) return false;
        minutes = ((hours * 60) + part) * (text[0] == '-' ? -1 : 1);
        return hours <= 18 && part <= 59;
    }

    static bool Number(ReadOnlySpan<byte> digits, out int value)
    {
        value = 0;
        foreach (var c in digits)
        {
            if ((uint)(c - '0') > 9) return false;
            value = (value * 10) + (c - '0');
        }
        return true;
    }
}
