using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>The struct that a broken row is set aside as: <c>c0</c>, <c>c1</c>, … the stored columns, <c>input</c> the streamed row as JSON, <c>file</c> its file, <c>line</c> its place there, <c>flow</c> its flow where it is not the step's.</summary>
internal static class JudgedRow
{
    public static string Sql(OutputShape shape, string? fileColumn)
    {
        var fields = shape.Columns.Select(static (c, i) => $"'c{i}': {SqlText.Identifier(c.Name)}").ToList();
        fields.Add($"'input': {(shape.CarriedRow is { } row ? Input(row) : "NULL::VARCHAR")}");
        fields.Add($"'file': {File(shape, fileColumn)}");
        fields.Add($"'line': {SourceLine.Sql(StreamedRow.Column, shape.CarriedRow?.Fields.Select(static f => f.Name) ?? []) ?? "NULL::VARCHAR"}");
        fields.Add($"'flow': {(shape.CarriedRow?.Fields.Any(static f => f.Name == StreamedRow.Flow) == true ? Flow : "NULL::VARCHAR")}");
        return $"{{{string.Join(", ", fields)}}}";
    }

    /// <summary>SQL of the flow that a row is of, where rows of several stand together.</summary>
    public const string Flow = $"struct_extract({StreamedRow.Column}, '{StreamedRow.Flow}')";

    /// <summary>SQL of a streamed row as the quarantine keeps it.</summary>
    public static string Input(DuckDbType row) => row.Fields.Any(static f => f.Name == StreamedRow.Text) ? $"struct_extract({StreamedRow.Column}, '{StreamedRow.Text}')" : StreamedRow.ToJson(StreamedRow.Column, SourceLine.Without(row));

    private static string File(OutputShape shape, string? fileColumn)
    {
        if (fileColumn is null) return "NULL::VARCHAR";
        bool Is(string name) => name.Equals(fileColumn, StringComparison.OrdinalIgnoreCase);
        if (shape.CarriedRow?.Fields.FirstOrDefault(f => Is(f.Name)) is { Type.Id: DuckDbTypeId.Varchar } field)
            return $"struct_extract({StreamedRow.Column}, {SqlText.Literal(field.Name)})";
        return shape.Columns.FirstOrDefault(c => Is(c.Name)) is { } column ? $"{SqlText.Identifier(column.Name)}::VARCHAR" : "NULL::VARCHAR";
    }
}
