namespace Smelt.Pipelines.Syntax;

/// <content><c>WITH (option = value, …)</c> after what STREAM stands before.</content>
internal sealed partial class QueryMask
{
    /// <summary>Options of streams, by where the streamed name begins; a value that is not written is TRUE.</summary>
    public Dictionary<int, List<(string Name, string Value, int Offset)>> Options { get; } = [];

    /// <param name="target">The token at which the streamed name begins.</param>
    /// <param name="close">The parenthesis that closes <c>STREAM(…)</c>, or -1.</param>
    private void StreamOptionsOf(int target, int close)
    {
        var at = close;
        if (at < 0)
        {
            at = target;
            while (IsSymbol(at + 1, '.') && at + 2 < _end && _tokens[at + 2].IsName) at += 2;
            if (IsSymbol(at + 1, '(')) at = Closing(at + 1);
        }
        if (at < 0 || !Is(at + 1, "WITH") || !IsSymbol(at + 2, '(') || Closing(at + 2) is not (> 0 and var end)) return;
        var options = new List<(string, string, int)>();
        for (var i = at + 3; i < end; i++)
        {
            if (IsSymbol(i, ',')) continue;
            options.Add(Option(ref i));
        }
        Options[OffsetOf(target)] = options;
        Blank(at + 1, end);
    }

    private (string Name, string Value, int Offset) Option(ref int at)
    {
        var (name, offset) = (ValueAt(at), OffsetOf(at));
        var next = at + 1;
        while (IsSymbol(next, '=') || IsSymbol(next, '>') || IsArrow(next)) next++;
        if (next == at + 1) return (name, "true", offset);
        at = next;
        return (name, ValueAt(next), offset);
    }

    private string ValueAt(int at) => _tokens[at].Kind is TokenKind.Text or TokenKind.DollarText ? TokenCursor.TextValue(_tokens[at].In(_source))
        : _tokens[at].IsName ? _tokens[at].Name(_source) : _tokens[at].In(_source).ToString();

    /// <summary>The parenthesis that closes the one at this token, or -1.</summary>
    private int Closing(int open)
    {
        var depth = 0;
        for (var i = open; i < _end; i++)
        {
            if (IsSymbol(i, '(')) depth++;
            else if (IsSymbol(i, ')') && --depth == 0) return i;
        }
        return -1;
    }
}
