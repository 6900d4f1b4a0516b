using System.Runtime.InteropServices;

[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]

namespace Smelt.DuckDb.Native;

/// <summary>The chapters "Open Connect", "Configuration", "Query Execution", "Prepared Statements" and "Pending" of the C API.</summary>
internal static unsafe partial class Methods
{
    private const string L = DuckDbLibrary.Name;

    [LibraryImport(L)] public static partial byte* duckdb_library_version();
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial int duckdb_open_ext(string? path, out nint database, nint config, out byte* error);
    [LibraryImport(L)] public static partial void duckdb_close(ref nint database);
    [LibraryImport(L)] public static partial int duckdb_connect(nint database, out nint connection);
    [LibraryImport(L)] public static partial void duckdb_disconnect(ref nint connection);
    [LibraryImport(L)] public static partial void duckdb_interrupt(nint connection);
    [LibraryImport(L)] public static partial DuckDbProgress duckdb_query_progress(nint connection);
    [LibraryImport(L)] public static partial int duckdb_create_config(out nint config);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial int duckdb_set_config(nint config, string name, string option);
    [LibraryImport(L)] public static partial void duckdb_destroy_config(ref nint config);

    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial int duckdb_query(nint connection, string sql, NativeResult* result);
    [LibraryImport(L)] public static partial byte* duckdb_result_error(NativeResult* result);
    [LibraryImport(L)] public static partial int duckdb_result_error_type(NativeResult* result);
    [LibraryImport(L)] public static partial void duckdb_destroy_result(NativeResult* result);
    [LibraryImport(L)] public static partial ulong duckdb_column_count(NativeResult* result);
    [LibraryImport(L)] public static partial byte* duckdb_column_name(NativeResult* result, ulong column);
    [LibraryImport(L)] public static partial nint duckdb_column_logical_type(NativeResult* result, ulong column);
    [LibraryImport(L)] public static partial nint duckdb_fetch_chunk(NativeResult result);

    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial int duckdb_prepare(nint connection, string sql, out nint statement);
    [LibraryImport(L)] public static partial byte* duckdb_prepare_error(nint statement);
    [LibraryImport(L)] public static partial void duckdb_destroy_prepare(ref nint statement);
    [LibraryImport(L)] public static partial int duckdb_bind_value(nint statement, ulong index, nint value);
    [LibraryImport(L)] public static partial int duckdb_pending_prepared_streaming(nint statement, out nint pending);
    [LibraryImport(L)] public static partial byte* duckdb_pending_error(nint pending);
    [LibraryImport(L)] public static partial int duckdb_execute_pending(nint pending, NativeResult* result);
    [LibraryImport(L)] public static partial void duckdb_destroy_pending(ref nint pending);
    [LibraryImport(L)] public static partial void duckdb_free(void* pointer);
}
