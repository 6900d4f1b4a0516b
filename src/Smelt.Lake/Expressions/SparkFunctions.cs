namespace Smelt.Lake;

/// <summary>
/// Spark's functions that DuckDB computes to the same values, with their form there. What is not here is refused: a nearly equal function would write wrong rows.
/// </summary>
internal static class SparkFunctions
{
    /// <summary>DuckDB's SQL of a call, or null where the function is not known.</summary>
    /// <param name="name">Lower case.</param>
    /// <param name="arguments">DuckDB's SQL of each argument.</param>
    /// <param name="texts">The argument's text where it is a plain text literal, else null.</param>
    internal static string? Call(string name, List<string> arguments, List<string?> texts) => arguments.Count switch
    {
        0 => name switch
        {
            "current_date" or "curdate" => "CAST(now() AS DATE)",
            "current_timestamp" or "now" => "now()",
            "localtimestamp" => "CAST(now() AS TIMESTAMP)",
            _ => null,
        },
        1 => One(name, arguments[0]),
        2 => Two(name, arguments, texts),
        3 => Three(name, arguments),
        _ => Any(name, arguments),
    };

    private static string? One(string name, string a) => name switch
    {
        "length" or "len" or "char_length" or "character_length" => $"length({a})",
        "lower" or "lcase" => $"lower({a})",
        "upper" or "ucase" => $"upper({a})",
        "trim" => $"trim({a}, ' ')",
        "ltrim" => $"ltrim({a}, ' ')",
        "rtrim" => $"rtrim({a}, ' ')",
        "reverse" => $"reverse({a})",
        "abs" => $"abs({a})",
        "floor" => $"CAST(floor({a}) AS BIGINT)",
        "ceil" or "ceiling" => $"CAST(ceil({a}) AS BIGINT)",
        "isnull" => $"({a} IS NULL)",
        "isnotnull" => $"({a} IS NOT NULL)",
        "isnan" => $"isnan({a})",
        "year" or "month" or "quarter" or "hour" or "minute" => $"CAST({name}({a}) AS INTEGER)",
        "day" or "dayofmonth" => $"CAST(day({a}) AS INTEGER)",
        "second" => $"CAST(second({a}) AS INTEGER)",
        "dayofyear" => $"CAST(dayofyear({a}) AS INTEGER)",
        "dayofweek" => $"CAST(dayofweek({a}) + 1 AS INTEGER)",
        "weekofyear" => $"CAST(weekofyear({a}) AS INTEGER)",
        "last_day" => $"last_day({a})",
        "array_size" or "cardinality" => $"len({a})",
        _ => Any(name, [a]),
    };

    private static string? Two(string name, List<string> a, List<string?> texts) => name switch
    {
        "ifnull" or "nvl" => $"coalesce({a[0]}, {a[1]})",
        "nullif" => $"nullif({a[0]}, {a[1]})",
        "substring" or "substr" when int.TryParse(a[1], out var start) && start > 0 => $"substring({a[0]}, {a[1]})",
        "mod" => $"({a[0]} % {a[1]})",
        "startswith" => $"starts_with({a[0]}, {a[1]})",
        "endswith" => $"ends_with({a[0]}, {a[1]})",
        "contains" => $"contains({a[0]}, {a[1]})",
        "date_add" => $"CAST({a[0]} + to_days(CAST({a[1]} AS INTEGER)) AS DATE)",
        "date_sub" => $"CAST({a[0]} - to_days(CAST({a[1]} AS INTEGER)) AS DATE)",
        "datediff" => $"CAST(date_diff('day', {a[1]}, {a[0]}) AS INTEGER)",
        "date_trunc" when Unit(texts[0], ofTime: true) is { } unit => $"date_trunc('{unit}', {a[1]})",
        "trunc" when Unit(texts[1], ofTime: false) is { } unit => $"CAST(date_trunc('{unit}', {a[0]}) AS DATE)",
        "date_format" when Pattern(texts[1]) is { } pattern => $"strftime({a[0]}, '{pattern}')",
        _ => Any(name, a),
    };

    private static string? Three(string name, List<string> a) => name switch
    {
        "if" => $"CASE WHEN {a[0]} THEN {a[1]} ELSE {a[2]} END",
        "substring" or "substr" when int.TryParse(a[1], out var start) && start > 0 && int.TryParse(a[2], out var count) && count >= 0 => $"substring({a[0]}, {a[1]}, {a[2]})",
        "replace" => $"replace({a[0]}, {a[1]}, {a[2]})",
        "nvl2" => $"CASE WHEN {a[0]} IS NOT NULL THEN {a[1]} ELSE {a[2]} END",
        _ => Any(name, a),
    };

    private static string? Any(string name, List<string> a) => name switch
    {
        "coalesce" => $"coalesce({string.Join(", ", a)})",
        "greatest" or "least" when a.Count > 1 => $"{name}({string.Join(", ", a)})",
        // Spark's concat is NULL as soon as one part is; DuckDB's passes over NULLs, its operator does not.
        "concat" => $"({string.Join(" || ", a)})",
        _ => null,
    };

    private static string? Unit(string? text, bool ofTime) => text?.ToLowerInvariant() switch
    {
        "year" or "yyyy" or "yy" => "year",
        "quarter" => "quarter",
        "month" or "mm" or "mon" => "month",
        "week" => "week",
        "day" or "dd" when ofTime => "day",
        "hour" when ofTime => "hour",
        "minute" when ofTime => "minute",
        "second" when ofTime => "second",
        _ => null,
    };

    /// <summary>Java's date pattern in strftime's letters; null where it has another part than four-digit years and two-digit others.</summary>
    private static string? Pattern(string? java)
    {
        if (java is null)
            return null;
        var pattern = new System.Text.StringBuilder();
        for (var at = 0; at < java.Length;)
        {
            var run = 1;
            while (at + run < java.Length && java[at + run] == java[at])
                run++;
            var letters = java.Substring(at, run);
            var part = letters switch { "yyyy" => "%Y", "MM" => "%m", "dd" => "%d", "HH" => "%H", "mm" => "%M", "ss" => "%S", _ => null };
            if (part is null && (char.IsLetter(java[at]) || java[at] is '\'' or '[' or ']' or '#' or '{' or '}' or '%'))
                return null;
            pattern.Append(part ?? letters);
            at += run;
        }
        return pattern.ToString();
    }
}
