using System.Globalization;

namespace Smelt.Connectors;

/// <summary>
/// A number read from text without loss: <c>Mantissa × 10^Exponent</c>. Only JSON's spelling is a number: no leading zeros or plus (postal codes, telephone numbers), no blanks, no
/// bare point, no NaN; so that text which comes back differently is never taken for one.
/// </summary>
struct NumberText
{
    const int MaxDigits = 38;

    public bool Negative;
    public UInt128 Mantissa;
    public int Exponent;

    /// <summary>Digits of the mantissa from its first that is not zero.</summary>
    public int Digits;

    /// <summary>Digits after the point as written.</summary>
    public int Scale;

    public bool HasPoint, HasExponent;

    /// <summary>More digits than the mantissa holds; only the text is exact.</summary>
    public bool IsTooLong;

    public readonly bool IsInteger => !HasPoint && !HasExponent && !IsNegativeZero;

    public readonly bool IsNegativeZero => Negative && Mantissa == 0;

    public static bool TryParse(ReadOnlySpan<byte> text, out NumberText number)
    {
        number = default;
        var at = 0;
        if (text.Length > 0 && text[0] == '-') { number.Negative = true; at++; }
        var first = at;
        ulong low = 0;
        while (at < text.Length && (uint)(text[at] - '0') <= 9) number.Take(text[at++], ref low);
        if (at == first || (at - first > 1 && text[first] == '0')) return false;
        if (at < text.Length && text[at] == '.')
        {
            first = ++at;
            while (at < text.Length && (uint)(text[at] - '0') <= 9) number.Take(text[at++], ref low);
            if (at == first) return false;
            number.HasPoint = true;
            number.Scale = at - first;
            number.Exponent = -number.Scale;
        }
        if (number.Digits <= 18) number.Mantissa = low;
        return at == text.Length || number.TakeExponent(text[at..]);
    }

    void Take(byte c, ref ulong low)
    {
        var digit = (uint)(c - '0');
        if (Digits == 0 && digit == 0) return;
        Digits++;
        if (Digits <= 18) low = (low * 10) + digit;
        else if (Digits <= MaxDigits) Mantissa = ((Digits == 19 ? low : Mantissa) * 10) + digit;
        else IsTooLong = true;
    }

    bool TakeExponent(ReadOnlySpan<byte> rest)
    {
        if (rest[0] is not ((byte)'e' or (byte)'E')) return false;
        rest = rest[1..];
        var down = rest.Length > 0 && rest[0] == '-';
        if (rest.Length > 0 && rest[0] is (byte)'-' or (byte)'+') rest = rest[1..];
        if (rest.IsEmpty) return false;
        var power = 0;
        foreach (var c in rest)
        {
            if ((uint)(c - '0') > 9) return false;
            power = Math.Min((power * 10) + (c - '0'), 1_000_000);
        }
        HasExponent = true;
        Exponent += down ? -power : power;
        return true;
    }

    /// <summary>The whole number <c>value × 10^scale</c>; false where there is none within ±(10^38 - 1).</summary>
    public readonly bool TryScaled(int scale, out Int128 scaled)
    {
        scaled = 0;
        if (IsTooLong || IsNegativeZero) return false;
        var shift = Exponent + scale;
        var value = Mantissa;
        if (value == 0) return true;
        for (; shift > 0; shift--)
        {
            if (value > Powers.Largest / 10) return false;
            value *= 10;
        }
        for (; shift < 0; shift++)
        {
            var (quotient, rest) = UInt128.DivRem(value, 10);
            if (rest != 0) return false;
            value = quotient;
        }
        if (value > Powers.Largest) return false;
        scaled = Negative ? -(Int128)value : (Int128)value;
        return true;
    }

    /// <summary>The DOUBLE that gives this number back when it is printed: up to 15 digits always do, longer ones where they are what a DOUBLE prints.</summary>
    public readonly bool TryDouble(ReadOnlySpan<byte> text, out double value)
    {
        if (Digits <= 15 && Exponent is >= -22 and <= 22)
        {
            // Both factors are exact, so one rounding is all there is.
            var mantissa = (double)(ulong)Mantissa;
            value = Exponent < 0 ? mantissa / Powers.OfTen[-Exponent] : mantissa * Powers.OfTen[Exponent];
            if (Negative) value = -value;
            return true;
        }
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !double.IsFinite(value)) return false;
        if (Digits <= 15 && Exponent + Digits is > -290 and < 290) return true;
        Span<byte> printed = stackalloc byte[40];
        return value.TryFormat(printed, out var length, "R", CultureInfo.InvariantCulture) && Same(printed[..length]);
    }

    public readonly bool TryFloat(ReadOnlySpan<byte> text, out float value)
    {
        if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !float.IsFinite(value)) return false;
        Span<byte> printed = stackalloc byte[40];
        return value.TryFormat(printed, out var length, "R", CultureInfo.InvariantCulture) && Same(printed[..length]);
    }

    readonly bool Same(ReadOnlySpan<byte> printed)
    {
        if (IsTooLong || !TryParse(printed, out var other) || other.Negative != Negative) return false;
        var (a, b) = (Normal(this), Normal(other));
        return a == b;
    }

    static (UInt128, int) Normal(NumberText n)
    {
        if (n.Mantissa == 0) return (0, 0);
        while (n.Mantissa % 10 == 0) { n.Mantissa /= 10; n.Exponent++; }
        return (n.Mantissa, n.Exponent);
    }
}

static class Powers
{
    /// <summary>10^38 - 1, the largest DECIMAL(38, 0).</summary>
    public static readonly UInt128 Largest = UInt128.Parse("99999999999999999999999999999999999999", CultureInfo.InvariantCulture);

    /// <summary>10^0 to 10^22, which DOUBLE holds exactly.</summary>
    public static readonly double[] OfTen =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    public static UInt128 Of(int power)
    {
        UInt128 value = 1;
        for (var i = 0; i < power; i++) value *= 10;
        return value;
    }
}
