using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>The buffer of each type that text files can give.</summary>
static class ColumnBuffers
{
    public static ColumnBuffer Create(string name, DuckDbType type) => type.Id switch
    {
        DuckDbTypeId.Varchar => new TextBuffer(),
        DuckDbTypeId.Boolean => new FixedBuffer<bool>(Boolean),
        DuckDbTypeId.TinyInt => new FixedBuffer<sbyte>(Whole<sbyte>),
        DuckDbTypeId.SmallInt => new FixedBuffer<short>(Whole<short>),
        DuckDbTypeId.Integer => new FixedBuffer<int>(Whole<int>),
        DuckDbTypeId.BigInt => new FixedBuffer<long>(BigInt),
        DuckDbTypeId.UTinyInt => new FixedBuffer<byte>(Whole<byte>),
        DuckDbTypeId.USmallInt => new FixedBuffer<ushort>(Whole<ushort>),
        DuckDbTypeId.UInteger => new FixedBuffer<uint>(Whole<uint>),
        DuckDbTypeId.UBigInt => new FixedBuffer<ulong>(Whole<ulong>),
        DuckDbTypeId.HugeInt => new FixedBuffer<Int128>(Whole<Int128>),
        DuckDbTypeId.Float => new FixedBuffer<float>(static (text, out value) => (value = 0) == 0 && NumberText.TryParse(text, out var n) && n.TryFloat(text, out value)),
        DuckDbTypeId.Double => new FixedBuffer<double>(static (text, out value) => (value = 0) == 0 && NumberText.TryParse(text, out var n) && n.TryDouble(text, out value)),
        DuckDbTypeId.Decimal => Decimal(type),
        DuckDbTypeId.Date => new FixedBuffer<int>(TimeText.TryDate),
        DuckDbTypeId.Timestamp => new FixedBuffer<long>(Timestamp),
        DuckDbTypeId.TimestampTz => new FixedBuffer<long>(static (text, out value) => TimeText.TryTimestamp(text, out value, out var hasOffset) && hasOffset),
        DuckDbTypeId.Struct => new StructBuffer(type.Fields),
        DuckDbTypeId.List => new ListBuffer(Create(name, type.Fields[0].Type), null),
        DuckDbTypeId.Map when type.Fields[0].Type.Id == DuckDbTypeId.Varchar => Map(type),
        _ => throw new FileSourceException(FileFault.BadSchema, name, $"column {name}: {type} cannot be read from CSV or JSON; read it as VARCHAR and cast it in the query"),
    };

    static ListBuffer Map(DuckDbType type)
    {
        var entries = new StructBuffer(type.Fields);
        return new(entries, entries);
    }

    static ColumnBuffer Decimal(DuckDbType type)
    {
        var largest = (Int128)(Powers.Of(type.Width) - 1);
        var scale = type.Scale;
        return type.Width switch
        {
            <= 4 => new FixedBuffer<short>((text, out value) => { var fits = Scaled(text, scale, largest, out var v); value = (short)v; return fits; }),
            <= 9 => new FixedBuffer<int>((text, out value) => { var fits = Scaled(text, scale, largest, out var v); value = (int)v; return fits; }),
            <= 18 => new FixedBuffer<long>((text, out value) => { var fits = Scaled(text, scale, largest, out var v); value = (long)v; return fits; }),
            _ => new FixedBuffer<Int128>((text, out value) => Scaled(text, scale, largest, out value)),
        };
    }

    static bool Scaled(ReadOnlySpan<byte> text, int scale, Int128 largest, out Int128 value)
    {
        value = 0;
        if (!NumberText.TryParse(text, out var number) || !number.TryScaled(scale, out value) || value > largest || value < -largest) { value = 0; return false; }
        return true;
    }

    static bool BigInt(ReadOnlySpan<byte> text, out long value)
    {
        // Short plain digits are nearly all there is.
        value = 0;
        if (text.Length is 0 or > 18 || (text[0] == '0' && text.Length > 1) || text[0] == '-') return Whole(text, out value);
        foreach (var c in text)
        {
            if ((uint)(c - '0') > 9) return Whole(text, out value);
            value = (value * 10) + (c - '0');
        }
        return true;
    }

    static bool Whole<T>(ReadOnlySpan<byte> text, out T value)
        where T : struct, System.Numerics.INumber<T>, System.Numerics.IMinMaxValue<T>
    {
        value = default;
        if (!NumberText.TryParse(text, out var number) || !number.TryScaled(0, out var whole)) return false;
        value = T.CreateTruncating(whole);
        return Int128.CreateChecked(value) == whole;
    }

    static bool Boolean(ReadOnlySpan<byte> text, out bool value)
    {
        value = text.SequenceEqual("true"u8) || text.SequenceEqual("True"u8) || text.SequenceEqual("TRUE"u8);
        return value || text.SequenceEqual("false"u8) || text.SequenceEqual("False"u8) || text.SequenceEqual("FALSE"u8);
    }

    static bool Timestamp(ReadOnlySpan<byte> text, out long value)
    {
        if (TimeText.TryTimestamp(text, out value, out var hasOffset)) return !hasOffset;
        if (!TimeText.TryDate(text, out var days)) return false;
        value = days * 86_400_000_000L;
        return true;
    }
}
