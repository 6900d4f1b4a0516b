using System.Text;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>.NET values as statement parameters: null, bool, int, long, double, string, byte[], long[] and string[].</summary>
internal static unsafe class ParameterValue
{
    public static void Bind(nint statement, ulong index, object? value)
    {
        var native = Create(value);
        try
        {
            if (Methods.duckdb_bind_value(statement, index, native) != 0)
                throw new DuckDbException(NativeText.Read(Methods.duckdb_prepare_error(statement)), DuckDbErrorKind.ParameterNotAllowed);
        }
        finally
        {
            Methods.duckdb_destroy_value(ref native);
        }
    }

    private static nint Create(object? value) => value switch
    {
        null => Methods.duckdb_create_null_value(),
        bool flag => Methods.duckdb_create_bool(flag ? (byte)1 : (byte)0),
        int number => Methods.duckdb_create_int64(number),
        long number => Methods.duckdb_create_int64(number),
        double number => Methods.duckdb_create_double(number),
        string text => Text(text),
        byte[] data => Blob(data),
        long[] numbers => List(DuckDbType.BigInt, Array.ConvertAll(numbers, static n => Methods.duckdb_create_int64(n))),
        string[] texts => List(DuckDbType.Varchar, Array.ConvertAll(texts, Text)),
        _ => throw new ArgumentException($"A {value.GetType().Name} cannot be a statement's parameter.", nameof(value)),
    };

    private static nint Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        fixed (byte* data = utf8) return Methods.duckdb_create_varchar_length(data, (ulong)utf8.Length);
    }

    private static nint Blob(byte[] bytes)
    {
        fixed (byte* data = bytes) return Methods.duckdb_create_blob(data, (ulong)bytes.Length);
    }

    private static nint List(DuckDbType child, nint[] values)
    {
        var type = child.CreateNative();
        try
        {
            fixed (nint* first = values) return Methods.duckdb_create_list_value(type, first, (ulong)values.Length);
        }
        finally
        {
            Methods.duckdb_destroy_logical_type(ref type);
            for (var i = 0; i < values.Length; i++) Methods.duckdb_destroy_value(ref values[i]);
        }
    }
}
