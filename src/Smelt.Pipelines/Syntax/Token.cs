namespace Smelt.Pipelines.Syntax;

internal enum TokenKind : byte
{
    /// <summary>Unquoted identifier or keyword.</summary>
    Word,
    QuotedIdentifier,
    /// <summary>`…`, which only stands after <c>delta.</c>, as Spark writes a table by its path.</summary>
    BackQuoted,
    /// <summary>'…', E'…', X'…', B'…'.</summary>
    Text,
    /// <summary>$$…$$ or $tag$…$tag$.</summary>
    DollarText,
    Number,
    /// <summary>$1, $name, ?.</summary>
    Parameter,
    /// <summary>One character of punctuation or of an operator.</summary>
    Symbol,
    /// <summary>${name}: Smelt's own, gone after substitution.</summary>
    Variable,
    Comment,
    /// <summary>A string, identifier or comment that the file ends in.</summary>
    Unclosed,
}

/// <summary>A token as a span of the text it was read from.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Length)
{
    public int End => Start + Length;

    public ReadOnlySpan<char> In(string text) => text.AsSpan(Start, Length);

    public bool Is(string text, string word) =>
        Kind == TokenKind.Word && Length == word.Length && text.AsSpan(Start, Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string text, char symbol) => Kind == TokenKind.Symbol && text[Start] == symbol;

    public bool IsName => Kind is TokenKind.Word or TokenKind.QuotedIdentifier;

    /// <summary>The identifier without its quotes.</summary>
    public string Name(string text) =>
        Kind == TokenKind.QuotedIdentifier ? text.Substring(Start + 1, Length - 2).Replace("\"\"", "\"", StringComparison.Ordinal) : text.Substring(Start, Length);
}
