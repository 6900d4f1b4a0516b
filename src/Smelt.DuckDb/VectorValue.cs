using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>One value of a vector as a .NET object.</summary>
internal static unsafe class VectorValue
{
    public static object Read(Vector vector, int row)
    {
        var data = Methods.duckdb_vector_get_data(vector.Handle);
        return vector.Type.Id switch
        {
            DuckDbTypeId.Boolean => ((byte*)data)[row] != 0,
            DuckDbTypeId.TinyInt => ((sbyte*)data)[row],
            DuckDbTypeId.SmallInt => ((short*)data)[row],
            DuckDbTypeId.Integer => ((int*)data)[row],
            DuckDbTypeId.BigInt => ((long*)data)[row],
            DuckDbTypeId.UTinyInt => ((byte*)data)[row],
            DuckDbTypeId.USmallInt => ((ushort*)data)[row],
            DuckDbTypeId.UInteger => ((uint*)data)[row],
            DuckDbTypeId.UBigInt => ((ulong*)data)[row],
            DuckDbTypeId.HugeInt => ((Int128*)data)[row],
            DuckDbTypeId.UHugeInt => ((UInt128*)data)[row],
            DuckDbTypeId.Float => ((float*)data)[row],
            DuckDbTypeId.Double => ((double*)data)[row],
            DuckDbTypeId.Varchar => vector.Text(row),
            DuckDbTypeId.Blob => vector.Utf8(row).ToArray(),
            DuckDbTypeId.Date => new DuckDbDate(((int*)data)[row]),
            DuckDbTypeId.Timestamp => new DuckDbTimestamp(((long*)data)[row]),
            DuckDbTypeId.TimestampTz => new DuckDbTimestampTz(((long*)data)[row]),
            DuckDbTypeId.Time => new DuckDbTime(((long*)data)[row]),
            DuckDbTypeId.Interval => Interval(((NativeInterval*)data)[row]),
            DuckDbTypeId.Decimal => new DuckDbDecimal(Unscaled(vector.Type, data, row), vector.Type.Scale),
            DuckDbTypeId.Uuid => Uuid(((UInt128*)data)[row]),
            DuckDbTypeId.Enum => vector.Type.Members[EnumIndex(vector.Type, data, row)],
            DuckDbTypeId.Struct => StructOf(vector, row),
            DuckDbTypeId.List => ListOf(vector, row),
            DuckDbTypeId.Array => ArrayOf(vector, row),
            DuckDbTypeId.Map => MapOf(vector, row),
            _ => throw new NotSupportedException($"A value of type {vector.Type} cannot be read outside DuckDB; cast it to VARCHAR."),
        };
    }

    private static DuckDbInterval Interval(NativeInterval value) => new(value.Months, value.Days, value.Micros);

    /// <summary>DuckDB flips the top bit so that UUIDs sort as signed numbers.</summary>
    private static Guid Uuid(UInt128 stored)
    {
        var bits = stored ^ (UInt128.One << 127);
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        return new Guid(bytes, bigEndian: true);
    }

    private static Int128 Unscaled(DuckDbType type, void* data, int row) => type.Width switch
    {
        <= 4 => ((short*)data)[row],
        <= 9 => ((int*)data)[row],
        <= 18 => ((long*)data)[row],
        _ => ((Int128*)data)[row],
    };

    private static int EnumIndex(DuckDbType type, void* data, int row) => type.Members.Count switch
    {
        <= byte.MaxValue => ((byte*)data)[row],
        <= ushort.MaxValue => ((ushort*)data)[row],
        _ => (int)((uint*)data)[row],
    };

    private static StructValue StructOf(Vector vector, int row)
    {
        var fields = new KeyValuePair<string, object?>[vector.Type.Fields.Count];
        for (var i = 0; i < fields.Length; i++) fields[i] = new(vector.Type.Fields[i].Name, vector.Field(i).Value(row));
        return new StructValue(fields);
    }

    private static object?[] ListOf(Vector vector, int row)
    {
        var (offset, length) = vector.ListEntry(row);
        var child = vector.ListChild;
        var values = new object?[length];
        for (var i = 0; i < values.Length; i++) values[i] = child.Value((int)offset + i);
        return values;
    }

    private static object?[] ArrayOf(Vector vector, int row)
    {
        var values = new object?[vector.Type.Size];
        for (var i = 0; i < values.Length; i++) values[i] = vector.ArrayChild.Value((row * values.Length) + i);
        return values;
    }

    private static MapValue MapOf(Vector vector, int row)
    {
        var (offset, length) = vector.ListEntry(row);
        var child = vector.ListChild;
        var entries = new KeyValuePair<object, object?>[length];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(child.Field(0).Value((int)offset + i)!, child.Field(1).Value((int)offset + i));
        return new MapValue(entries);
    }
}
