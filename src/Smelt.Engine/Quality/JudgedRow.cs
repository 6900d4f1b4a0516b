using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>The struct that a broken row is set aside as: <c>c0</c>, <c>c1</c>, … the stored columns, <c>input</c> the streamed row as JSON, <c>file</c> its file, <c>line</c> its place there.</summary>
internal static class JudgedRow
{
    public static string Sql(OutputShape shape, string? fileColumn)
    {
        var fields = shape.Columns.Select(static (c, i) => $"'c{i}': {SqlText.Identifier(c.Name)}").ToList();
        fields.Add($"'input': {(shape.CarriedRow is { } row ? StreamedRow.ToJson(StreamedRow.Column, Came(row)) : "NULL::VARCHAR")}");
        fields.Add($"'file': {File(shape, fileColumn)}");
        fields.Add($"'line': {SourceLine.Sql(StreamedRow.Column, shape.CarriedRow?.Fields.Select(static f => f.Name) ?? []) ?? "NULL::VARCHAR"}");
        return $"{{{string.Join(", ", fields)}}}";
    }

    private static DuckDbType Came(DuckDbType row) => DuckDbType.Struct([.. row.Fields.Where(static f => !SourceLine.Is(f.Name))]);

    private static string File(OutputShape shape, string? fileColumn)
    {
        if (fileColumn is null) return "NULL::VARCHAR";
        bool Is(string name) => name.Equals(fileColumn, StringComparison.OrdinalIgnoreCase);
        if (shape.CarriedRow?.Fields.FirstOrDefault(f => Is(f.Name)) is { Type.Id: DuckDbTypeId.Varchar } field)
            return $"struct_extract({StreamedRow.Column}, {SqlText.Literal(field.Name)})";
        return shape.Columns.FirstOrDefault(c => Is(c.Name)) is { } column ? $"{SqlText.Identifier(column.Name)}::VARCHAR" : "NULL::VARCHAR";
    }
}
