using System.Collections.Frozen;

namespace Smelt.Pipelines.Sql;

/// <summary>Which of DuckDB's functions give other results when called again (its own classes; see duckdb_functions().stability).</summary>
internal static class FunctionStability
{
    private static readonly FrozenSet<string> s_timeWords = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp");

    private static readonly FrozenSet<string> s_time = FrozenSet.Create(StringComparer.Ordinal,
        "current_date", "get_current_time", "get_current_timestamp", "now", "today", "transaction_timestamp", "current_localtime", "current_localtimestamp",
        "current_time", "current_timestamp", "localtime", "localtimestamp", "age");

    private static readonly FrozenSet<string> s_volatile = FrozenSet.Create(StringComparer.Ordinal,
        "current_connection_id", "current_query", "current_query_id", "current_transaction_id", "currval", "error", "gen_random_uuid", "nextval", "random",
        "setseed", "sleep_ms", "stats", "uuid", "uuidv4", "uuidv7", "write_log", "txid_current", "getvariable", "getenv");

    /// <summary>Whether a name of time or chance stands anywhere in a text; a column or value of that name counts too.</summary>
    public static bool SpeaksOfTime(string sql)
    {
        for (var at = 0; at < sql.Length;)
        {
            var end = at;
            while (end < sql.Length && (char.IsLetterOrDigit(sql[end]) || sql[end] == '_')) end++;
            var word = sql[at..end].ToLowerInvariant();
            if (s_time.Contains(word) || s_timeWords.Contains(word) || s_volatile.Contains(word)) return true;
            at = end + 1;
        }
        return false;
    }

    public static bool IsTimeWord(string column) => s_timeWords.Contains(column);
    public static bool IsTime(string function) => s_time.Contains(function);
    public static bool IsVolatile(string function) => s_volatile.Contains(function);
}
