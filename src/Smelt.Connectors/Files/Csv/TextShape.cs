using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>What the texts of one CSV column have in common, for inferColumnTypes. One text that a type would not give back keeps the column VARCHAR.</summary>
sealed class TextShape
{
    bool boolean, integer, point, exponent, date, timestamp, timestampTz, text;
    bool bigInteger, inexact, huge;
    int integerDigits, scale;

    public void Observe(ReadOnlySpan<byte> value)
    {
        if (text) return;
        if (NumberText.TryParse(value, out var number)) Observe(number, value);
        else if (value.Length == 10 && TimeText.TryDate(value, out _)) date = true;
        else if (TimeText.TryTimestamp(value, out _, out var hasOffset))
        {
            if (hasOffset) timestampTz = true;
            else timestamp = true;
        }
        else if (IsBoolean(value)) boolean = true;
        else text = true;
    }

    static bool IsBoolean(ReadOnlySpan<byte> v) =>
        v.SequenceEqual("true"u8) || v.SequenceEqual("false"u8) || v.SequenceEqual("True"u8) || v.SequenceEqual("False"u8) || v.SequenceEqual("TRUE"u8) || v.SequenceEqual("FALSE"u8);

    void Observe(NumberText number, ReadOnlySpan<byte> value)
    {
        if (number.IsNegativeZero) { text = true; return; }
        integerDigits = Math.Max(integerDigits, number.Digits + number.Exponent);
        if (number.IsInteger)
        {
            integer = true;
            if (number.Digits <= 15) return;
            bigInteger |= !number.TryScaled(0, out var whole) || whole > long.MaxValue || whole < long.MinValue;
        }
        else if (number.HasExponent) exponent = true;
        else point = true;
        // Looked at only where numbers have exponents, for then the column could only be DOUBLE.
        inexact |= number.Digits > 15 || (number.HasExponent && !number.TryDouble(value, out _));
        scale = Math.Max(scale, number.Scale);
        huge |= number.IsTooLong;
    }

    public void Merge(TextShape later)
    {
        boolean |= later.boolean; integer |= later.integer; point |= later.point; exponent |= later.exponent; date |= later.date; timestamp |= later.timestamp;
        timestampTz |= later.timestampTz; text |= later.text; bigInteger |= later.bigInteger; inexact |= later.inexact; huge |= later.huge;
        integerDigits = Math.Max(integerDigits, later.integerDigits);
        scale = Math.Max(scale, later.scale);
    }

    public DuckDbType Type()
    {
        var number = integer || point || exponent;
        var time = date || timestamp;
        var kinds = (boolean ? 1 : 0) + (number ? 1 : 0) + (time ? 1 : 0) + (timestampTz ? 1 : 0);
        if (text || kinds != 1) return DuckDbType.Varchar;
        if (boolean) return DuckDbType.Boolean;
        if (timestampTz) return DuckDbType.TimestampTz;
        if (time) return timestamp ? DuckDbType.Timestamp : DuckDbType.Date;
        return Number();
    }

    DuckDbType Number()
    {
        if (exponent) return inexact || huge ? DuckDbType.Varchar : DuckDbType.Double;
        var whole = Math.Max(integerDigits, 1);
        if (huge || whole + scale > 38) return DuckDbType.Varchar;
        if (!point) return bigInteger ? DuckDbType.Decimal(38, 0) : DuckDbType.BigInt;
        // Room for larger values of later days, as the table keeps the type: three digits at least, else the widest.
        return DuckDbType.Decimal(whole + scale <= 15 ? (byte)18 : (byte)38, (byte)scale);
    }
}
