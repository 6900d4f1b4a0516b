using System.Globalization;
using System.Text;

namespace Smelt.Lake;

/// <summary>A partition value as bounds (PROTOCOL.md, "Partition Value Serialization"). One value, but for timestamps without a zone, which may be a day off.</summary>
internal static class PartitionBounds
{
    /// <summary>Null where the text is none of the type's canonical forms.</summary>
    internal static (Bound Low, Bound High)? Of(string text, DeltaType type)
    {
        switch (type)
        {
            case PrimitiveType { Name: "string" }:
                return Exactly(new Bound.Text(Encoding.UTF8.GetBytes(text)));
            case PrimitiveType { Name: "boolean" }:
                return text is "true" or "false" ? Exactly(new Bound.Exact(text == "true" ? 1 : 0, 0)) : null;
            case PrimitiveType { Name: "byte" or "short" or "integer" or "long" }:
                return Bound.Number(text) is { Scale: 0 } whole ? Exactly(whole) : null;
            case DecimalType d:
                return Bound.Number(text) is { } number && number.Scale <= d.Scale ? Exactly(number) : null;
            case PrimitiveType { Name: "float" or "double" }:
                return Bound.Number(text) is not null && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? Exactly(new Bound.Real(real)) : null;
            case PrimitiveType { Name: "date" }:
                return TimeText.Day(text) is { } day ? Exactly(new Bound.Exact((Int128)day * TimeText.MicrosPerDay, 0)) : null;
            case PrimitiveType { Name: "timestamp" or "timestamp_ntz" } t:
                return Time(text, t == DeltaType.Timestamp);
            default:
                return null;
        }
    }

    private static (Bound Low, Bound High)? Exactly(Bound value) => (value, value);

    private static (Bound Low, Bound High)? Time(string text, bool isInstant)
    {
        if (TimeText.Time(text) is not { } time || (!isInstant && time.Zone != TimeZoneKind.None))
            return null;
        var slack = isInstant && time.Zone == TimeZoneKind.None ? TimeText.MicrosPerDay : 0;
        return (new Bound.Exact(time.Micros - slack, 0), new Bound.Exact(time.Micros + slack, 0));
    }
}
