using Smelt.DuckDb.Native;

namespace Smelt.DuckDb;

/// <summary>What a call of a table function gives: rows, read by one or more readers at once.</summary>
public interface ITableScan
{
    IReadOnlyList<DuckDbColumn> Columns { get; }

    /// <summary>How many readers may run at once.</summary>
    int MaxThreads { get; }

    /// <summary>A guess of the rows, for the planner; null when unknown.</summary>
    long? EstimatedRows { get; }

    /// <summary>A reader of one thread. <paramref name="projected"/> holds the indexes of the columns to fill, in the order of the chunk's vectors.</summary>
    IChunkReader OpenReader(IReadOnlyList<int> projected);
}

/// <summary>Fills chunks; disposed when its thread is done.</summary>
public interface IChunkReader : IDisposable
{
    /// <summary>Fills up to 2048 rows and sets <see cref="DataChunk.RowCount"/>; 0 ends this reader.</summary>
    void Read(DataChunk target);
}

/// <summary>A table function of ours that SQL can call with VARCHAR, BIGINT, DOUBLE or BOOLEAN arguments.</summary>
/// <param name="Name">Its name in SQL.</param>
/// <param name="Parameters">The positional arguments' types.</param>
/// <param name="Bind">Makes the scan for one call's arguments (string, long, double, bool or null). What it throws is the query's error.</param>
public sealed unsafe partial record TableFunction(string Name, IReadOnlyList<DuckDbType> Parameters, Func<IReadOnlyList<object?>, ITableScan> Bind)
{
    internal void RegisterIn(nint connection)
    {
        var function = Methods.duckdb_create_table_function();
        try
        {
            Methods.duckdb_table_function_set_name(function, Name);
            foreach (var parameter in Parameters)
            {
                var type = parameter.CreateNative();
                Methods.duckdb_table_function_add_parameter(function, type);
                Methods.duckdb_destroy_logical_type(ref type);
            }
            Methods.duckdb_table_function_set_extra_info(function, ManagedHandle.Create(this), &ManagedHandle.Free);
            Methods.duckdb_table_function_supports_projection_pushdown(function, 1);
            Methods.duckdb_table_function_set_bind(function, &BindCalled);
            Methods.duckdb_table_function_set_init(function, &InitCalled);
            Methods.duckdb_table_function_set_local_init(function, &LocalInitCalled);
            Methods.duckdb_table_function_set_function(function, &ReadCalled);
            if (Methods.duckdb_register_table_function(connection, function) != 0)
                throw new DuckDbException($"DuckDB does not take the table function {Name}.", DuckDbErrorKind.Catalog);
        }
        finally
        {
            Methods.duckdb_destroy_table_function(ref function);
        }
    }
}
