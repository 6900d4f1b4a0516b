using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>Up to <see cref="Capacity"/> rows as vectors, DuckDB's unit of exchange.</summary>
public sealed unsafe class DataChunk : IDisposable
{
    /// <summary>Rows that one chunk holds at most (<c>STANDARD_VECTOR_SIZE</c>).</summary>
    public const int Capacity = 2048;

    private readonly DuckDbType[] _types;
    private readonly bool _owned;
    private nint _handle;

    internal DataChunk(nint handle, IReadOnlyList<DuckDbColumn> columns, bool owned)
        : this(handle, Types(columns), owned)
    {
    }

    internal DataChunk(nint handle, DuckDbType[] types, bool owned) => (_handle, _types, _owned) = (handle, types, owned);

    internal nint Handle => _handle;

    public int ColumnCount => _types.Length;

    public int RowCount
    {
        get => (int)Methods.duckdb_data_chunk_get_size(_handle);
        set => Methods.duckdb_data_chunk_set_size(_handle, (ulong)value);
    }

    public Vector this[int column] => new(Methods.duckdb_data_chunk_get_vector(_handle, (ulong)column), _types[column]);

    public static DataChunk Create(IReadOnlyList<DuckDbType> types)
    {
        var native = new nint[types.Count];
        try
        {
            for (var i = 0; i < native.Length; i++) native[i] = types[i].CreateNative();
            fixed (nint* first = native) return new DataChunk(Methods.duckdb_create_data_chunk(first, (ulong)native.Length), [.. types], owned: true);
        }
        finally
        {
            for (var i = 0; i < native.Length; i++) Methods.duckdb_destroy_logical_type(ref native[i]);
        }
    }

    /// <summary>Empties the chunk so that it can be filled again.</summary>
    public void Reset() => Methods.duckdb_data_chunk_reset(_handle);

    /// <summary>Copies the named rows of <paramref name="source"/>, whose type is the same, into a column of this chunk from row <paramref name="at"/> on.</summary>
    public void CopyRows(Vector source, ReadOnlySpan<int> rows, int column, int at)
    {
        var selection = Methods.duckdb_create_selection_vector((ulong)rows.Length);
        try
        {
            var indices = Methods.duckdb_selection_vector_get_data_ptr(selection);
            for (var i = 0; i < rows.Length; i++) indices[i] = (uint)rows[i];
            Methods.duckdb_vector_copy_sel(source.Handle, this[column].Handle, selection, (ulong)rows.Length, 0, (ulong)at);
        }
        finally
        {
            Methods.duckdb_destroy_selection_vector(selection);
        }
    }

    public void Dispose()
    {
        if (_owned && _handle != 0) Methods.duckdb_destroy_data_chunk(ref _handle);
        _handle = 0;
    }

    private static DuckDbType[] Types(IReadOnlyList<DuckDbColumn> columns)
    {
        var types = new DuckDbType[columns.Count];
        for (var i = 0; i < types.Length; i++) types[i] = columns[i].Type;
        return types;
    }
}
