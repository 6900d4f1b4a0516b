using System.Globalization;

namespace Smelt.DuckDb;

/// <summary>Days since 1970-01-01; not a DateTime, as tables hold the years -9999 and 10000.</summary>
public readonly record struct DuckDbDate(int Days);

/// <summary>Microseconds since 1970-01-01 00:00:00 of a wall clock without zone.</summary>
public readonly record struct DuckDbTimestamp(long Micros);

/// <summary>Microseconds since 1970-01-01 00:00:00 UTC.</summary>
public readonly record struct DuckDbTimestampTz(long Micros);

/// <summary>Microseconds since midnight.</summary>
public readonly record struct DuckDbTime(long Micros);

public readonly record struct DuckDbInterval(int Months, int Days, long Micros);

/// <summary>An exact number: <c>Unscaled</c> times ten to the power of minus <c>Scale</c>.</summary>
public readonly record struct DuckDbDecimal(Int128 Unscaled, byte Scale)
{
    public override string ToString()
    {
        var digits = Int128.Abs(Unscaled).ToString(CultureInfo.InvariantCulture);
        var sign = Int128.IsNegative(Unscaled) ? "-" : "";
        if (Scale == 0) return sign + digits;
        digits = digits.PadLeft(Scale + 1, '0');
        return string.Concat(sign, digits.AsSpan(0, digits.Length - Scale), ".", digits.AsSpan(digits.Length - Scale));
    }
}

/// <summary>A STRUCT's fields in order.</summary>
public sealed record StructValue(IReadOnlyList<KeyValuePair<string, object?>> Fields);

/// <summary>A MAP's entries in order.</summary>
public sealed record MapValue(IReadOnlyList<KeyValuePair<object, object?>> Entries);
