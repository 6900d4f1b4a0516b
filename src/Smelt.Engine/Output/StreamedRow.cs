using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>SQL that turns a row into JSON from which every value can be read back: decimals and non-finite numbers as texts, blobs as base64.</summary>
internal static class StreamedRow
{
    /// <summary>The hidden column of a streamed relation: the whole row as a struct.</summary>
    public const string Column = "__smelt_row";

    /// <summary>Field of a carried row that is JSON already: where rows of several queries stand together.</summary>
    public const string Text = "__smelt_text";

    /// <summary>Field of such a row with the flow that it is of.</summary>
    public const string Flow = "__smelt_flow";

    /// <summary>Hidden field of a row that is read again: the number of the batch that read it then.</summary>
    public const string Batch = "__smelt_of_batch";

    /// <summary>A JSON object of a struct's fields.</summary>
    /// <param name="row">SQL of the struct.</param>
    /// <param name="type">Its type.</param>
    public static string ToJson(string row, DuckDbType type) => $"{Object(row, type)}::VARCHAR";

    private static string Object(string row, DuckDbType type) =>
        $"json_object({string.Join(", ", type.Fields.Select(f => SqlText.Literal(f.Name) + ", " + Value($"struct_extract({row}, {SqlText.Literal(f.Name)})", f.Type)))})";

    private static string Value(string sql, DuckDbType type) => type.Id switch
    {
        DuckDbTypeId.Decimal or DuckDbTypeId.HugeInt => $"{sql}::VARCHAR",
        DuckDbTypeId.Blob => $"base64({sql})",
        DuckDbTypeId.Float or DuckDbTypeId.Double => $"CASE WHEN isfinite({sql}) THEN to_json({sql}) WHEN {sql} IS NOT NULL THEN to_json({sql}::VARCHAR) END",
        DuckDbTypeId.Struct when !IsPlain(type) => $"CASE WHEN {sql} IS NOT NULL THEN {Object(sql, type)} END",
        DuckDbTypeId.List when !IsPlain(type) => $"to_json(list_transform({sql}, lambda e: to_json({Value("e", type.Fields[0].Type)})))",
        DuckDbTypeId.Map when !IsPlain(type) => $"to_json(list_transform(map_entries({sql}), lambda e: {Object("e", DuckDbType.Struct(type.Fields))}))",
        _ => sql,
    };

    /// <summary>Whether DuckDB's own JSON of a value loses nothing of it.</summary>
    public static bool IsPlain(DuckDbType type) =>
        type.Id is not (DuckDbTypeId.Decimal or DuckDbTypeId.HugeInt or DuckDbTypeId.Blob or DuckDbTypeId.Float or DuckDbTypeId.Double)
        && type.Fields.All(static f => IsPlain(f.Type));
}
