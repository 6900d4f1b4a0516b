using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Columns of ours into DuckDB's vectors.</summary>
internal static class ChunkWriting
{
    internal static DuckDbType TypeOf(DeltaType type) => type switch
    {
        DecimalType d => DuckDbType.Decimal((byte)d.Precision, (byte)d.Scale),
        ArrayType a => DuckDbType.List(TypeOf(a.Element)),
        MapType m => DuckDbType.Map(TypeOf(m.Key), TypeOf(m.Value)),
        StructType s => DuckDbType.Struct([.. s.Fields.Select(f => new DuckDbField(f.Name, TypeOf(f.Type)))]),
        PrimitiveType p => p.Name switch
        {
            "string" => DuckDbType.Varchar,
            "long" => DuckDbType.BigInt,
            "integer" or "void" => DuckDbType.Integer,
            "short" => DuckDbType.SmallInt,
            "byte" => DuckDbType.TinyInt,
            "float" => DuckDbType.Float,
            "double" => DuckDbType.Double,
            "boolean" => DuckDbType.Boolean,
            "binary" => DuckDbType.Blob,
            "date" => DuckDbType.Date,
            "timestamp" => DuckDbType.TimestampTz,
            "timestamp_ntz" => DuckDbType.Timestamp,
            var other => throw new UnsupportedProtocolException("", forWriting: true, [$"the type '{other}'"]),
        },
        _ => throw new UnsupportedProtocolException("", forWriting: true, [$"the type '{type}'"]),
    };

    /// <summary>Rows <paramref name="from"/> to <paramref name="from"/> + <paramref name="count"/> of a column to a vector, from its row <paramref name="at"/> on.</summary>
    internal static void Write(ColumnValues column, int from, int count, Vector target, int at = 0)
    {
        for (var i = 0; i < count; i++)
            if (column.IsNull(from + i))
                target.SetNull(at + i);
        switch (column)
        {
            case FixedValues<Int128> d: Decimals(d, (DecimalType)d.Type, from, count, target, at); break;
            case FixedValues<bool> v: Fixed(v, from, count, target, at); break;
            case FixedValues<sbyte> v: Fixed(v, from, count, target, at); break;
            case FixedValues<short> v: Fixed(v, from, count, target, at); break;
            case FixedValues<int> v: Fixed(v, from, count, target, at); break;
            case FixedValues<long> v: Fixed(v, from, count, target, at); break;
            case FixedValues<float> v: Fixed(v, from, count, target, at); break;
            case FixedValues<double> v: Fixed(v, from, count, target, at); break;
            case BytesValues v: Bytes(v, from, count, target, at); break;
            case StructValues v:
                for (var f = 0; f < v.Fields.Count; f++)
                    Write(v.Fields[f], from, count, target.Field(f), at);
                break;
            case ListValues v: Lists(v, v.Range, from, count, target, at, (start, n, child, place) => Write(v.Elements, start, n, child, place)); break;
            case MapValues v:
                Lists(v, v.Range, from, count, target, at, (start, n, child, place) =>
                {
                    Write(v.Keys, start, n, child.Field(0), place);
                    Write(v.Values, start, n, child.Field(1), place);
                });
                break;
        }
    }

    private static void Fixed<T>(FixedValues<T> column, int from, int count, Vector target, int at)
        where T : unmanaged => column.Values.Slice(from, count).CopyTo(target.Values<T>(at + count)[at..]);

    private static void Decimals(FixedValues<Int128> column, DecimalType type, int from, int count, Vector target, int at)
    {
        for (var i = 0; i < count; i++)
        {
            var value = column.Values[from + i];
            switch (type.Precision)
            {
                case <= 4: target.Values<short>(at + count)[at + i] = checked((short)value); break;
                case <= 9: target.Values<int>(at + count)[at + i] = checked((int)value); break;
                case <= 18: target.Values<long>(at + count)[at + i] = checked((long)value); break;
                default: target.Values<Int128>(at + count)[at + i] = value; break;
            }
        }
    }

    private static void Bytes(BytesValues column, int from, int count, Vector target, int at)
    {
        for (var i = 0; i < count; i++)
            if (!column.IsNull(from + i))
                target.SetUtf8(at + i, column.Bytes(from + i));
    }

    private delegate void Elements(int start, int count, Vector child, int at);

    private static void Lists(ColumnValues column, Func<int, (int Start, int Count)> range, int from, int count, Vector target, int at, Elements write)
    {
        var size = (int)target.ListSize;
        var place = size;
        for (var i = 0; i < count; i++)
            size += range(from + i).Count;
        // The child's memory may move as it grows, so it grows once.
        target.SetListSize((ulong)size);
        for (var i = 0; i < count; i++)
        {
            var (start, n) = range(from + i);
            target.SetListEntry(at + i, (ulong)place, (ulong)n);
            if (n > 0 && !column.IsNull(from + i))
                write(start, n, target.ListChild, place);
            place += n;
        }
    }
}
