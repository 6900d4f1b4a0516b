using System.Text;

namespace Smelt.Lake;

/// <summary>Values of one column of a <see cref="RowBatch"/>, one a row. Never changed once made.</summary>
public abstract class ColumnValues
{
    private readonly bool[]? _nulls;

    private protected ColumnValues(DeltaType type, int count, bool[]? nulls)
    {
        if (nulls is not null && nulls.Length != count)
            throw new ArgumentException($"{nulls.Length} NULL flags for {count} values", nameof(nulls));
        (Type, Count, _nulls) = (type, count, nulls);
    }

    public DeltaType Type { get; }

    /// <summary>Rows.</summary>
    public int Count { get; }

    public bool IsNull(int row) => _nulls is not null && _nulls[row];

    /// <summary>
    /// The value as an object, for looking at single rows: null, bool, sbyte, short, int, long, float, double, <see cref="Int128"/> (a decimal without its point), string,
    /// byte[], int (days) for dates and long (microseconds) for timestamps, object?[] for lists and structs, a list of pairs for maps.
    /// </summary>
    public object? this[int row] => IsNull(row) ? null : Boxed(row);

    private protected abstract object Boxed(int row);
}

/// <summary>
/// Values of a fixed size: bool (boolean), sbyte (byte), short, int (integer; date: days since 1970), long (long; timestamp and timestamp_ntz: microseconds since 1970),
/// float, double, <see cref="Int128"/> (decimal: the number without its point).
/// </summary>
public sealed class FixedValues<T> : ColumnValues
    where T : unmanaged
{
    private readonly T[] _values;

    /// <param name="type">A Delta type whose values are <typeparamref name="T"/>.</param>
    /// <param name="values">A value a row; any where the row is NULL.</param>
    /// <param name="nulls">True where the row is NULL; null: nowhere.</param>
    /// <exception cref="ArgumentException">The type has other values.</exception>
    public FixedValues(DeltaType type, T[] values, bool[]? nulls = null)
        : base(type, values.Length, nulls)
    {
        if (ValueTypes.Of(type) != typeof(T))
            throw new ArgumentException($"values of {type} are not {typeof(T).Name}", nameof(type));
        _values = values;
    }

    public ReadOnlySpan<T> Values => _values;

    private protected override object Boxed(int row) => _values[row];
}

/// <summary>Texts (UTF-8) or binary values.</summary>
public sealed class BytesValues : ColumnValues
{
    private readonly byte[] _data;
    private readonly int[] _ends;

    /// <param name="type">string or binary.</param>
    /// <param name="data">The bytes of all values, one after the other.</param>
    /// <param name="ends">Where each value ends in them; it begins where the one before ends.</param>
    /// <param name="nulls">True where the row is NULL; null: nowhere.</param>
    public BytesValues(DeltaType type, byte[] data, int[] ends, bool[]? nulls = null)
        : base(type, ends.Length, nulls)
    {
        if (type != DeltaType.String && type != DeltaType.Binary)
            throw new ArgumentException($"values of {type} are not bytes", nameof(type));
        (_data, _ends) = (data, ends);
    }

    /// <summary>A column of texts; null is NULL.</summary>
    public static BytesValues OfTexts(IReadOnlyList<string?> texts) => Of(DeltaType.String, texts, static t => Encoding.UTF8.GetBytes(t));

    /// <summary>A column of binary values; null is NULL.</summary>
    public static BytesValues OfBinary(IReadOnlyList<byte[]?> values) => Of(DeltaType.Binary, values, static v => v);

    /// <summary>The bytes of a row's value; none where it is NULL.</summary>
    public ReadOnlySpan<byte> Bytes(int row) => _data.AsSpan((row == 0 ? 0 : _ends[row - 1])..).Slice(0, _ends[row] - (row == 0 ? 0 : _ends[row - 1]));

    /// <summary>The text of a row; null where it is NULL.</summary>
    public string? Text(int row) => IsNull(row) ? null : Encoding.UTF8.GetString(Bytes(row));

    private protected override object Boxed(int row) => Type == DeltaType.String ? Encoding.UTF8.GetString(Bytes(row)) : Bytes(row).ToArray();

    private static BytesValues Of<T>(DeltaType type, IReadOnlyList<T?> values, Func<T, byte[]> bytes)
        where T : class
    {
        using var data = new MemoryStream();
        var (ends, nulls) = (new int[values.Count], new bool[values.Count]);
        for (var i = 0; i < ends.Length; i++)
        {
            if (values[i] is { } value)
                data.Write(bytes(value));
            (nulls[i], ends[i]) = (values[i] is null, (int)data.Length);
        }
        return new BytesValues(type, data.ToArray(), ends, nulls);
    }
}

/// <summary>Lists: each row has a stretch of the elements.</summary>
public sealed class ListValues : ColumnValues
{
    private readonly int[] _starts, _counts;

    public ListValues(ArrayType type, ColumnValues elements, int[] starts, int[] counts, bool[]? nulls = null)
        : base(type, starts.Length, nulls) => (Elements, _starts, _counts) = (elements, starts, counts);

    /// <summary>The elements of all rows.</summary>
    public ColumnValues Elements { get; }

    /// <summary>Where a row's elements are among all.</summary>
    public (int Start, int Count) Range(int row) => IsNull(row) ? (0, 0) : (_starts[row], _counts[row]);

    private protected override object Boxed(int row) => Enumerable.Range(_starts[row], _counts[row]).Select(i => Elements[i]).ToArray();
}

/// <summary>Maps: each row has a stretch of the keys and values.</summary>
public sealed class MapValues : ColumnValues
{
    private readonly int[] _starts, _counts;

    public MapValues(MapType type, ColumnValues keys, ColumnValues values, int[] starts, int[] counts, bool[]? nulls = null)
        : base(type, starts.Length, nulls) => (Keys, Values, _starts, _counts) = (keys, values, starts, counts);

    /// <summary>The keys of all rows.</summary>
    public ColumnValues Keys { get; }

    /// <summary>The values of all rows.</summary>
    public ColumnValues Values { get; }

    /// <summary>Where a row's entries are among all.</summary>
    public (int Start, int Count) Range(int row) => IsNull(row) ? (0, 0) : (_starts[row], _counts[row]);

    private protected override object Boxed(int row) =>
        Enumerable.Range(_starts[row], _counts[row]).Select(i => new KeyValuePair<object, object?>(Keys[i]!, Values[i])).ToList();
}

/// <summary>Structs: a column a field.</summary>
public sealed class StructValues : ColumnValues
{
    public StructValues(StructType type, int count, IReadOnlyList<ColumnValues> fields, bool[]? nulls = null)
        : base(type, count, nulls)
    {
        if (fields.Count != type.Fields.Count || fields.Any(f => f.Count != count))
            throw new ArgumentException("a struct has a column of its rows for each field", nameof(fields));
        Fields = fields;
    }

    /// <summary>The fields' columns, in the type's order.</summary>
    public IReadOnlyList<ColumnValues> Fields { get; }

    private protected override object Boxed(int row) => Fields.Select(f => f[row]).ToArray();
}

/// <summary>Which .NET type holds the values of a Delta type of fixed size.</summary>
internal static class ValueTypes
{
    internal static Type? Of(DeltaType type) => type switch
    {
        DecimalType => typeof(Int128),
        PrimitiveType p => p.Name switch
        {
            "boolean" => typeof(bool),
            "byte" => typeof(sbyte),
            "short" => typeof(short),
            "integer" or "date" => typeof(int),
            "long" or "timestamp" or "timestamp_ntz" => typeof(long),
            "float" => typeof(float),
            "double" => typeof(double),
            _ => null,
        },
        _ => null,
    };
}
