using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <content>What DuckDB calls. No exception may leave these methods.</content>
public sealed unsafe partial record TableFunction
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void BindCalled(nint info)
    {
        try
        {
            var function = ManagedHandle.Get<TableFunction>(Methods.duckdb_bind_get_extra_info(info));
            var arguments = new object?[function.Parameters.Count];
            for (var i = 0; i < arguments.Length; i++) arguments[i] = Argument(Methods.duckdb_bind_get_parameter(info, (ulong)i));
            var scan = function.Bind(arguments);
            foreach (var column in scan.Columns)
            {
                var type = column.Type.CreateNative();
                Methods.duckdb_bind_add_result_column(info, column.Name, type);
                Methods.duckdb_destroy_logical_type(ref type);
            }
            if (scan.EstimatedRows is { } rows) Methods.duckdb_bind_set_cardinality(info, (ulong)rows, 0);
            Methods.duckdb_bind_set_bind_data(info, ManagedHandle.Create(scan), &ManagedHandle.Free);
        }
        catch (Exception error)
        {
            Methods.duckdb_bind_set_error(info, error.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InitCalled(nint info)
    {
        try
        {
            var scan = ManagedHandle.Get<ITableScan>(Methods.duckdb_init_get_bind_data(info));
            Methods.duckdb_init_set_max_threads(info, (ulong)Math.Max(1, scan.MaxThreads));
        }
        catch (Exception error)
        {
            Methods.duckdb_init_set_error(info, error.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void LocalInitCalled(nint info)
    {
        try
        {
            var scan = ManagedHandle.Get<ITableScan>(Methods.duckdb_init_get_bind_data(info));
            var projected = new int[Methods.duckdb_init_get_column_count(info)];
            for (var i = 0; i < projected.Length; i++) projected[i] = (int)Methods.duckdb_init_get_column_index(info, (ulong)i);
            Methods.duckdb_init_set_init_data(info, ManagedHandle.Create(new OpenReader(scan, projected)), &ManagedHandle.Free);
        }
        catch (Exception error)
        {
            Methods.duckdb_init_set_error(info, error.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReadCalled(nint info, nint output)
    {
        try
        {
            var reader = ManagedHandle.Get<OpenReader>(Methods.duckdb_function_get_local_init_data(info));
            using var target = new DataChunk(output, reader.Types, owned: false);
            reader.Reader.Read(target);
        }
        catch (Exception error)
        {
            Methods.duckdb_function_set_error(info, error.Message);
        }
    }

    private static object? Argument(nint value)
    {
        try
        {
            if (Methods.duckdb_is_null_value(value) != 0) return null;
            // The type belongs to the value and is not destroyed.
            return (DuckDbTypeId)Methods.duckdb_get_type_id(Methods.duckdb_get_value_type(value)) switch
            {
                DuckDbTypeId.Boolean => Methods.duckdb_get_bool(value) != 0,
                DuckDbTypeId.Double => Methods.duckdb_get_double(value),
                DuckDbTypeId.BigInt or DuckDbTypeId.Integer => Methods.duckdb_get_int64(value),
                _ => NativeText.ReadAndFree(Methods.duckdb_get_varchar(value)),
            };
        }
        finally
        {
            Methods.duckdb_destroy_value(ref value);
        }
    }

    /// <summary>A reader with the types of the columns it fills. A column index past the last is DuckDB's row id for count(*), filled with nothing.</summary>
    private sealed class OpenReader : IDisposable
    {
        public OpenReader(ITableScan scan, int[] projected)
        {
            Reader = scan.OpenReader(projected);
            Types = Array.ConvertAll(projected, i => i >= 0 && i < scan.Columns.Count ? scan.Columns[i].Type : DuckDbType.BigInt);
        }

        public IChunkReader Reader { get; }

        public DuckDbType[] Types { get; }

        public void Dispose() => Reader.Dispose();
    }
}
