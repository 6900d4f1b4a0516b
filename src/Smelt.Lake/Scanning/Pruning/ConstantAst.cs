using System.Text.Json;

namespace Smelt.Lake;

/// <summary>Constants of DuckDB's syntax tree, and casts of constants that give one certain value.</summary>
internal static class ConstantAst
{
    /// <summary>Null where the node is no constant, or one whose value is not certain.</summary>
    internal static PredicateValue? Read(JsonElement node)
    {
        if (Text(node, "type"u8) == "OPERATOR_CAST" && node.TryGetProperty("child"u8, out var child) && node.TryGetProperty("cast_type"u8, out var type))
            return Read(child) is { } inner ? Cast(inner, type) : null;
        if (Text(node, "type"u8) != "VALUE_CONSTANT" || !node.TryGetProperty("value"u8, out var constant) || !constant.TryGetProperty("type"u8, out var of))
            return null;
        if (constant.TryGetProperty("is_null"u8, out var isNull) && isNull.ValueKind == JsonValueKind.True)
            return new PredicateValue.Null();
        return constant.TryGetProperty("value"u8, out var value) ? Value(Text(of, "id"u8), of, value) : null;
    }

    private static PredicateValue? Value(string id, JsonElement type, JsonElement value) => id switch
    {
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" => Whole(value) is { } whole ? new PredicateValue.Number(whole) : null,
        "DECIMAL" => Whole(value) is { } unscaled && Scale(type) is { } scale ? new PredicateValue.Number(unscaled, scale) : null,
        "DOUBLE" => value.ValueKind == JsonValueKind.Number ? new PredicateValue.Real(value.GetDouble()) : null,
        "VARCHAR" => value.ValueKind == JsonValueKind.String ? new PredicateValue.Text(value.GetString()!) : null,
        "BOOLEAN" => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? new PredicateValue.Flag(value.GetBoolean()) : null,
        _ => null,
    };

    // A text that was cast to VARCHAR is no literal any more: DuckDB then compares as texts. So that cast is not taken.
    private static PredicateValue? Cast(PredicateValue value, JsonElement type) => (Text(type, "id"u8), value) switch
    {
        (_, PredicateValue.Null) => value,
        ("BOOLEAN", PredicateValue.Text { Value: "t" or "f" or "true" or "false" } t) => new PredicateValue.Flag(t.Value[0] == 't'),
        ("BOOLEAN", PredicateValue.Flag) => value,
        ("DATE", PredicateValue.Text t) => TimeText.Day(t.Value) is { } day ? new PredicateValue.Day(day) : null,
        ("DATE", PredicateValue.Day) => value,
        ("TIMESTAMP", PredicateValue.Text t) => TimeText.Time(t.Value) is { Zone: TimeZoneKind.None } clock ? Instant(clock.Micros) : null,
        ("TIMESTAMP WITH TIME ZONE", PredicateValue.Text t) => TimeText.Time(t.Value) is { } instant ? Instant(instant.Micros) : null,
        ("TIMESTAMP", PredicateValue.Day d) => Instant((Int128)d.Days * TimeText.MicrosPerDay),
        ("TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT", PredicateValue.Number { Scale: 0 }) => value,
        ("DECIMAL", PredicateValue.Number n) when Scale(type) >= n.Scale => value,
        ("DOUBLE", PredicateValue.Number n) => new PredicateValue.Real((double)n.Unscaled / Math.Pow(10, n.Scale)),
        ("DOUBLE", PredicateValue.Real) => value,
        _ => null,
    };

    private static PredicateValue.Instant? Instant(Int128 micros) => micros >= long.MinValue && micros <= long.MaxValue ? new PredicateValue.Instant((long)micros) : null;

    private static Int128? Whole(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var small))
            return small;
        // Beyond 64 bits a number is its two halves.
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("upper"u8, out var upper) && value.TryGetProperty("lower"u8, out var lower)
            && upper.TryGetInt64(out var high) && lower.TryGetUInt64(out var low))
            return ((Int128)high << 64) | low;
        return null;
    }

    private static int? Scale(JsonElement type) =>
        type.TryGetProperty("type_info"u8, out var info) && info.TryGetProperty("scale"u8, out var scale) && scale.TryGetInt32(out var places) ? places : null;

    private static string Text(JsonElement node, ReadOnlySpan<byte> name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
