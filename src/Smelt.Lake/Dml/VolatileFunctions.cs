using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>DuckDB's functions that do not always give the same value: anew for each row (<c>random()</c>), or for each query (<c>now()</c>).</summary>
internal static class VolatileFunctions
{
    private static readonly string[] TimeWords = ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"];

    private static Dictionary<string, bool>? _ofEachRow;

    /// <summary>Whether two looks at an expression, in one query, may differ.</summary>
    internal static bool Uses(DuckDbConnection connection, SqlExpression expression) =>
        expression.Functions.Any(f => Known(connection).TryGetValue(f.ToLowerInvariant(), out var ofEachRow) && ofEachRow);

    /// <summary>Whether two queries may find different values.</summary>
    internal static bool Changes(DuckDbConnection connection, SqlExpression expression) =>
        expression.Functions.Any(f => Known(connection).ContainsKey(f.ToLowerInvariant()))
        || expression.Columns.Exists(static c => c.Length == 1 && TimeWords.Contains(c[0], StringComparer.OrdinalIgnoreCase));

    private static Dictionary<string, bool> Known(DuckDbConnection connection) => _ofEachRow ??= connection
        .Rows("SELECT lower(function_name), bool_or(stability = 'VOLATILE') FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') GROUP BY 1")
        .ToDictionary(static r => (string)r[0]!, static r => (bool)r[1]!, StringComparer.Ordinal);
}
