using System.Globalization;
using System.Runtime.InteropServices;
using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <param name="MemoryLimitBytes">DuckDB's own limit; the process as a whole takes more. Null: DuckDB's default, 80 % of the machine.</param>
/// <param name="Threads">Null: one a core.</param>
/// <param name="SpillDirectory">Where queries that exceed memory put their pages; made when first needed. Null: none, such queries fail.</param>
public sealed record DuckDbOptions(long? MemoryLimitBytes = null, int? Threads = null, string? SpillDirectory = null);

/// <summary>One DuckDB instance in memory. Extensions are neither downloaded nor loaded by themselves.</summary>
public sealed class DuckDbDatabase : IDisposable
{
    private nint _handle;

    private readonly int? _threads;

    private DuckDbDatabase(nint handle, int? threads) => (_handle, _threads) = (handle, threads);

    /// <summary>The version of the loaded library, such as <c>v1.5.6</c>.</summary>
    public static unsafe string LibraryVersion => NativeText.Read(Methods.duckdb_library_version());

    public static unsafe DuckDbDatabase OpenInMemory(DuckDbOptions? options = null)
    {
        options ??= new DuckDbOptions();
        _ = Methods.duckdb_create_config(out var config);
        try
        {
            foreach (var (name, value) in Settings(options))
            {
                if (Methods.duckdb_set_config(config, name, value) != 0)
                    throw new DuckDbException($"DuckDB refuses the setting {name} = '{value}'.", DuckDbErrorKind.InvalidConfiguration);
            }
            if (Methods.duckdb_open_ext(null, out var database, config, out var error) != 0)
                throw new DuckDbException(NativeText.ReadAndFree(error), DuckDbErrorKind.Connection);
            return new DuckDbDatabase(database, options.Threads);
        }
        finally
        {
            Methods.duckdb_destroy_config(ref config);
        }
    }

    /// <summary>A session with Smelt's defaults: UTC, progress counted but not printed.</summary>
    public DuckDbConnection Connect()
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        if (Methods.duckdb_connect(_handle, out var connection) != 0)
            throw new DuckDbException("DuckDB opened no connection.", DuckDbErrorKind.Connection);
        return new DuckDbConnection(connection);
    }

    /// <summary>How many threads queries that start from now on use; null: as many as the instance was opened with.</summary>
    public void SetThreads(int? threads)
    {
        using var connection = Connect();
        connection.Execute((threads ?? _threads) is { } count ? string.Create(CultureInfo.InvariantCulture, $"SET threads={count}") : "RESET threads");
    }

    public void Dispose()
    {
        if (_handle != 0) Methods.duckdb_close(ref _handle);
        _handle = 0;
    }

    private static IEnumerable<(string Name, string Value)> Settings(DuckDbOptions options)
    {
        yield return ("autoinstall_known_extensions", "false");
        yield return ("autoload_known_extensions", "false");
        yield return ("preserve_insertion_order", "false");
        // DuckDB 1.5.6 hoists an expression that occurs twice out of TRY, whose error then ends the query (measured); TRY is what sets single rows aside.
        yield return ("disabled_optimizers", "common_subexpressions");
        if (options.Threads is { } threads) yield return ("threads", threads.ToString(CultureInfo.InvariantCulture));
        if (options.MemoryLimitBytes is { } limit) yield return ("memory_limit", limit.ToString(CultureInfo.InvariantCulture) + "B");
        yield return ("temp_directory", options.SpillDirectory ?? "");
    }
}

/// <summary>Reads texts that the library hands out.</summary>
internal static unsafe class NativeText
{
    public static string Read(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    public static string ReadAndFree(byte* text)
    {
        var read = Read(text);
        if (text is not null) Methods.duckdb_free(text);
        return read;
    }
}
