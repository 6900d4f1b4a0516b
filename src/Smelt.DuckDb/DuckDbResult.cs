using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>A column of a result.</summary>
public sealed record DuckDbColumn(string Name, DuckDbType Type);

/// <summary>The rows of a statement, chunk by chunk as DuckDB makes them.</summary>
public sealed unsafe class DuckDbResult : IDisposable
{
    private nint _statement, _pending;
    private NativeResult _result;
    private DataChunk? _chunk;
    private bool _disposed;

    internal DuckDbResult(nint statement, nint pending, NativeResult result)
    {
        (_statement, _pending, _result) = (statement, pending, result);
        Columns = ReadColumns();
    }

    public IReadOnlyList<DuckDbColumn> Columns { get; }

    /// <summary>The rows that the last <see cref="Next"/> brought; valid until the next call.</summary>
    public DataChunk Chunk => _chunk ?? throw new InvalidOperationException("Next() has not brought a chunk.");

    /// <summary>Fetches the next chunk; false at the end.</summary>
    /// <exception cref="DuckDbException">The query failed while its rows were made.</exception>
    public bool Next()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _chunk?.Dispose();
        _chunk = null;
        var chunk = Methods.duckdb_fetch_chunk(_result);
        if (chunk == 0)
        {
            fixed (NativeResult* result = &_result)
            {
                if (Methods.duckdb_result_error(result) is not null and var text && *text != 0) throw DuckDbConnection.ErrorOf(result);
            }
            return false;
        }
        _chunk = new DataChunk(chunk, Columns, owned: true);
        if (_chunk.RowCount > 0) return true;
        return Next();
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _chunk?.Dispose();
        fixed (NativeResult* result = &_result) Methods.duckdb_destroy_result(result);
        Methods.duckdb_destroy_pending(ref _pending);
        Methods.duckdb_destroy_prepare(ref _statement);
    }

    private DuckDbColumn[] ReadColumns()
    {
        fixed (NativeResult* result = &_result)
        {
            var columns = new DuckDbColumn[Methods.duckdb_column_count(result)];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = new DuckDbColumn(
                    NativeText.Read(Methods.duckdb_column_name(result, (ulong)i)),
                    DuckDbType.TakeNative(Methods.duckdb_column_logical_type(result, (ulong)i)));
            }
            return columns;
        }
    }
}
