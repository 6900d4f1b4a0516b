using System.Text;
using Smelt.DuckDb;
using Smelt.Engine;

namespace Smelt.Cli;

/// <summary>A query's rows as a table, CSV, JSON or Parquet.</summary>
internal static class RowsView
{
    /// <summary>Rows that a table shows where nobody says how many; that there are more is said.</summary>
    public const int MostRows = 100;

    public static void WriteTable(Terminal terminal, DuckDbConnection connection, string sql, int most = MostRows)
    {
        var types = Columns(connection, sql);
        var rows = new List<IReadOnlyList<string?>>();
        var isMore = false;
        using (var result = connection.Query($"SELECT COLUMNS(*)::VARCHAR FROM (FROM ({sql}\n) LIMIT {most + 1L}) AS smelt_rows"))
        {
            while (result.Next())
            {
                for (var row = 0; row < result.Chunk.RowCount; row++)
                {
                    if (rows.Count < most) rows.Add(Texts(result.Chunk, row));
                    else isMore = true;
                }
            }
        }
        TableView.Write(terminal, [.. types.Select(static c => (c.Name, IsNumber(c.Type)))], rows);
        if (isMore) terminal.Words.WriteLine("… and more rows; --limit shows more, --format csv all");
        else terminal.Words.WriteLine($"{Units.Count(rows.Count)} {(rows.Count == 1 ? "row" : "rows")}");
    }

    public static void WriteCsv(DuckDbConnection connection, string sql)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        output.WriteLine(string.Join(',', Columns(connection, sql).Select(static c => Csv(c.Name))));
        using var result = connection.Query($"SELECT COLUMNS(*)::VARCHAR FROM ({sql}\n) AS smelt_rows");
        while (result.Next())
        {
            for (var row = 0; row < result.Chunk.RowCount; row++) output.WriteLine(string.Join(',', Texts(result.Chunk, row).Select(Csv)));
        }
    }

    /// <summary>One JSON document: an object with the columns and the rows. Numbers that JSON does not have (NaN, infinity) are texts.</summary>
    public static void WriteJson(DuckDbConnection connection, string sql)
    {
        var columns = Columns(connection, sql);
        using var result = connection.Query($"SELECT to_json(smelt_rows)::VARCHAR FROM ({sql}\n) AS smelt_rows");
        // A query that fails at once leaves the document to whoever tells the fault.
        var isMore = result.Next();
        using var output = new StreamWriter(JsonOutput.Open(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        output.Write("{\n  \"columns\": [");
        output.Write(string.Join(", ", columns.Select(static c => $"{{\"name\": {Json(c.Name)}, \"type\": {Json(c.Type.ToString())}}}")));
        output.Write("],\n  \"rows\": [");
        var first = true;
        try
        {
            for (; isMore; isMore = result.Next())
            {
                for (var row = 0; row < result.Chunk.RowCount; row++)
                {
                    output.Write(first ? "\n    " : ",\n    ");
                    output.Write(JsonNumbers.Quoted(result.Chunk[0].Text(row)));
                    first = false;
                }
            }
        }
        catch (Exception error)
        {
            var fault = VerbRunner.FaultOf(error);
            output.WriteLine($"\n  ],\n  \"error\": {{\"code\": {Json(fault.Code)}, \"message\": {Json(fault.Message)}}}\n}}");
            throw;
        }
        output.WriteLine(first ? "]\n}" : "\n  ]\n}");
    }

    /// <summary>A Parquet file; to stdout by way of a temporary file, as Parquet is not written in one go.</summary>
    public static void WriteParquet(DuckDbConnection connection, string sql, string? path)
    {
        var file = path is null ? Path.GetTempFileName() : Path.GetFullPath(path);
        try
        {
            connection.Execute($"COPY ({sql}\n) TO {SqlText.Literal(file)} (FORMAT parquet, COMPRESSION zstd)");
            if (path is not null) return;
            using var written = File.OpenRead(file);
            using var output = Console.OpenStandardOutput();
            written.CopyTo(output);
        }
        finally
        {
            if (path is null) File.Delete(file);
        }
    }

    public static IReadOnlyList<DuckDbColumn> Columns(DuckDbConnection connection, string sql)
    {
        using var result = connection.Query($"SELECT * FROM ({sql}\n) LIMIT 0");
        return result.Columns;
    }

    private static string?[] Texts(DataChunk chunk, int row)
    {
        var texts = new string?[chunk.ColumnCount];
        for (var i = 0; i < texts.Length; i++) texts[i] = chunk[i].IsNull(row) ? null : chunk[i].Text(row);
        return texts;
    }

    /// <summary>RFC 4180; NULL is the empty field, the empty text is quoted.</summary>
    private static string Csv(string? value) =>
        value is null ? "" : value.Length == 0 || value.AsSpan().IndexOfAny("\",\n\r") >= 0 || value[0] == ' ' || value[^1] == ' ' ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;

    private static string Json(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static bool IsNumber(DuckDbType type) => type.Id is DuckDbTypeId.TinyInt or DuckDbTypeId.SmallInt or DuckDbTypeId.Integer or DuckDbTypeId.BigInt or DuckDbTypeId.HugeInt
        or DuckDbTypeId.UTinyInt or DuckDbTypeId.USmallInt or DuckDbTypeId.UInteger or DuckDbTypeId.UBigInt or DuckDbTypeId.UHugeInt or DuckDbTypeId.Float or DuckDbTypeId.Double or DuckDbTypeId.Decimal;
}
