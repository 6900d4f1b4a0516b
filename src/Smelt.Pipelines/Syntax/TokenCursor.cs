namespace Smelt.Pipelines.Syntax;

/// <summary>A statement is not what the grammar wants at an offset; caught where the statement begins.</summary>
internal sealed class StatementSyntaxException(string code, int offset, string message, string? hint = null) : Exception(message)
{
    public string Code { get; } = code;
    public int Offset { get; } = offset;
    public string? Hint { get; } = hint;
}

/// <summary>Reads one statement's tokens from left to right.</summary>
internal sealed class TokenCursor(string text, List<Token> tokens, int start, int end)
{
    public int At { get; set; } = start;
    public int End => end;
    public bool IsAtEnd => At >= end;
    public Token Current => tokens[At];

    /// <summary>Where the next token begins, or where the last one ends.</summary>
    public int Offset => At < end ? tokens[At].Start : end > 0 ? tokens[end - 1].End : 0;

    public bool Peek(string word, int ahead = 0) => At + ahead < end && tokens[At + ahead].Is(text, word);
    public bool PeekSymbol(char symbol, int ahead = 0) => At + ahead < end && tokens[At + ahead].IsSymbol(text, symbol);

    /// <summary>Takes all the words if they come next, in this order.</summary>
    public bool Take(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            if (!Peek(words[i], i)) return false;
        }
        At += words.Length;
        return true;
    }

    /// <summary>Whether the token before this place is that word.</summary>
    public bool WasTaken(string word) => At > 0 && tokens[At - 1].Is(text, word);

    public bool TakeSymbol(char symbol)
    {
        if (!PeekSymbol(symbol)) return false;
        At++;
        return true;
    }

    public void Expect(string word)
    {
        if (!Take(word)) throw Wrong($"Expected {word}, found {Found}.");
    }

    public void ExpectSymbol(char symbol)
    {
        if (!TakeSymbol(symbol)) throw Wrong($"Expected '{symbol}', found {Found}.");
    }

    public PlacedName Name(string what)
    {
        if (IsAtEnd || !Current.IsName) throw Wrong($"Expected {what}, found {Found}.");
        var token = tokens[At++];
        return new PlacedName(token.Name(text), token.Start);
    }

    public string Text(string what)
    {
        if (IsAtEnd || Current.Kind is not (TokenKind.Text or TokenKind.DollarText)) throw Wrong($"Expected {what} in quotes, found {Found}.");
        return TextValue(tokens[At++].In(text));
    }

    /// <summary>From after an opening parenthesis that was taken to its partner, which is taken too: the tokens between.</summary>
    public Range Enclosed()
    {
        var from = At;
        var depth = 1;
        for (; At < end; At++)
        {
            if (Current.IsSymbol(text, '(')) depth++;
            else if (Current.IsSymbol(text, ')') && --depth == 0) return from..At++;
        }
        throw new StatementSyntaxException(DiagnosticCodes.StatementSyntax, tokens[from - 1].Start, "This '(' is never closed.");
    }

    public string Found => IsAtEnd ? "the statement's end" : $"'{Current.In(text)}'";

    public StatementSyntaxException Wrong(string message, string? hint = null) => new(DiagnosticCodes.StatementSyntax, Offset, message, hint);

    /// <summary>What a literal means.</summary>
    public static string TextValue(ReadOnlySpan<char> literal)
    {
        if (literal[0] == '$')
        {
            var tag = literal[1..].IndexOf('$') + 2;
            return literal[tag..^tag].ToString();
        }
        var body = literal[(literal.IndexOf('\'') + 1)..^1].ToString().Replace("''", "'", StringComparison.Ordinal);
        return literal[0] is 'e' or 'E' ? Unescape(body) : body;
    }

    private static string Unescape(string body) =>
        body.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal)
            .Replace("\\'", "'", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
}
