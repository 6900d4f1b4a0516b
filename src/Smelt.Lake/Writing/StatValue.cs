using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>One bound of one column, from DuckDB's text to Delta's JSON. Where a bound cannot be told exactly enough it is left out, which never prunes wrongly.</summary>
internal static class StatValue
{
    /// <summary>UTF-16 units of a text that are kept.</summary>
    private const int Prefix = 32;

    internal static void WriteNulls(Utf8JsonWriter json, (DeltaType Type, string Name) column, Dictionary<string, string?> statistics)
    {
        // DuckDB counts the NULLs of a list's elements, not of lists.
        if (column.Type is not (ArrayType or MapType) && long.TryParse(statistics.GetValueOrDefault("null_count"), out var nulls))
            json.WriteNumber(column.Name, nulls);
    }

    internal static void Write(Utf8JsonWriter json, (DeltaType Type, string Name) column, Dictionary<string, string?> statistics, bool isMax)
    {
        if (statistics.GetValueOrDefault(isMax ? "max" : "min") is not { } text)
            return;
        switch (column.Type)
        {
            case DecimalType:
                WriteRaw(json, column.Name, text);
                break;
            case PrimitiveType { Name: "byte" or "short" or "integer" or "long" }:
                WriteRaw(json, column.Name, text);
                break;
            case PrimitiveType { Name: "float" or "double" }:
                WriteFloat(json, column.Name, text, statistics, isMax);
                break;
            case PrimitiveType { Name: "string" }:
                if ((isMax ? UpperText(text) : LowerText(text)) is { } bound)
                    json.WriteString(column.Name, bound);
                break;
            case PrimitiveType { Name: "date" }:
                if (IsPlainDate(text))
                    json.WriteString(column.Name, text);
                break;
            case PrimitiveType { Name: "timestamp" or "timestamp_ntz" } p:
                if (Milliseconds(text, isMax) is { } time)
                    json.WriteString(column.Name, p.Name == "timestamp" ? time + "Z" : time);
                break;
        }
    }

    private static void WriteRaw(Utf8JsonWriter json, string name, string number)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(number);
    }

    private static void WriteFloat(Utf8JsonWriter json, string name, string text, Dictionary<string, string?> statistics, bool isMax)
    {
        // NaN is above all numbers in Spark's order and DuckDB leaves it out of its bounds, so neither bound is told.
        if (statistics.GetValueOrDefault("has_nan") == "true" || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return;
        if (value == 0)
            WriteRaw(json, name, isMax ? "0.0" : "-0.0");
        else
            WriteRaw(json, name, text);
    }

    internal static string LowerText(string text)
    {
        if (text.Length <= Prefix)
            return text;
        return text[..(char.IsHighSurrogate(text[Prefix - 1]) ? Prefix - 1 : Prefix)];
    }

    /// <summary>A text not below <paramref name="text"/> in the order of code points: its prefix and a sign above whatever follows; null where none is found.</summary>
    internal static string? UpperText(string text)
    {
        if (text.Length <= Prefix)
            return text;
        var end = char.IsHighSurrogate(text[Prefix - 1]) ? Prefix - 1 : Prefix;
        while (end < text.Length && end < 2 * Prefix)
        {
            if (text[end] < '\u007F')
                return text[..end] + '\u007F';
            if (!Rune.TryGetRuneAt(text, end, out var next))
                return null;
            if (next.Value != 0x10FFFF)
                return text[..end] + "\U0010FFFF";
            end += 2;
        }
        return end >= text.Length ? text : null;
    }

    private static bool IsPlainDate(string text) => text.Length == 10 && char.IsAsciiDigit(text[0]);

    /// <summary>yyyy-MM-ddTHH:mm:ss.SSS of a timestamp's text, down for a minimum and up for a maximum, so that the bound holds in milliseconds.</summary>
    internal static string? Milliseconds(string text, bool up)
    {
        if (text.EndsWith("+00", StringComparison.Ordinal))
            text = text[..^3];
        if (!DateTime.TryParseExact(text, ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return null;
        var rest = time.Ticks % TimeSpan.TicksPerMillisecond;
        var ticks = time.Ticks - rest + (up && rest > 0 ? TimeSpan.TicksPerMillisecond : 0);
        return ticks > DateTime.MaxValue.Ticks ? null : new DateTime(ticks).ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture);
    }
}
