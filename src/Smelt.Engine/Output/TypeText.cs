using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>DuckDB types from their SQL text, as DuckDB itself reads them.</summary>
internal static class TypeText
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, DuckDbType> Known = new(StringComparer.OrdinalIgnoreCase);
    private static DuckDbConnection? _connection;

    public static DuckDbType Parse(string type)
    {
        lock (Gate)
        {
            if (Known.TryGetValue(type, out var known)) return known;
            _connection ??= DuckDbDatabase.OpenInMemory(new DuckDbOptions(Threads: 1)).Connect();
            using var result = _connection.Query($"SELECT NULL::{type} AS c LIMIT 0");
            return Known[type] = result.Columns[0].Type;
        }
    }
}
