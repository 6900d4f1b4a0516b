namespace Smelt.Pipelines.Syntax;

/// <summary>Splits a file into statements and reads their heads; queries stay token ranges for DuckDB's own parser.</summary>
internal static class StatementParser
{
    private static readonly string[] s_queryWords = ["SELECT", "WITH", "FROM", "VALUES", "PIVOT", "UNPIVOT", "TABLE"];

    public static ParsedFile Parse(SourceText source)
    {
        var file = new ParsedFile(source, Lexer.Read(source.Text));
        var start = 0;
        for (var i = 0; i <= file.Tokens.Count; i++)
        {
            if (i < file.Tokens.Count && file.Tokens[i].Kind == TokenKind.Unclosed)
            {
                file.Report(DiagnosticCodes.UnclosedToken, file.Tokens[i].Start, $"{Describe(file.Text, file.Tokens[i])} is never closed.");
                return file;
            }
            if (i < file.Tokens.Count && !file.Tokens[i].IsSymbol(file.Text, ';')) continue;
            if (i > start) Statement(file, start, i);
            start = i + 1;
        }
        return file;
    }

    private static string Describe(string text, Token token) => text[token.Start] switch
    {
        '/' => "This comment",
        '"' => "This quoted name",
        '$' when token.Length == 2 => "This variable",
        _ => "This text",
    };

    private static void Statement(ParsedFile file, int start, int end)
    {
        var cursor = new TokenCursor(file.Text, file.Tokens, start, end);
        try
        {
            if (cursor.Peek("CREATE")) Create(file, cursor);
            else if (IsQuery(file.Text, cursor)) file.Datasets.Add(new DatasetStatement { Start = cursor.Offset, Body = start..end });
            else throw Unknown(cursor);
        }
        catch (StatementSyntaxException wrong)
        {
            file.Report(wrong.Code, wrong.Offset, wrong.Message, wrong.Hint);
        }
    }

    private static bool IsQuery(string text, TokenCursor cursor) =>
        cursor.PeekSymbol('(') || Array.Exists(s_queryWords, word => cursor.Current.Is(text, word));

    private static StatementSyntaxException Unknown(TokenCursor cursor)
    {
        if (cursor.Peek("AUTO") || cursor.Peek("APPLY"))
            return new(DiagnosticCodes.StatementSyntax, cursor.Offset, $"{cursor.Found} stands in a flow.", "Write CREATE FLOW name AS AUTO CDC INTO table ….");
        return new(DiagnosticCodes.UnknownStatement, cursor.Offset, $"A pipeline has no statement that begins with {cursor.Found}.",
            "Write a SELECT, or CREATE OR REFRESH STREAMING TABLE | MATERIALIZED VIEW, CREATE FLOW, CREATE VIEW, CREATE MACRO.");
    }

    private static void Create(ParsedFile file, TokenCursor cursor)
    {
        var start = cursor.Offset;
        cursor.Take("CREATE");
        _ = cursor.Take("OR", "REFRESH") || cursor.Take("OR", "REPLACE");
        _ = cursor.Take("PRIVATE");
        if (cursor.Take("MACRO") || cursor.Take("FUNCTION") || cursor.Take("TEMP", "MACRO") || cursor.Take("TEMP", "FUNCTION"))
        {
            file.Macros.Add(MacroParser.Parse(cursor, start));
            return;
        }
        if (cursor.Take("FLOW"))
        {
            file.Flows.Add(FlowStatementParser.Parse(file, cursor, start));
            return;
        }
        if (cursor.Take("SINK"))
        {
            file.Datasets.Add(SinkStatementParser.Parse(file, cursor, start));
            return;
        }
        file.Datasets.Add(DatasetStatementParser.Parse(file, cursor, start, Kind(cursor)));
    }

    private static DatasetKind Kind(TokenCursor cursor)
    {
        if (cursor.Take("STREAMING", "TABLE") || cursor.Take("STREAMING", "LIVE", "TABLE")) return DatasetKind.StreamingTable;
        if (cursor.Take("MATERIALIZED", "VIEW") || cursor.Take("LIVE", "TABLE")) return DatasetKind.MaterializedView;
        if (cursor.Take("TEMPORARY", "VIEW") || cursor.Take("TEMP", "VIEW") || cursor.Take("TEMPORARY", "LIVE", "VIEW")) return DatasetKind.TemporaryView;
        if (cursor.Take("VIEW") || cursor.Take("LIVE", "VIEW")) return DatasetKind.View;
        if (cursor.Peek("TABLE"))
            throw cursor.Wrong("CREATE TABLE is no statement of a pipeline.", "Write CREATE OR REFRESH MATERIALIZED VIEW, or STREAMING TABLE for what reads STREAM.");
        throw new StatementSyntaxException(DiagnosticCodes.UnknownStatement, cursor.Offset, $"CREATE cannot make {cursor.Found} here.",
            "It makes a STREAMING TABLE, MATERIALIZED VIEW, FLOW, SINK, VIEW, TEMPORARY VIEW or MACRO.");
    }
}
