using System.Text;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>A column of a chunk. Valid until the chunk is fetched again, reset or disposed.</summary>
public readonly unsafe struct Vector
{
    internal Vector(nint handle, DuckDbType type) => (Handle, Type) = (handle, type);

    internal nint Handle { get; }

    public DuckDbType Type { get; }

    public bool IsNull(int row)
    {
        var validity = Methods.duckdb_vector_get_validity(Handle);
        return validity is not null && ((validity[row >> 6] >> (row & 63)) & 1) == 0;
    }

    /// <summary>A bit a row, the lowest first, 1 where there is a value; empty where all rows have one. For loops: <see cref="IsNull"/> asks DuckDB at each call.</summary>
    public ReadOnlySpan<ulong> Validity(int count)
    {
        var validity = Methods.duckdb_vector_get_validity(Handle);
        return validity is null ? [] : new ReadOnlySpan<ulong>(validity, (count + 63) >> 6);
    }

    public void SetNull(int row)
    {
        Methods.duckdb_vector_ensure_validity_writable(Handle);
        Methods.duckdb_vector_get_validity(Handle)[row >> 6] &= ~(1UL << (row & 63));
    }

    /// <summary>The values as DuckDB lays them out; their count is the caller's to know (2048, or a list child's reserved size).</summary>
    public Span<T> Values<T>(int count = DataChunk.Capacity)
        where T : unmanaged => new(Methods.duckdb_vector_get_data(Handle), count);

    /// <summary>The bytes of a VARCHAR, BLOB or BIT.</summary>
    public ReadOnlySpan<byte> Utf8(int row) => NativeString.Span((NativeString*)Methods.duckdb_vector_get_data(Handle) + row);

    public string Text(int row) => Encoding.UTF8.GetString(Utf8(row));

    public void SetUtf8(int row, ReadOnlySpan<byte> value)
    {
        fixed (byte* data = value) Methods.duckdb_vector_assign_string_element_len(Handle, (ulong)row, data, (ulong)value.Length);
    }

    /// <summary>The vector of a STRUCT's field, or of a MAP's or UNION's inner struct.</summary>
    public Vector Field(int index) => new(Methods.duckdb_struct_vector_get_child(Handle, (ulong)index), Type.Fields[index].Type);

    public (ulong Offset, ulong Length) ListEntry(int row)
    {
        var entry = ((NativeListEntry*)Methods.duckdb_vector_get_data(Handle))[row];
        return (entry.Offset, entry.Length);
    }

    public void SetListEntry(int row, ulong offset, ulong length) =>
        ((NativeListEntry*)Methods.duckdb_vector_get_data(Handle))[row] = new NativeListEntry { Offset = offset, Length = length };

    /// <summary>A LIST's elements; for a MAP a vector of structs (key, value).</summary>
    public Vector ListChild => new(Methods.duckdb_list_vector_get_child(Handle), Type.Id == DuckDbTypeId.Map ? DuckDbType.Struct(Type.Fields) : Type.Fields[0].Type);

    public ulong ListSize => Methods.duckdb_list_vector_get_size(Handle);

    /// <summary>Reserves and sets the number of elements; the child's data may move.</summary>
    public void SetListSize(ulong size)
    {
        _ = Methods.duckdb_list_vector_reserve(Handle, size);
        _ = Methods.duckdb_list_vector_set_size(Handle, size);
    }

    /// <summary>A fixed ARRAY's elements, <c>Size</c> a row.</summary>
    public Vector ArrayChild => new(Methods.duckdb_array_vector_get_child(Handle), Type.Fields[0].Type);

    /// <summary>The value as a .NET object; null where it is NULL.</summary>
    public object? Value(int row) => IsNull(row) ? null : VectorValue.Read(this, row);
}
