using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>DuckDB's vectors as columns of ours: copies, as a vector's memory is DuckDB's.</summary>
internal static class ChunkReading
{
    internal static RowBatch Batch(DataChunk chunk, StructType schema)
    {
        var columns = new ColumnValues[schema.Fields.Count];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = Column(chunk[i], schema.Fields[i].Type, chunk.RowCount);
        return new RowBatch(schema, columns);
    }

    private static ColumnValues Column(Vector vector, DeltaType type, int count)
    {
        var nulls = Nulls(vector, count);
        return type switch
        {
            StructType s => new StructValues(s, count, [.. s.Fields.Select((f, i) => Column(vector.Field(i), f.Type, count))], nulls),
            ArrayType a => List(vector, a, count, nulls),
            MapType m => Map(vector, m, count, nulls),
            DecimalType d => new FixedValues<Int128>(d, Decimals(vector, d, count), nulls),
            PrimitiveType { Name: "string" or "binary" } => Bytes(vector, type, count, nulls),
            PrimitiveType { Name: "boolean" } => Fixed<bool>(vector, type, count, nulls),
            PrimitiveType { Name: "byte" } => Fixed<sbyte>(vector, type, count, nulls),
            PrimitiveType { Name: "short" } => Fixed<short>(vector, type, count, nulls),
            PrimitiveType { Name: "integer" or "date" } => Fixed<int>(vector, type, count, nulls),
            PrimitiveType { Name: "float" } => Fixed<float>(vector, type, count, nulls),
            PrimitiveType { Name: "double" } => Fixed<double>(vector, type, count, nulls),
            // A void column's NULLs come as INTEGER.
            PrimitiveType { Name: "void" } => Fixed<int>(vector, DeltaType.Integer, count, nulls),
            _ => Fixed<long>(vector, type, count, nulls),
        };
    }

    private static FixedValues<T> Fixed<T>(Vector vector, DeltaType type, int count, bool[]? nulls)
        where T : unmanaged => new(type, vector.Values<T>(count).ToArray(), nulls);

    private static bool[]? Nulls(Vector vector, int count)
    {
        bool[]? nulls = null;
        for (var row = 0; row < count; row++)
            if (vector.IsNull(row))
                (nulls ??= new bool[count])[row] = true;
        return nulls;
    }

    /// <summary>By the type's precision DuckDB holds 2, 4, 8 or 16 bytes.</summary>
    private static Int128[] Decimals(Vector vector, DecimalType type, int count)
    {
        var values = new Int128[count];
        for (var row = 0; row < count; row++)
            values[row] = type.Precision switch
            {
                <= 4 => vector.Values<short>(count)[row],
                <= 9 => vector.Values<int>(count)[row],
                <= 18 => vector.Values<long>(count)[row],
                _ => vector.Values<Int128>(count)[row],
            };
        return values;
    }

    private static BytesValues Bytes(Vector vector, DeltaType type, int count, bool[]? nulls)
    {
        var total = 0;
        var ends = new int[count];
        for (var row = 0; row < count; row++)
            ends[row] = total += nulls is not null && nulls[row] ? 0 : vector.Utf8(row).Length;
        var data = new byte[total];
        for (var row = 0; row < count; row++)
            if (nulls is null || !nulls[row])
                vector.Utf8(row).CopyTo(data.AsSpan(row == 0 ? 0 : ends[row - 1]));
        return new BytesValues(type, data, ends, nulls);
    }

    private static (int[] Starts, int[] Counts) Ranges(Vector vector, int count, bool[]? nulls)
    {
        var (starts, counts) = (new int[count], new int[count]);
        for (var row = 0; row < count; row++)
            if ((nulls is null || !nulls[row]) && vector.ListEntry(row) is var (offset, length))
                (starts[row], counts[row]) = ((int)offset, (int)length);
        return (starts, counts);
    }

    private static ListValues List(Vector vector, ArrayType type, int count, bool[]? nulls)
    {
        var (starts, counts) = Ranges(vector, count, nulls);
        return new ListValues(type, Column(vector.ListChild, type.Element, (int)vector.ListSize), starts, counts, nulls);
    }

    private static MapValues Map(Vector vector, MapType type, int count, bool[]? nulls)
    {
        var (starts, counts) = Ranges(vector, count, nulls);
        var (entries, size) = (vector.ListChild, (int)vector.ListSize);
        return new MapValues(type, Column(entries.Field(0), type.Key, size), Column(entries.Field(1), type.Value, size), starts, counts, nulls);
    }
}
