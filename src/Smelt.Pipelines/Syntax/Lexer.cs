namespace Smelt.Pipelines.Syntax;

/// <summary>DuckDB's token rules (those of PostgreSQL's scanner), plus <c>${name}</c>. Operators come as single characters.</summary>
internal static class Lexer
{
    /// <summary>All tokens but white space; comments only where <paramref name="comments"/> asks for them.</summary>
    public static List<Token> Read(string text, bool comments = false)
    {
        var tokens = new List<Token>(text.Length / 5);
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c) || c == '\uFEFF')
            {
                at++;
                continue;
            }
            var token = Next(text, at);
            if (token.Kind != TokenKind.Comment || comments) tokens.Add(token);
            at = token.End;
        }
        return tokens;
    }

    private static Token Next(string text, int at)
    {
        var c = text[at];
        var next = at + 1 < text.Length ? text[at + 1] : '\0';
        if (c == '-' && next == '-') return LineComment(text, at);
        if (c == '/' && next == '*') return BlockComment(text, at);
        if (c == '\'') return Quoted(text, at, at, '\'', TokenKind.Text, false);
        if (c == '"') return Quoted(text, at, at, '"', TokenKind.QuotedIdentifier, false);
        if (c == '`' && Quoted(text, at, at, '`', TokenKind.BackQuoted, false) is { Kind: TokenKind.BackQuoted } path) return path;
        if (next == '\'' && c is 'e' or 'E' && next == '\'') return Quoted(text, at, at + 1, '\'', TokenKind.Text, true);
        if (next == '\'' && c is 'x' or 'X' or 'b' or 'B' && next == '\'') return Quoted(text, at, at + 1, '\'', TokenKind.Text, false);
        if (c == '$') return Dollar(text, at);
        if (IsNameStart(c)) return new Token(TokenKind.Word, at, NameEnd(text, at) - at);
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(next))) return Number(text, at);
        return new Token(c == '?' ? TokenKind.Parameter : TokenKind.Symbol, at, 1);
    }

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80;

    private static bool IsNamePart(char c) => IsNameStart(c) || char.IsAsciiDigit(c);

    private static int NameEnd(string text, int at)
    {
        // A dollar sign may stand inside an identifier, but `a_${x}` begins a variable.
        while (at < text.Length && (IsNamePart(text[at]) || (text[at] == '$' && !(at + 1 < text.Length && text[at + 1] == '{')))) at++;
        return at;
    }

    private static Token LineComment(string text, int at)
    {
        var end = text.IndexOf('\n', at);
        return new Token(TokenKind.Comment, at, (end < 0 ? text.Length : end) - at);
    }

    private static Token BlockComment(string text, int start)
    {
        var depth = 1;
        var at = start + 2;
        while (at < text.Length && depth > 0)
        {
            if (text[at] == '*' && at + 1 < text.Length && text[at + 1] == '/') (depth, at) = (depth - 1, at + 2);
            else if (text[at] == '/' && at + 1 < text.Length && text[at + 1] == '*') (depth, at) = (depth + 1, at + 2);
            else at++;
        }
        return new Token(depth == 0 ? TokenKind.Comment : TokenKind.Unclosed, start, at - start);
    }

    private static Token Quoted(string text, int start, int quoteAt, char quote, TokenKind kind, bool backslash)
    {
        for (var at = quoteAt + 1; at < text.Length; at++)
        {
            if (backslash && text[at] == '\\') at++;
            else if (text[at] == quote)
            {
                if (at + 1 < text.Length && text[at + 1] == quote) at++;
                else return new Token(kind, start, at + 1 - start);
            }
        }
        return new Token(TokenKind.Unclosed, start, text.Length - start);
    }

    private static Token Dollar(string text, int at)
    {
        if (at + 1 < text.Length && text[at + 1] == '{')
        {
            var close = text.IndexOf('}', at);
            return close < 0 ? new Token(TokenKind.Unclosed, at, 2) : new Token(TokenKind.Variable, at, close + 1 - at);
        }
        var end = at + 1;
        while (end < text.Length && IsNamePart(text[end])) end++;
        var isTag = end < text.Length && text[end] == '$' && !(end > at + 1 && char.IsAsciiDigit(text[at + 1]));
        if (!isTag) return new Token(end > at + 1 ? TokenKind.Parameter : TokenKind.Symbol, at, end - at);
        var tag = text.AsSpan(at, end + 1 - at);
        var body = end + 1;
        var closing = text.AsSpan(body).IndexOf(tag, StringComparison.Ordinal);
        if (closing < 0) return new Token(TokenKind.Unclosed, at, text.Length - at);
        return new Token(TokenKind.DollarText, at, body + closing + tag.Length - at);
    }

    private static Token Number(string text, int start)
    {
        var at = start;
        if (text[at] == '0' && at + 1 < text.Length && text[at + 1] is 'x' or 'X' or 'b' or 'B' or 'o' or 'O') at += 2;
        while (at < text.Length)
        {
            var c = text[at];
            var isExponentSign = c is '+' or '-' && text[at - 1] is 'e' or 'E' && at - 1 > start && !text.AsSpan(start, at - start).Contains('x');
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_' || isExponentSign) at++;
            else break;
        }
        return new Token(TokenKind.Number, start, at - start);
    }
}
