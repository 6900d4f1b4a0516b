using Smelt.Connectors;
using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// Where a row of a file stands in it: hidden columns of a bound source that go along in the streamed row, are looked at for refused rows only, and are no part of the row as it came.
/// </summary>
internal static class SourceLine
{
    /// <summary>The physical line, from 1, on which a record of CSV or JSON begins; the number of a Parquet file's row, from 1.</summary>
    public const string OfText = "__smelt_line", OfRows = "__smelt_file_row";

    /// <summary>Field of a carried row with the place in words: where rows of several queries stand together.</summary>
    public const string Told = "__smelt_at";

    public static bool Is(string column) => column is OfText or OfRows or Told;

    /// <summary>Options that make a batch's rows tell their place.</summary>
    public static FileSourceOptions Asked(FileSourceOptions options, FileBatch batch) =>
        options with { Metadata = options.Metadata with { SourceLine = batch.Format == FileFormat.Parquet ? OfRows : OfText } };

    /// <summary>A row's type as it came.</summary>
    public static DuckDbType Without(DuckDbType row) => DuckDbType.Struct([.. row.Fields.Where(static f => !Is(f.Name) && f.Name != StreamedRow.Batch)]);

    /// <summary>SQL of <c>line 17</c> or <c>row 17</c>.</summary>
    /// <param name="row">SQL of a struct.</param>
    /// <param name="fields">The names of its fields.</param>
    /// <returns>Null where no row of it has a place.</returns>
    public static string? Sql(string row, IEnumerable<string> fields)
    {
        var words = fields.Where(Is).Select(f => f == Told ? $"struct_extract({row}, '{f}')" : $"'{(f == OfText ? "line" : "row")} ' || struct_extract({row}, '{f}')::VARCHAR").ToList();
        return words.Count == 0 ? null : $"coalesce({string.Join(", ", words)})";
    }
}
