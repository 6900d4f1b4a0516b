using System.Text.Json;
using System.Text.RegularExpressions;
using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// The input row behind an error that DuckDB tells with its value only. Found by the value: the message holds it in quotes, or after the word value, and often the
/// source column too.
/// </summary>
internal static partial class FailingRow
{
    private const int LongestTold = 1000;

    /// <param name="fileColumn">The metadata column that names a row's file; null where there is none.</param>
    /// <returns>Where the row is, and the row as JSON: its values are for the person who looks, not for a log that others read. Nothing where no row holds the value as it stands in the message.</returns>
    public static (string Place, string Row)? Find(StepCatalog catalog, string message, string? fileColumn)
    {
        var column = SourceColumn().Match(message) is { Success: true } match ? match.Groups[1].Value : null;
        foreach (var view in catalog.Connection.Rows("SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal ORDER BY ALL"))
        {
            var (schema, name) = ((string)view[0]!, (string)view[1]!);
            // Streams and sources bring the row along a second time; their files and batches are the rows themselves.
            if (schema == StepCatalog.OwnSchema && !name.StartsWith("files_", StringComparison.Ordinal) && !name.StartsWith("batch_", StringComparison.Ordinal)) continue;
            if (RowOf(catalog, SqlText.Identifier(schema, name), column, message) is not ({ } row, var line)) continue;
            var place = schema == StepCatalog.OwnSchema ? "the input" : $"{schema}.{name}";
            return ($"The row is of {place}{FileOf(row, fileColumn)}{(line is null ? "" : ", " + line)}.", row.Length > LongestTold ? row[..LongestTold] + "…" : row);
        }
        return null;
    }

    private static string FileOf(string row, string? fileColumn)
    {
        if (fileColumn is null) return "";
        using var document = JsonDocument.Parse(row);
        return document.RootElement.TryGetProperty(fileColumn, out var file) && file.ValueKind == JsonValueKind.String ? $", from the file {file.GetString()}" : "";
    }

    private static (string? Row, string? Line)? RowOf(StepCatalog catalog, string view, string? column, string message)
    {
        try
        {
            var given = catalog.Describe($"SELECT * FROM {view}");
            var columns = given.Where(static c => !SourceLine.Is(c.Name)).ToList();
            var line = SourceLine.Sql("t", given.Select(static c => c.Name)) ?? "NULL::VARCHAR";
            var holds = columns.Where(c => column is null || c.Name.Equals(column, StringComparison.OrdinalIgnoreCase)).Select(static c => Holds(SqlText.Identifier(c.Name))).ToList();
            if (holds.Count == 0) return null;
            var row = $"{{{string.Join(", ", columns.Select(static c => $"{SqlText.Literal(c.Name)}: {SqlText.Identifier(c.Name)}"))}}}";
            var type = DuckDbType.Struct([.. columns.Select(static c => new DuckDbField(c.Name, c.Type))]);
            var found = catalog.Connection.Rows($"SELECT {StreamedRow.ToJson("r", type)}, line FROM (SELECT {row} AS r, {line} AS line FROM {view} AS t WHERE {string.Join(" OR ", holds)} LIMIT 1) AS f", message);
            return found is [var one] ? (one[0] as string, one[1] as string) : null;
        }
        catch (DuckDbException error) when (error.Kind is not (DuckDbErrorKind.Interrupt or DuckDbErrorKind.Fatal))
        {
            // A view that itself raises: the error that is being explained says more than this one.
            return null;
        }
    }

    private static string Holds(string column) =>
        $"({column}::VARCHAR <> '' AND (contains($1, '''' || {column}::VARCHAR || '''') OR contains($1, '\"' || {column}::VARCHAR || '\"') OR contains($1, ' value ' || {column}::VARCHAR || ' ')))";

    [GeneratedRegex("when casting from source column (.+)$")]
    private static partial Regex SourceColumn();
}
