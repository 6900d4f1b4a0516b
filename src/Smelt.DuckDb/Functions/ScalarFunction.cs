using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>Computes a function's value for each row of the chunk of arguments. Called from several threads at once.</summary>
public delegate void ScalarInvocation(DataChunk arguments, Vector result);

/// <summary>A function of ours that SQL can call. Where it has an effect (it counts), it must be volatile.</summary>
/// <param name="Name">Its name in SQL.</param>
/// <param name="Parameters">The arguments' types.</param>
/// <param name="Returns">The value's type.</param>
/// <param name="Invoke">Called for each chunk; NULL arguments come too.</param>
/// <param name="IsVolatile">True: never folded, shared or pushed through other operators.</param>
public sealed unsafe record ScalarFunction(
    string Name, IReadOnlyList<DuckDbType> Parameters, DuckDbType Returns, ScalarInvocation Invoke, bool IsVolatile = false)
{
    internal void RegisterIn(nint connection)
    {
        var function = Methods.duckdb_create_scalar_function();
        try
        {
            Methods.duckdb_scalar_function_set_name(function, Name);
            foreach (var parameter in Parameters) WithNative(parameter, type => Methods.duckdb_scalar_function_add_parameter(function, type));
            WithNative(Returns, type => Methods.duckdb_scalar_function_set_return_type(function, type));
            Methods.duckdb_scalar_function_set_special_handling(function);
            if (IsVolatile) Methods.duckdb_scalar_function_set_volatile(function);
            Methods.duckdb_scalar_function_set_extra_info(function, ManagedHandle.Create(this), &ManagedHandle.Free);
            Methods.duckdb_scalar_function_set_function(function, &Called);
            if (Methods.duckdb_register_scalar_function(connection, function) != 0)
                throw new DuckDbException($"DuckDB does not take the function {Name}.", DuckDbErrorKind.Catalog);
        }
        finally
        {
            Methods.duckdb_destroy_scalar_function(ref function);
        }
    }

    private static void WithNative(DuckDbType type, Action<nint> use)
    {
        var native = type.CreateNative();
        try
        {
            use(native);
        }
        finally
        {
            Methods.duckdb_destroy_logical_type(ref native);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Called(nint info, nint input, nint output)
    {
        try
        {
            var function = ManagedHandle.Get<ScalarFunction>(Methods.duckdb_scalar_function_get_extra_info(info));
            using var arguments = new DataChunk(input, [.. function.Parameters], owned: false);
            function.Invoke(arguments, new Vector(output, function.Returns));
        }
        catch (Exception error)
        {
            // An exception must not cross into native code; DuckDB ends the query with this text.
            Methods.duckdb_scalar_function_set_error(info, error.Message);
        }
    }
}

/// <summary>.NET objects that native code holds on to.</summary>
internal static class ManagedHandle
{
    public static nint Create(object target) => GCHandle.ToIntPtr(GCHandle.Alloc(target));

    public static T Get<T>(nint handle)
        where T : class => (T)GCHandle.FromIntPtr(handle).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void Free(nint handle)
    {
        var target = GCHandle.FromIntPtr(handle);
        (target.Target as IDisposable)?.Dispose();
        target.Free();
    }
}
