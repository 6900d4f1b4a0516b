using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>A session. One thread at a time may use it; <see cref="Interrupt"/> and <see cref="Progress"/> may be called from any.</summary>
public sealed unsafe class DuckDbConnection : IDisposable
{
    private const string SessionDefaults =
        "SET TimeZone='UTC'; SET enable_progress_bar=true; SET enable_progress_bar_print=false; SET errors_as_json=true";

    private readonly Lock _interruptGate = new();
    private nint _handle;

    internal DuckDbConnection(nint handle)
    {
        _handle = handle;
        Execute(SessionDefaults);
    }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Runs one or more statements to their end and drops their rows.</summary>
    public void Execute(string sql)
    {
        NativeResult result = default;
        var state = Methods.duckdb_query(Handle, sql, &result);
        try
        {
            if (state != 0) throw ErrorOf(&result);
        }
        finally
        {
            Methods.duckdb_destroy_result(&result);
        }
    }

    /// <summary>Runs one statement; its rows are streamed, never held. Parameters are <c>$1</c>, <c>$2</c>, ….</summary>
    /// <exception cref="DuckDbException">DuckDB refused the statement, or failed before its first rows.</exception>
    public DuckDbResult Query(string sql, params ReadOnlySpan<object?> parameters)
    {
        if (Methods.duckdb_prepare(Handle, sql, out var statement) != 0)
        {
            var error = DuckDbException.From(NativeText.Read(Methods.duckdb_prepare_error(statement)), DuckDbErrorKind.Parser);
            Methods.duckdb_destroy_prepare(ref statement);
            throw error;
        }
        try
        {
            for (var i = 0; i < parameters.Length; i++) ParameterValue.Bind(statement, (ulong)i + 1, parameters[i]);
            return Start(statement);
        }
        catch
        {
            Methods.duckdb_destroy_prepare(ref statement);
            throw;
        }
    }

    /// <summary>The first column of the first row, or null where there is none.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object?> parameters)
    {
        using var result = Query(sql, parameters);
        return result.Next() && result.Chunk.RowCount > 0 ? result.Chunk[0].Value(0) : null;
    }

    /// <summary>All rows as .NET values: for small results only.</summary>
    public List<object?[]> Rows(string sql, params ReadOnlySpan<object?> parameters)
    {
        using var result = Query(sql, parameters);
        var rows = new List<object?[]>();
        while (result.Next())
        {
            for (var row = 0; row < result.Chunk.RowCount; row++)
            {
                var values = new object?[result.Columns.Count];
                for (var column = 0; column < values.Length; column++) values[column] = result.Chunk[column].Value(row);
                rows.Add(values);
            }
        }
        return rows;
    }

    /// <summary>How far the running query has come.</summary>
    public DuckDbProgress Progress
    {
        get
        {
            lock (_interruptGate) return _handle == 0 ? default : Methods.duckdb_query_progress(_handle);
        }
    }

    /// <summary>Ends the running query with an error of kind <see cref="DuckDbErrorKind.Interrupt"/>, within milliseconds.</summary>
    public void Interrupt()
    {
        lock (_interruptGate)
        {
            if (_handle != 0) Methods.duckdb_interrupt(_handle);
        }
    }

    public DuckDbAppender Appender(string? catalog, string? schema, string table) => new(Handle, catalog, schema, table);

    public void Register(ScalarFunction function) => function.RegisterIn(Handle);

    public void Register(TableFunction function) => function.RegisterIn(Handle);

    public void Dispose()
    {
        lock (_interruptGate)
        {
            if (_handle != 0) Methods.duckdb_disconnect(ref _handle);
            _handle = 0;
        }
    }

    internal static DuckDbException ErrorOf(NativeResult* result) =>
        DuckDbException.From(NativeText.Read(Methods.duckdb_result_error(result)), (DuckDbErrorKind)Methods.duckdb_result_error_type(result));

    private static DuckDbResult Start(nint statement)
    {
        if (Methods.duckdb_pending_prepared_streaming(statement, out var pending) != 0)
        {
            var error = DuckDbException.From(NativeText.Read(Methods.duckdb_pending_error(pending)), DuckDbErrorKind.Executor);
            Methods.duckdb_destroy_pending(ref pending);
            throw error;
        }
        NativeResult result = default;
        if (Methods.duckdb_execute_pending(pending, &result) != 0)
        {
            var error = ErrorOf(&result);
            Methods.duckdb_destroy_result(&result);
            Methods.duckdb_destroy_pending(ref pending);
            throw error;
        }
        return new DuckDbResult(statement, pending, result);
    }
}
