using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Bounds from statistics (PROTOCOL.md, "Per-file Statistics"), moved outward by what writers are known to have lost: milliseconds, minutes of old zones, digits of
/// decimals, ends of texts. What cannot be read is no bound.
/// </summary>
internal static class StatBounds
{
    private const long TruncatedMicros = 999;
    private const long ZoneSlackMicros = 59_000_000;

    /// <summary>Digits that a decimal keeps in a double, in which some writers print it.</summary>
    private const int DoubleDigits = 15;

    /// <summary>UTF-16 units after which writers cut texts.</summary>
    private const int TextPrefix = 32;

    private static readonly long Year1900 = TimeText.DaysFromCivil(1900, 1, 1) * TimeText.MicrosPerDay;

    internal static Bound? Of(JsonElement value, DeltaField field, bool isLow) => value.ValueKind switch
    {
        JsonValueKind.Number when Bound.IsNumber(field.Type) => Number(value.GetRawText(), field.Type, isLow),
        JsonValueKind.String when Text(value) is { } text => field.Type switch
        {
            PrimitiveType { Name: "string" } => isLow ? new Bound.Text(Encoding.UTF8.GetBytes(text)) : High(text),
            PrimitiveType { Name: "date" } => TimeText.Day(text) is { } day ? new Bound.Exact((Int128)day * TimeText.MicrosPerDay, 0) : null,
            PrimitiveType { Name: "timestamp" } => Time(text, isLow, isInstant: true),
            PrimitiveType { Name: "timestamp_ntz" } => Time(text, isLow, isInstant: false),
            _ => null,
        },
        _ => null,
    };

    /// <summary>Whether the column's bounds may be of 4-byte floats: it is one, or was before it was widened.</summary>
    internal static bool IsSingle(DeltaField field) =>
        field.Type == DeltaType.Float || (field.Type == DeltaType.Double && field.Metadata.Raw.ContainsKey("delta.typeChanges"));

    private static Bound? Number(string text, DeltaType type, bool isLow)
    {
        if (Bound.IsReal(type))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? new Bound.Real(real) : null;
        if (Bound.Number(text) is not { } exact)
            return null;
        if (type is not DecimalType { Precision: > DoubleDigits })
            return exact;
        // Another last place of a double than the value's: 2^-51 of it on either side.
        var slack = (Int128.Abs(exact.Value) >> 51) + 1;
        return exact with { Value = isLow ? exact.Value - slack : exact.Value + slack };
    }

    private static Bound.Exact? Time(string text, bool isLow, bool isInstant)
    {
        if (TimeText.Time(text) is not { } time || (!isInstant && time.Zone == TimeZoneKind.Offset))
            return null;
        Int128 slack = isLow ? 0 : TruncatedMicros;
        if (time.Zone == TimeZoneKind.Offset || time.Micros < Year1900)
            slack += ZoneSlackMicros;
        // An instant without a zone is in its writer's, which nobody knows.
        if (isInstant && time.Zone == TimeZoneKind.None)
            slack += TimeText.MicrosPerDay;
        return new Bound.Exact(isLow ? time.Micros - slack : time.Micros + slack, 0);
    }

    /// <summary>
    /// The maximum of a text. One that may have been cut stands for all texts with its beginning: writers put different signs after the cut (U+007F, U+FFFD, U+10FFFF,
    /// or none), and a cut through a surrogate pair left a question mark.
    /// </summary>
    private static Bound.Text High(string text)
    {
        if (text.Length < TextPrefix)
            return new Bound.Text(Encoding.UTF8.GetBytes(text));
        var kept = text.EndsWith("\U0010FFFF", StringComparison.Ordinal) ? text.AsSpan(0, text.Length - 2)
            : text[^1] is '\u007F' or '\uFFFD' ? text.AsSpan(0, text.Length - 1) : text.AsSpan();
        kept = kept.TrimEnd("?\uFFFD");
        return new Bound.Text(Encoding.UTF8.GetBytes(kept.ToString()), WithTails: true);
    }

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, escaped: a text that was cut in its middle.
            return null;
        }
    }
}
