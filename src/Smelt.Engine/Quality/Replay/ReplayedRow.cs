using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>SQL that reads a streamed row back from the JSON that <see cref="StreamedRow"/> wrote: every value as it was.</summary>
internal static class ReplayedRow
{
    /// <summary>A select list of the row's columns.</summary>
    /// <param name="json">SQL of the JSON text.</param>
    /// <param name="columns">The columns to read, with their types; one that the text does not have is NULL.</param>
    public static string Columns(string json, IReadOnlyList<DuckDbColumn> columns) =>
        string.Join(", ", columns.Select(c => $"{Value(Field(json, c.Name), c.Type)} AS {SqlText.Identifier(c.Name)}"));

    // Pointers, not paths: a path has no way to write every name.
    private static string Field(string json, string name) =>
        $"json_extract({json}, {SqlText.Literal("/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))})";

    private static string Value(string json, DuckDbType type) => type.Id switch
    {
        DuckDbTypeId.Blob => $"from_base64({json} ->> '$')",
        DuckDbTypeId.Struct => $"CASE WHEN json_type({json}) = 'OBJECT' THEN {{{string.Join(", ", type.Fields.Select(f => $"{SqlText.Literal(f.Name)}: {Value(Field(json, f.Name), f.Type)}"))}}} END",
        DuckDbTypeId.List => $"list_transform(({json})::JSON[], lambda e: {Value("e", type.Fields[0].Type)})",
        DuckDbTypeId.Map when IsObject(type) => $"({json})::{type}",
        DuckDbTypeId.Map => $"map_from_entries(list_transform(({json})::JSON[], lambda e: {{'k': {Value(Field("e", type.Fields[0].Name), type.Fields[0].Type)}, 'v': {Value(Field("e", type.Fields[1].Name), type.Fields[1].Type)}}}))",
        _ => $"({json} ->> '$')::{type}",
    };

    /// <summary>Whether the map was written as an object: the row's writer takes entries where a value of it needs care.</summary>
    private static bool IsObject(DuckDbType map) => StreamedRow.IsPlain(map);
}
