using System.Globalization;
using System.Text;

namespace Smelt.Lake;

/// <summary>A value as pruning compares it: whole numbers, decimals, dates and timestamps (both in microseconds) are exact; float and double are real; texts are UTF-8.</summary>
internal abstract record Bound
{
    internal sealed record Exact(Int128 Value, int Scale) : Bound;

    internal sealed record Real(double Value) : Bound;

    /// <summary>Compared by code points, which is the order of the bytes. <paramref name="WithTails"/>: stands for every text that begins so, too.</summary>
    internal sealed record Text(byte[] Utf8, bool WithTails = false) : Bound;

    /// <summary>The constant in its column's terms; null where the two cannot be compared with certainty.</summary>
    internal static Bound? Of(PredicateValue value, DeltaType type) => (value, type) switch
    {
        (PredicateValue.Flag f, PrimitiveType { Name: "boolean" }) => new Exact(f.Value ? 1 : 0, 0),
        (PredicateValue.Number n, _) when IsNumber(type) => new Exact(n.Unscaled, n.Scale),
        (PredicateValue.Real r, _) when IsNumber(type) => new Real(r.Value),
        (PredicateValue.Day d, _) when IsTime(type) => new Exact((Int128)d.Days * TimeText.MicrosPerDay, 0),
        (PredicateValue.Instant i, _) when IsTime(type) => new Exact(i.Micros, 0),
        (PredicateValue.Text t, _) => OfText(t.Value, type),
        _ => null,
    };

    internal static bool IsNumber(DeltaType type) => type is DecimalType or PrimitiveType { Name: "byte" or "short" or "integer" or "long" or "float" or "double" };

    internal static bool IsReal(DeltaType type) => type is PrimitiveType { Name: "float" or "double" };

    internal static bool IsTime(DeltaType type) => type is PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" };

    /// <summary>An exact number from plain or scientific notation; null where it is none or too long.</summary>
    internal static Exact? Number(string text)
    {
        var mantissa = text.AsSpan();
        var exponent = 0;
        var e = mantissa.IndexOfAny('e', 'E');
        if (e >= 0)
        {
            if (!int.TryParse(mantissa[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > 60)
                return null;
            mantissa = mantissa[..e];
        }
        var point = mantissa.IndexOf('.');
        var digits = point < 0 ? mantissa.ToString() : string.Concat(mantissa[..point], mantissa[(point + 1)..]);
        if (!Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var unscaled))
            return null;
        var scale = (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
        for (; scale < 0; scale++)
        {
            if (Int128.Abs(unscaled) > Int128.MaxValue / 10)
                return null;
            unscaled *= 10;
        }
        return new Exact(unscaled, scale);
    }

    // DuckDB casts a text literal to the column's type, which rounds what does not fit: only texts that mean one value exactly are taken.
    private static Bound? OfText(string text, DeltaType type) => type switch
    {
        PrimitiveType { Name: "string" } => new Text(Encoding.UTF8.GetBytes(text)),
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } => Number(text) is { Scale: 0 } whole && text.Length < 20 ? whole : null,
        DecimalType d => Number(text) is { } number && number.Scale <= d.Scale ? number : null,
        PrimitiveType { Name: "float" or "double" } => Number(text) is { } real ? real : null,
        PrimitiveType { Name: "date" } => TimeText.Day(text) is { } day ? new Exact((Int128)day * TimeText.MicrosPerDay, 0) : null,
        PrimitiveType { Name: "timestamp" } => TimeText.Time(text) is { } instant ? new Exact(instant.Micros, 0) : null,
        PrimitiveType { Name: "timestamp_ntz" } => TimeText.Time(text) is { Zone: TimeZoneKind.None } clock ? new Exact(clock.Micros, 0) : null,
        _ => null,
    };
}
