using System.Text;

namespace Smelt.Lake;

/// <summary>What a piece of Spark's SQL is.</summary>
internal enum SparkTokenKind
{
    Word,
    QuotedName,
    Text,
    Number,
    Sign,
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">A word or sign as it stands, a name or text without its quotes.</param>
internal readonly record struct SparkToken(SparkTokenKind Kind, string Text)
{
    internal bool Is(string word) => Kind is SparkTokenKind.Word or SparkTokenKind.Sign && Text.Equals(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Spark SQL's tokens, as far as expressions in table metadata have them: back-ticks around names, both quotes around texts, backslash escapes in texts.</summary>
internal static class SparkTokens
{
    private static readonly string[] Signs = ["<=>", "<>", "<=", ">=", "!=", "==", "||", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", ",", ".", "[", "]", "&", "|", "^", "~", "!"];

    /// <exception cref="ExpressionException">A sign that is none, or a quote without end.</exception>
    internal static List<SparkToken> Read(string sql)
    {
        var tokens = new List<SparkToken>();
        var at = 0;
        while (at < sql.Length)
        {
            var c = sql[at];
            if (char.IsWhiteSpace(c))
                at++;
            else if (c == '`')
                tokens.Add(new SparkToken(SparkTokenKind.QuotedName, Quoted(sql, ref at, escapes: false)));
            else if (c is '\'' or '"')
                tokens.Add(new SparkToken(SparkTokenKind.Text, Quoted(sql, ref at, escapes: true)));
            else if (char.IsAsciiDigit(c) || c == '.' && at + 1 < sql.Length && char.IsAsciiDigit(sql[at + 1]))
                tokens.Add(new SparkToken(SparkTokenKind.Number, Number(sql, ref at)));
            else if (char.IsLetter(c) || c == '_')
                tokens.Add(new SparkToken(SparkTokenKind.Word, Word(sql, ref at)));
            else
                tokens.Add(new SparkToken(SparkTokenKind.Sign, Sign(sql, ref at)));
        }
        tokens.Add(new SparkToken(SparkTokenKind.End, ""));
        return tokens;
    }

    private static string Word(string sql, ref int at)
    {
        var start = at;
        while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] == '_'))
            at++;
        return sql[start..at];
    }

    /// <summary>Digits with a point, an exponent and a suffix of the type, all in one.</summary>
    private static string Number(string sql, ref int at)
    {
        var start = at;
        while (at < sql.Length && (char.IsAsciiLetterOrDigit(sql[at]) || sql[at] == '.' || sql[at] is '+' or '-' && sql[at - 1] is 'e' or 'E'))
            at++;
        return sql[start..at];
    }

    private static string Sign(string sql, ref int at)
    {
        foreach (var sign in Signs)
            if (sql.AsSpan(at).StartsWith(sign))
            {
                at += sign.Length;
                return sign;
            }
        throw new ExpressionException($"'{sql[at]}' at character {at + 1} is not understood");
    }

    private static string Quoted(string sql, ref int at, bool escapes)
    {
        var quote = sql[at++];
        var text = new StringBuilder();
        for (; at < sql.Length; at++)
        {
            if (sql[at] == quote)
            {
                if (escapes || at + 1 >= sql.Length || sql[at + 1] != quote)
                {
                    at++;
                    return text.ToString();
                }
                at++;
            }
            if (escapes && sql[at] == '\\' && at + 1 < sql.Length)
                Escape(sql[++at], text);
            else
                text.Append(sql[at]);
        }
        throw new ExpressionException($"a {quote} has no end");
    }

    private static void Escape(char c, StringBuilder text)
    {
        if (c is 'u' or 'U' || char.IsAsciiDigit(c))
            throw new ExpressionException($"the escape \\{c} is not supported");
        // Patterns of LIKE keep their own escapes.
        if (c is '%' or '_')
            text.Append('\\');
        text.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'Z' => '\u001A', _ => c });
    }
}
