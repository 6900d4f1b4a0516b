using System.Text;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.TableStatements;

/// <summary>Reads statements that change tables. Each kind has a reader of its own, which is listed here by the words it begins with.</summary>
public static class TableStatementParser
{
    private const string FileName = "sql";

    private static readonly (string[] Words, Func<StatementReader, TableStatement> Read)[] s_kinds =
    [
        (["DELETE"], DeleteStatement.Read),
        (["UPDATE"], UpdateStatement.Read),
        (["MERGE"], MergeStatement.Read),
        (["INSERT"], InsertStatement.Read),
        (["OPTIMIZE"], OptimizeStatement.Read),
        (["VACUUM"], VacuumStatement.Read),
        (["RESTORE"], RestoreStatement.Read),
        (["DESCRIBE"], DescribeStatement.Read),
        (["ALTER", "TABLE"], AlterStatement.Read),
        (["COMMENT", "ON", "TABLE"], AlterStatement.ReadComment),
        (["CREATE", "TABLE"], CloneStatement.Read),
        (["CONVERT", "TO", "DELTA"], ConvertStatement.Read),
    ];

    /// <summary>All statements, separated by semicolons; every mistake is told.</summary>
    public static TableStatements Parse(string text, IReadOnlyDictionary<string, string> variables)
    {
        var scope = new VariableScope(variables);
        var source = SourceText.Read(FileName, BackTicks.Quoted(text), scope);
        var file = new ParsedFile(source, Lexer.Read(source.Text));
        var statements = new List<TableStatement>();
        var start = 0;
        for (var i = 0; i <= file.Tokens.Count; i++)
        {
            if (i < file.Tokens.Count && file.Tokens[i].Kind == TokenKind.Unclosed)
            {
                file.Report(DiagnosticCodes.UnclosedToken, file.Tokens[i].Start, "A text, quoted name or comment that begins here is never closed.");
                break;
            }
            if (i < file.Tokens.Count && !file.Tokens[i].IsSymbol(file.Text, ';')) continue;
            if (i > start && Read(file, start, i) is { } statement) statements.Add(statement);
            start = i + 1;
        }
        if (statements.Count == 0 && file.Diagnostics.Count == 0) file.Report(DiagnosticCodes.UnknownStatement, 0, "There is no statement.", Known());
        return new TableStatements(statements, [.. file.Diagnostics, .. scope.Diagnostics]);
    }

    private static TableStatement? Read(ParsedFile file, int start, int end)
    {
        var reader = new StatementReader(file, start, end);
        try
        {
            foreach (var (words, read) in s_kinds)
            {
                if (!reader.Cursor.Take(words)) continue;
                var statement = read(reader);
                if (!reader.Cursor.IsAtEnd) throw reader.Cursor.Wrong($"Expected the statement's end, found {reader.Cursor.Found}.");
                return statement;
            }
            throw new StatementSyntaxException(DiagnosticCodes.UnknownStatement, reader.Cursor.Offset, $"There is no statement that begins with {reader.Cursor.Found}.", Known());
        }
        catch (StatementSyntaxException wrong)
        {
            file.Report(wrong.Code, wrong.Offset, wrong.Message, wrong.Hint);
            return null;
        }
    }

    private static string Known() => $"Statements are {string.Join(", ", s_kinds.Select(static k => string.Join(' ', k.Words)))}; `smelt query` reads.";
}

/// <summary>Spark's quoted names: <c>`a b`</c> is read as <c>"a b"</c>, in the same place where it has no quotes within.</summary>
internal static class BackTicks
{
    internal static string Quoted(string text)
    {
        if (!text.Contains('`', StringComparison.Ordinal)) return text;
        var quoted = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (text[at] == '`')
            {
                var end = Close(text, at + 1, '`');
                quoted.Append('"').Append(text[(at + 1)..end].Replace("``", "`", StringComparison.Ordinal).Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
                at = Math.Min(end + 1, text.Length);
                continue;
            }
            var next = Skip(text, at);
            quoted.Append(text, at, next - at);
            at = next;
        }
        return quoted.ToString();
    }

    /// <summary>Past a text, quoted name or comment, in which back-ticks are themselves; else past one character.</summary>
    private static int Skip(string text, int at)
    {
        if (text[at] is '\'' or '"') return Math.Min(Close(text, at + 1, text[at]) + 1, text.Length);
        if (text.AsSpan(at).StartsWith("--")) return text.IndexOf('\n', at) is >= 0 and var line ? line : text.Length;
        if (text.AsSpan(at).StartsWith("/*")) return text.IndexOf("*/", at + 2, StringComparison.Ordinal) is >= 0 and var end ? end + 2 : text.Length;
        return at + 1;
    }

    private static int Close(string text, int at, char quote)
    {
        for (; at < text.Length; at++)
        {
            if (text[at] != quote) continue;
            if (at + 1 < text.Length && text[at + 1] == quote) at++;
            else return at;
        }
        return text.Length;
    }
}
