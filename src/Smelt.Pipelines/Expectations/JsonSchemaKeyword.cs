using System.Globalization;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Pipelines;

/// <summary>The keywords of JSON Schema's validation vocabulary that DuckDB's SQL says exactly (draft 2020-12, Validation, sections 6 and 7).</summary>
internal static class JsonSchemaKeyword
{
    private const string Type = "json_type({0})", Text = "({0} ->> '$')", IsNumber = Type + " IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')";

    private const string Octet = @"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)";

    // 1 and 1.0 are one value (Core, 4.2.2). Whole numbers that DOUBLE does not hold exactly stay as they are written.
    private const string ByValue = "CASE WHEN json_type(item) = 'DOUBLE' AND abs(item::DOUBLE) < 9007199254740992 AND trunc(item::DOUBLE) = item::DOUBLE THEN CAST(item::DOUBLE::BIGINT AS VARCHAR) ELSE item::VARCHAR END";

    private static readonly Dictionary<string, string> s_formats = new(StringComparer.Ordinal)
    {
        ["date"] = $@"regexp_full_match({Text}, '\d{{4}}-\d{{2}}-\d{{2}}') AND TRY_CAST({Text} AS DATE) IS NOT NULL",
        ["time"] = $@"regexp_full_match({Text}, '([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)')",
        ["date-time"] = $@"regexp_full_match({Text}, '\d{{4}}-\d{{2}}-\d{{2}}[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)') AND TRY_CAST({Text}[:10] AS DATE) IS NOT NULL",
        ["email"] = $@"regexp_full_match({Text}, '[^@\s]+@[^@\s.]+(\.[^@\s.]+)*')",
        ["uuid"] = $"regexp_full_match({Text}, '[0-9A-Fa-f]{{8}}(-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}')",
        ["ipv4"] = $@"regexp_full_match({Text}, '{Octet}(\.{Octet}){{3}}')",
        ["hostname"] = $"length({Text}) <= 253 AND regexp_full_match({Text}, '[A-Za-z0-9]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?)*')",
        ["uri"] = $@"regexp_full_match({Text}, '[A-Za-z][A-Za-z0-9+.-]*:[^\s<>""{{}}|\\^`]*')",
    };

    /// <summary>SQL over <c>{0}</c>, the value as JSON or NULL; null where the keyword is not known or cannot be said.</summary>
    /// <param name="column">The column that the value is: one of a type of its own satisfies the formats that the type implies.</param>
    public static string? Predicate(JsonProperty keyword, string? column)
    {
        var value = keyword.Value;
        return keyword.Name switch
        {
            "type" => OfType(value),
            "enum" when value.ValueKind == JsonValueKind.Array => Among([.. value.EnumerateArray()]),
            "const" => Among([value]),
            "minimum" => Number(value, ">="),
            "maximum" => Number(value, "<="),
            "exclusiveMinimum" => Number(value, ">"),
            "exclusiveMaximum" => Number(value, "<"),
            "multipleOf" => MultipleOf(value),
            "minLength" => Count(value, "VARCHAR", $"length({Text})", ">="),
            "maxLength" => Count(value, "VARCHAR", $"length({Text})", "<="),
            "minItems" => Count(value, "ARRAY", "json_array_length({0})", ">="),
            "maxItems" => Count(value, "ARRAY", "json_array_length({0})", "<="),
            "minProperties" => Count(value, "OBJECT", "len(json_keys({0}))", ">="),
            "maxProperties" => Count(value, "OBJECT", "len(json_keys({0}))", "<="),
            "uniqueItems" when value.ValueKind == JsonValueKind.False => "TRUE",
            "uniqueItems" when value.ValueKind == JsonValueKind.True => Absent($"{Type} <> 'ARRAY' OR len(list_distinct(list_transform(json_extract({{0}}, '$[*]'), lambda item: {ByValue}))) = json_array_length({{0}})"),
            "pattern" when TextOf(value) is { } pattern => Absent($"{Type} <> 'VARCHAR' OR regexp_matches({Text}, {Quoted(pattern)})"),
            "format" when TextOf(value) is { } format && s_formats.TryGetValue(format, out var test) => Format(test, column),
            _ => null,
        };
    }

    private static string Format(string test, string? column)
    {
        var holds = Absent($"{Type} <> 'VARCHAR' OR ({test})");
        return column is null ? holds : $"typeof({column}) <> 'VARCHAR' OR {holds}";
    }

    private static string? OfType(JsonElement types)
    {
        var names = types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Select(TextOf).ToList() : [TextOf(types)];
        var parts = names.ConvertAll(static name => name switch
        {
            "string" => $"{Type} = 'VARCHAR'",
            "number" => IsNumber,
            // 1.0 is an integer (Validation, 6.1.1).
            "integer" => $"({IsNumber} AND TRY_CAST({Text} AS DOUBLE) = floor(TRY_CAST({Text} AS DOUBLE)))",
            "boolean" => $"{Type} = 'BOOLEAN'",
            "object" => $"{Type} = 'OBJECT'",
            "array" => $"{Type} = 'ARRAY'",
            "null" => $"{Type} = 'NULL'",
            _ => null,
        });
        return parts.Contains(null) || parts.Count == 0 ? null : Absent(string.Join(" OR ", parts));
    }

    private static string? Among(List<JsonElement> values)
    {
        var parts = values.ConvertAll(static v => v.ValueKind switch
        {
            JsonValueKind.String => $"({Type} = 'VARCHAR' AND {Text} = {Quoted(v.GetString()!)})",
            JsonValueKind.Number => $"({IsNumber} AND TRY_CAST({Text} AS DOUBLE) = {NumberText(v)})",
            JsonValueKind.True or JsonValueKind.False => $"({Type} = 'BOOLEAN' AND {Text} = '{v.GetRawText()}')",
            JsonValueKind.Null => $"{Type} = 'NULL'",
            _ => null,
        });
        return parts.Contains(null) || parts.Count == 0 ? null : Absent(string.Join(" OR ", parts));
    }

    private static string? Number(JsonElement bound, string comparison) =>
        NumberText(bound) is { } number ? Absent($"NOT ({IsNumber}) OR TRY_CAST({Text} AS DOUBLE) {comparison} {number}::DOUBLE") : null;

    private static string? MultipleOf(JsonElement divisor)
    {
        if (NumberText(divisor) is not { } number || divisor.GetDouble() is not (> 0 and < double.PositiveInfinity)) return null;
        var inDouble = $"TRY_CAST({Text} AS DOUBLE) / {number}::DOUBLE = floor(TRY_CAST({Text} AS DOUBLE) / {number}::DOUBLE)";
        var tests = new List<string>();
        // Exact where it can be. A value of more digits than DECIMAL has is NULL there, and only DOUBLE holds it.
        if (decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && exact > 0 && exact == decimal.Round(exact, 10) && exact < 1e28m)
        {
            // Written without an exponent: with one, SQL takes it for a DOUBLE.
            var plain = exact.ToString(CultureInfo.InvariantCulture);
            tests.Add($"TRY_CAST({Text} AS DECIMAL(38,10)) % {plain}::DECIMAL(38,10) = 0");
            if (exact == decimal.Truncate(exact)) tests.Add($"TRY_CAST({Text} AS DECIMAL(38,0)) % {plain}::DECIMAL(38,0) = 0");
        }
        return Absent($"NOT ({IsNumber}) OR coalesce({string.Join(", ", [.. tests, inDouble])})");
    }

    private static string? Count(JsonElement bound, string type, string size, string comparison) =>
        bound.ValueKind == JsonValueKind.Number && bound.TryGetInt64(out var number) && number >= 0
            ? Absent(string.Create(CultureInfo.InvariantCulture, $"{Type} <> '{type}' OR {size} {comparison} {number}")) : null;

    private static string? NumberText(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null;

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Doubled braces: the place is put in by replacing {0} only, so a brace in a text is harmless unless it is that.
    private static string Quoted(string text) => SqlText.Literal(text).Replace("{0}", "' || '{' || '0}' || '", StringComparison.Ordinal);

    private static string Absent(string predicate) => $"{{0}} IS NULL OR {predicate}";
}
