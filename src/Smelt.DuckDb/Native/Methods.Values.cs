using System.Runtime.InteropServices;

namespace Smelt.DuckDb.Native;

/// <summary>The chapters "Value", "Logical Type", "Data Chunk", "Vector" and "Appender" of the C API.</summary>
internal static unsafe partial class Methods
{
    [LibraryImport(L)] public static partial nint duckdb_create_null_value();
    [LibraryImport(L)] public static partial nint duckdb_create_bool(byte value);
    [LibraryImport(L)] public static partial nint duckdb_create_int64(long value);
    [LibraryImport(L)] public static partial nint duckdb_create_double(double value);
    [LibraryImport(L)] public static partial nint duckdb_create_varchar_length(byte* text, ulong length);
    [LibraryImport(L)] public static partial nint duckdb_create_blob(byte* data, ulong length);
    [LibraryImport(L)] public static partial nint duckdb_create_list_value(nint type, nint* values, ulong count);
    [LibraryImport(L)] public static partial void duckdb_destroy_value(ref nint value);
    [LibraryImport(L)] public static partial nint duckdb_get_value_type(nint value);
    [LibraryImport(L)] public static partial byte duckdb_is_null_value(nint value);
    [LibraryImport(L)] public static partial byte duckdb_get_bool(nint value);
    [LibraryImport(L)] public static partial long duckdb_get_int64(nint value);
    [LibraryImport(L)] public static partial double duckdb_get_double(nint value);
    [LibraryImport(L)] public static partial byte* duckdb_get_varchar(nint value);

    [LibraryImport(L)] public static partial nint duckdb_create_logical_type(int type);
    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial void duckdb_logical_type_set_alias(nint type, string alias);
    [LibraryImport(L)] public static partial nint duckdb_create_list_type(nint child);
    [LibraryImport(L)] public static partial nint duckdb_create_array_type(nint child, ulong size);
    [LibraryImport(L)] public static partial nint duckdb_create_map_type(nint key, nint value);
    [LibraryImport(L)] public static partial nint duckdb_create_struct_type(nint* types, byte** names, ulong count);
    [LibraryImport(L)] public static partial nint duckdb_create_decimal_type(byte width, byte scale);
    [LibraryImport(L)] public static partial void duckdb_destroy_logical_type(ref nint type);
    [LibraryImport(L)] public static partial int duckdb_get_type_id(nint type);
    [LibraryImport(L)] public static partial byte* duckdb_logical_type_get_alias(nint type);
    [LibraryImport(L)] public static partial byte duckdb_decimal_width(nint type);
    [LibraryImport(L)] public static partial byte duckdb_decimal_scale(nint type);
    [LibraryImport(L)] public static partial int duckdb_enum_internal_type(nint type);
    [LibraryImport(L)] public static partial uint duckdb_enum_dictionary_size(nint type);
    [LibraryImport(L)] public static partial byte* duckdb_enum_dictionary_value(nint type, ulong index);
    [LibraryImport(L)] public static partial nint duckdb_list_type_child_type(nint type);
    [LibraryImport(L)] public static partial nint duckdb_array_type_child_type(nint type);
    [LibraryImport(L)] public static partial ulong duckdb_array_type_array_size(nint type);
    [LibraryImport(L)] public static partial nint duckdb_map_type_key_type(nint type);
    [LibraryImport(L)] public static partial nint duckdb_map_type_value_type(nint type);
    [LibraryImport(L)] public static partial ulong duckdb_struct_type_child_count(nint type);
    [LibraryImport(L)] public static partial byte* duckdb_struct_type_child_name(nint type, ulong index);
    [LibraryImport(L)] public static partial nint duckdb_struct_type_child_type(nint type, ulong index);
    [LibraryImport(L)] public static partial ulong duckdb_union_type_member_count(nint type);
    [LibraryImport(L)] public static partial byte* duckdb_union_type_member_name(nint type, ulong index);
    [LibraryImport(L)] public static partial nint duckdb_union_type_member_type(nint type, ulong index);

    [LibraryImport(L)] public static partial nint duckdb_create_data_chunk(nint* types, ulong count);
    [LibraryImport(L)] public static partial void duckdb_destroy_data_chunk(ref nint chunk);
    [LibraryImport(L)] public static partial void duckdb_data_chunk_reset(nint chunk);
    [LibraryImport(L)] public static partial ulong duckdb_data_chunk_get_column_count(nint chunk);
    [LibraryImport(L)] [SuppressGCTransition] public static partial nint duckdb_data_chunk_get_vector(nint chunk, ulong column);
    [LibraryImport(L)] [SuppressGCTransition] public static partial ulong duckdb_data_chunk_get_size(nint chunk);
    [LibraryImport(L)] public static partial void duckdb_data_chunk_set_size(nint chunk, ulong size);

    [LibraryImport(L)] public static partial nint duckdb_vector_get_column_type(nint vector);
    [LibraryImport(L)] [SuppressGCTransition] public static partial void* duckdb_vector_get_data(nint vector);
    [LibraryImport(L)] [SuppressGCTransition] public static partial ulong* duckdb_vector_get_validity(nint vector);
    [LibraryImport(L)] public static partial void duckdb_vector_ensure_validity_writable(nint vector);
    [LibraryImport(L)] public static partial void duckdb_vector_assign_string_element_len(nint vector, ulong index, byte* text, ulong length);
    [LibraryImport(L)] public static partial nint duckdb_list_vector_get_child(nint vector);
    [LibraryImport(L)] public static partial ulong duckdb_list_vector_get_size(nint vector);
    [LibraryImport(L)] public static partial int duckdb_list_vector_set_size(nint vector, ulong size);
    [LibraryImport(L)] public static partial int duckdb_list_vector_reserve(nint vector, ulong capacity);
    [LibraryImport(L)] public static partial nint duckdb_struct_vector_get_child(nint vector, ulong index);
    [LibraryImport(L)] public static partial nint duckdb_array_vector_get_child(nint vector);
    [LibraryImport(L)] public static partial void duckdb_vector_copy_sel(nint source, nint target, nint selection, ulong sourceCount, ulong sourceOffset, ulong targetOffset);
    [LibraryImport(L)] public static partial nint duckdb_create_selection_vector(ulong size);
    [LibraryImport(L)] public static partial void duckdb_destroy_selection_vector(nint selection);
    [LibraryImport(L)] public static partial uint* duckdb_selection_vector_get_data_ptr(nint selection);

    [LibraryImport(L, StringMarshalling = StringMarshalling.Utf8)] public static partial int duckdb_appender_create_ext(nint connection, string? catalog, string? schema, string table, out nint appender);
    [LibraryImport(L)] public static partial int duckdb_append_data_chunk(nint appender, nint chunk);
    [LibraryImport(L)] public static partial nint duckdb_appender_error_data(nint appender);
    [LibraryImport(L)] public static partial byte* duckdb_error_data_message(nint error);
    [LibraryImport(L)] public static partial int duckdb_error_data_error_type(nint error);
    [LibraryImport(L)] public static partial void duckdb_destroy_error_data(ref nint error);
    [LibraryImport(L)] public static partial int duckdb_appender_flush(nint appender);
    [LibraryImport(L)] public static partial int duckdb_appender_close(nint appender);
    [LibraryImport(L)] public static partial int duckdb_appender_destroy(ref nint appender);
}
