using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// A broken row as it is set aside: the stored columns and the streamed row, by their types. What the quarantine tells of it (its input as JSON, its file, its place there, its flow) is made of these
/// once the batch has been judged, many rows at a time.
/// </summary>
/// <param name="fileColumn">Name of the column with a row's file; null where the project has none.</param>
internal sealed class JudgedRow(OutputShape shape, string? fileColumn)
{
    private const string Streamed = "streamed";

    /// <summary>SQL of the flow that a row is of, where rows of several stand together.</summary>
    public const string Flow = $"struct_extract({StreamedRow.Column}, '{StreamedRow.Flow}')";

    /// <summary>SQL over a typed row of the struct that is set aside: <c>c0</c>, <c>c1</c>, … the stored columns, and the streamed row where it is carried.</summary>
    public string Sql => $"{{{string.Join(", ", [.. shape.Columns.Select(static (c, i) => $"'c{i}': {SqlText.Identifier(c.Name)}"), .. shape.CarriedRow is null ? (string[])[] : [$"'{Streamed}': {StreamedRow.Column}"]])}}}";

    /// <summary>SQL over rows set aside as <c>broken</c>, <c>r</c>: <c>broken</c>, <c>c0</c>, <c>c1</c>, …, <c>input</c>, <c>file</c>, <c>line</c>, <c>flow</c>.</summary>
    /// <param name="table">SQL of their table.</param>
    public string ToldSql(string table)
    {
        var columns = string.Concat(shape.Columns.Select(static (_, i) => $", r.c{i} AS c{i}"));
        var row = shape.CarriedRow;
        var (input, line) = row is null ? (null, null) : (Input(row), SourceLine.Sql(StreamedRow.Column, row.Fields.Select(static f => f.Name)));
        var flow = row?.Fields.Any(static f => f.Name == StreamedRow.Flow) == true ? Flow : null;
        return $"SELECT broken{columns}, {OrNone(input)} AS input, {OrNone(FileSql())} AS file, {OrNone(line)} AS line, {OrNone(flow)} AS flow "
            + $"FROM (SELECT broken, r{(row is null ? "" : $", r.{Streamed} AS {StreamedRow.Column}")} FROM {table})";
    }

    /// <summary>SQL of a streamed row as the quarantine keeps it.</summary>
    public static string Input(DuckDbType row) => row.Fields.Any(static f => f.Name == StreamedRow.Text) ? $"struct_extract({StreamedRow.Column}, '{StreamedRow.Text}')" : StreamedRow.ToJson(StreamedRow.Column, SourceLine.Without(row));

    private static string OrNone(string? text) => text ?? "NULL::VARCHAR";

    private string? FileSql()
    {
        if (fileColumn is null) return null;
        bool Is(string name) => name.Equals(fileColumn, StringComparison.OrdinalIgnoreCase);
        if (shape.CarriedRow?.Fields.FirstOrDefault(f => Is(f.Name)) is { Type.Id: DuckDbTypeId.Varchar } field)
            return $"struct_extract({StreamedRow.Column}, {SqlText.Literal(field.Name)})";
        var stored = shape.Columns.Select(static c => c.Name).ToList().FindIndex(Is);
        return stored < 0 ? null : $"r.c{stored}::VARCHAR";
    }
}
