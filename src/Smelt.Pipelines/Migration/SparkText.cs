using System.Text;

namespace Smelt.Pipelines.Migration;

/// <summary>
/// Spark's quotes as DuckDB's. In Spark both '…' and "…" are texts, with backslashes as escapes, and names are in back-ticks; comments are the same in both and stay as they are,
/// whatever they hold.
/// </summary>
internal static class SparkText
{
    public static string ToDuckDb(string sql)
    {
        var made = new StringBuilder(sql.Length + 16);
        for (var at = 0; at < sql.Length;)
        {
            var end = End(sql, at);
            var part = sql.AsSpan(at, end - at);
            if (sql[at] is '\'' or '"') Literal(made, part, false);
            else if (part.Length > 2 && sql[at] is 'r' or 'R' && part[1] is '\'' or '"') Literal(made, part[1..], true);
            // Smelt reads delta.`path` as Spark does.
            else if (sql[at] == '`' && !made.ToString(Math.Max(0, made.Length - 6), Math.Min(6, made.Length)).Equals("delta.", StringComparison.OrdinalIgnoreCase)) Name(made, part);
            else made.Append(part);
            at = end;
        }
        return made.ToString();
    }

    /// <summary>Where the comment, text, quoted name, word or single character that begins there ends.</summary>
    private static int End(string sql, int at)
    {
        var next = at + 1 < sql.Length ? sql[at + 1] : '\0';
        if (sql[at] == '-' && next == '-') return sql.IndexOf('\n', at) is var line and >= 0 ? line : sql.Length;
        if (sql[at] == '/' && next == '*') return CommentEnd(sql, at);
        if (sql[at] is '\'' or '"') return Quoted(sql, at, sql[at], true);
        if (sql[at] == '`') return Quoted(sql, at, '`', false);
        if (sql[at] is 'r' or 'R' && next is '\'' or '"') return Quoted(sql, at + 1, next, false);
        if (!char.IsLetter(sql[at]) && sql[at] != '_') return at + 1;
        while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] == '_')) at++;
        return at;
    }

    /// <summary>Comments stand in comments.</summary>
    private static int CommentEnd(string sql, int at)
    {
        var depth = 0;
        while (at + 1 < sql.Length)
        {
            var pair = sql.AsSpan(at, 2);
            var step = pair is "/*" ? 1 : pair is "*/" ? -1 : 0;
            at += step == 0 ? 1 : 2;
            if ((depth += step) == 0) return at;
        }
        return sql.Length;
    }

    private static int Quoted(string sql, int at, char quote, bool escapes)
    {
        for (var i = at + 1; i < sql.Length; i++)
        {
            if (escapes && sql[i] == '\\') i++;
            else if (sql[i] == quote)
            {
                if (i + 1 < sql.Length && sql[i + 1] == quote) i++;
                else return i + 1;
            }
        }
        return sql.Length;
    }

    private static void Literal(StringBuilder made, ReadOnlySpan<char> part, bool raw)
    {
        var quote = part[0];
        made.Append('\'');
        var body = part.Length > 1 && part[^1] == quote ? part[1..^1] : part[1..];
        for (var i = 0; i < body.Length; i++)
        {
            var c = body[i];
            if (c == '\\' && !raw && i + 1 < body.Length) c = Escaped(body[++i], made);
            else if (c == quote && i + 1 < body.Length && body[i + 1] == quote) i++;
            if (c == '\'') made.Append("''");
            else if (c != '\0') made.Append(c);
        }
        made.Append('\'');
    }

    /// <summary>The character that a backslash and this one stand for. Patterns of LIKE keep the backslash before their two signs.</summary>
    private static char Escaped(char c, StringBuilder made)
    {
        if (c is '%' or '_') made.Append('\\');
        return c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', '0' => '\0', _ => c };
    }

    private static void Name(StringBuilder made, ReadOnlySpan<char> part) =>
        made.Append('"').Append(part.Trim('`').ToString().Replace("``", "`", StringComparison.Ordinal).Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
}
