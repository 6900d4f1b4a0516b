using System.Runtime.InteropServices;

namespace Smelt.DuckDb.Native;

/// <summary>The chapters "Scalar Functions" and "Table Functions" of the C API.</summary>
internal static unsafe partial class Methods
{
    [LibraryImport(L)] public static partial nint duckdb_create_scalar_function();
    [LibraryImport(L)] public static partial void duckdb_destroy_scalar_function(ref nint function);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_scalar_function_set_name(nint function, string name);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_varargs(nint function, nint type);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_special_handling(nint function);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_volatile(nint function);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_add_parameter(nint function, nint type);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_return_type(nint function, nint type);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_extra_info(nint function, nint info, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(L)] public static partial void duckdb_scalar_function_set_function(nint function, delegate* unmanaged[Cdecl]<nint, nint, nint, void> invoke);
    [LibraryImport(L)] public static partial int duckdb_register_scalar_function(nint connection, nint function);
    [LibraryImport(L)] public static partial nint duckdb_scalar_function_get_extra_info(nint info);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_scalar_function_set_error(nint info, string error);

    [LibraryImport(L)] public static partial nint duckdb_create_table_function();
    [LibraryImport(L)] public static partial void duckdb_destroy_table_function(ref nint function);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_table_function_set_name(nint function, string name);
    [LibraryImport(L)] public static partial void duckdb_table_function_add_parameter(nint function, nint type);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_table_function_add_named_parameter(nint function, string name, nint type);
    [LibraryImport(L)] public static partial void duckdb_table_function_set_extra_info(nint function, nint info, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(L)] public static partial void duckdb_table_function_set_bind(nint function, delegate* unmanaged[Cdecl]<nint, void> bind);
    [LibraryImport(L)] public static partial void duckdb_table_function_set_init(nint function, delegate* unmanaged[Cdecl]<nint, void> init);
    [LibraryImport(L)] public static partial void duckdb_table_function_set_local_init(nint function, delegate* unmanaged[Cdecl]<nint, void> init);
    [LibraryImport(L)] public static partial void duckdb_table_function_set_function(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> invoke);
    [LibraryImport(L)] public static partial void duckdb_table_function_supports_projection_pushdown(nint function, byte pushdown);
    [LibraryImport(L)] public static partial int duckdb_register_table_function(nint connection, nint function);

    [LibraryImport(L)] public static partial nint duckdb_bind_get_extra_info(nint info);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_bind_add_result_column(nint info, string name, nint type);
    [LibraryImport(L)] public static partial ulong duckdb_bind_get_parameter_count(nint info);
    [LibraryImport(L)] public static partial nint duckdb_bind_get_parameter(nint info, ulong index);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial nint duckdb_bind_get_named_parameter(nint info, string name);
    [LibraryImport(L)] public static partial void duckdb_bind_set_bind_data(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(L)] public static partial void duckdb_bind_set_cardinality(nint info, ulong cardinality, byte exact);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_bind_set_error(nint info, string error);
    [LibraryImport(L)] public static partial nint duckdb_init_get_bind_data(nint info);
    [LibraryImport(L)] public static partial void duckdb_init_set_init_data(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(L)] public static partial ulong duckdb_init_get_column_count(nint info);
    [LibraryImport(L)] public static partial ulong duckdb_init_get_column_index(nint info, ulong index);
    [LibraryImport(L)] public static partial void duckdb_init_set_max_threads(nint info, ulong threads);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_init_set_error(nint info, string error);
    [LibraryImport(L)] public static partial nint duckdb_function_get_bind_data(nint info);
    [LibraryImport(L)] public static partial nint duckdb_function_get_init_data(nint info);
    [LibraryImport(L)] public static partial nint duckdb_function_get_local_init_data(nint info);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_function_set_error(nint info, string error);
}
