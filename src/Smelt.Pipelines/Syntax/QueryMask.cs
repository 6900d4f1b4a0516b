using System.Collections.Frozen;

namespace Smelt.Pipelines.Syntax;

/// <summary>
/// A query's text for DuckDB: what only Smelt knows (STREAM, LIVE., VERSION | TIMESTAMP AS OF) overwritten by spaces, character for character, and
/// remembered by where the table's name begins. All offsets are into <see cref="Text"/>.
/// </summary>
internal sealed partial class QueryMask
{
    private readonly char[] _text;
    private readonly string _source;
    private readonly List<Token> _tokens;
    private readonly int _first;
    private readonly int _end;
    private readonly int _base;

    private QueryMask(string source, List<Token> tokens, Range range)
    {
        _source = source;
        _tokens = tokens;
        (_first, _end) = (range.Start.Value, range.End.Value);
        _base = tokens[_first].Start;
        _text = source.AsSpan(_base, tokens[_end - 1].End - _base).ToArray();
    }

    public string Text { get; private set; } = "";

    /// <summary>Where the query begins in the file's substituted text.</summary>
    public int Base => _base;

    /// <summary>Starts of the names and calls that STREAM stands before, with the keyword's own offset.</summary>
    public Dictionary<int, int> Streams { get; } = [];

    public Dictionary<int, TableVersion> Versions { get; } = [];

    /// <summary>STREAM before something that is neither a name nor a call: its offset.</summary>
    public List<int> Misplaced { get; } = [];

    /// <summary>What stands for <c>timestamp</c> in <c>read_delta(…, timestamp =&gt; '…')</c>: DuckDB takes the word for a type, and not for an argument's name.</summary>
    public const string TimestampOption = "timestam_";

    public static QueryMask Of(string source, List<Token> tokens, Range range)
    {
        var mask = new QueryMask(source, tokens, range);
        mask.Run();
        mask.Text = new string(mask._text);
        return mask;
    }

    /// <summary>FROM SNAPSHOT source: without the word; files are streamed, as each is read once.</summary>
    public static QueryMask OfSnapshots(string source, List<Token> tokens, Range range)
    {
        var mask = new QueryMask(source, tokens, range);
        mask.Blank(mask._first + 1, mask._first + 1);
        mask.Run();
        if (mask._first + 2 < mask._end && mask.Is(mask._first + 2, "read_files")) mask.Streams[mask.OffsetOf(mask._first + 2)] = mask.OffsetOf(mask._first + 2);
        mask.Text = new string(mask._text);
        return mask;
    }

    /// <summary>The token that begins at this offset of <see cref="Text"/>, as an index; -1 where none does.</summary>
    public int TokenAt(int offset)
    {
        var wanted = offset + _base;
        var (low, high) = (_first, _end - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_tokens[middle].Start == wanted) return middle;
            if (_tokens[middle].Start < wanted) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    /// <summary>The span of the dotted name that begins at <paramref name="offset"/>.</summary>
    public TextSpan NameSpan(int offset)
    {
        var at = TokenAt(offset);
        if (at < 0) return new TextSpan(offset, 0);
        while (at + 2 < _end && _tokens[at + 1].IsSymbol(_source, '.') && _tokens[at + 2].IsName) at += 2;
        return new TextSpan(offset, _tokens[at].End - _base - offset);
    }

    /// <summary>The span of the call that begins at <paramref name="offset"/>, up to its closing parenthesis.</summary>
    public TextSpan CallSpan(int offset)
    {
        var at = TokenAt(offset);
        if (at < 0) return new TextSpan(offset, 0);
        var depth = 0;
        for (; at < _end; at++)
        {
            if (_tokens[at].IsSymbol(_source, '(')) depth++;
            else if (_tokens[at].IsSymbol(_source, ')') && --depth == 0) break;
        }
        return new TextSpan(offset, _tokens[Math.Min(at, _end - 1)].End - _base - offset);
    }

    /// <summary>The offset of the first of these words in the query, or -1.</summary>
    public int Find(string word)
    {
        for (var i = _first; i < _end; i++)
        {
            if (_tokens[i].Is(_source, word)) return _tokens[i].Start - _base;
        }
        return -1;
    }

    private bool Is(int at, string word) => at >= _first && at < _end && _tokens[at].Is(_source, word);
    private bool IsSymbol(int at, char symbol) => at >= _first && at < _end && _tokens[at].IsSymbol(_source, symbol);
    private int OffsetOf(int at) => _tokens[at].Start - _base;

    private void Run()
    {
        for (var i = _first; i < _end; i++)
        {
            if (_tokens[i].Kind != TokenKind.Word) continue;
            if (Is(i, "STREAM")) Stream(i);
            else if (Is(i, "LIVE") && IsSymbol(i + 1, '.') && IsTablePlace(i)) Blank(i, i + 1);
            else if (Is(i, "OF") && Is(i - 1, "AS") && (Is(i - 2, "VERSION") || Is(i - 2, "TIMESTAMP"))) AsOf(i);
            else if (Is(i, "AT") && IsSymbol(i + 1, '(')) At(i);
            else if (Is(i, "TIMESTAMP") && IsArrow(i + 1)) TimestampOption.CopyTo(0, _text, OffsetOf(i), TimestampOption.Length);
        }
    }

    /// <summary>Whether <c>=&gt;</c> stands here, as one token or two.</summary>
    private bool IsArrow(int at) => at < _end && _source.AsSpan(_tokens[at].Start).StartsWith("=>", StringComparison.Ordinal);

    private void Stream(int at)
    {
        if (!IsTablePlace(at) || at + 1 >= _end || IsSymbol(at + 1, '.')) return;
        var target = at + 1;
        var parenthesis = -1;
        if (IsSymbol(target, '(')) parenthesis = target++;
        if (target >= _end) return;
        // `FROM stream WHERE`, `FROM stream AS s`: a table of that name.
        if (parenthesis < 0 && _tokens[target].Kind == TokenKind.Word && s_reserved.Contains(_tokens[target].In(_source).ToString())) return;
        if (!_tokens[target].IsName || (parenthesis >= 0 && (Is(target, "SELECT") || Is(target, "FROM") || Is(target, "WITH"))))
        {
            if (parenthesis >= 0) Misplaced.Add(OffsetOf(at));
            return;
        }
        Blank(at, at);
        if (Is(target, "LIVE") && IsSymbol(target + 1, '.'))
        {
            Blank(target, target + 1);
            target += 2;
        }
        Streams[OffsetOf(target)] = OffsetOf(at);
        var close = parenthesis >= 0 ? Closing(parenthesis) : -1;
        StreamOptionsOf(target, close);
        if (close < 0) return;
        Blank(parenthesis, parenthesis);
        Blank(close, close);
    }

    private void AsOf(int of)
    {
        if (of + 1 >= _end) return;
        var name = of - 3;
        if (Is(name, "FOR")) name--;
        var last = name;
        while (name - 2 >= _first && IsSymbol(name - 1, '.') && _tokens[name - 2].IsName) name -= 2;
        if (name < _first || !_tokens[name].IsName) return;
        if (Is(name, "LIVE") && name + 2 <= last) name += 2;
        if (Version(_tokens[of + 1], Is(of - 2, "VERSION")) is not { } version) return;
        Versions[OffsetOf(name)] = version;
        Blank(last + 1, of + 1);
    }

    // DuckDB's own spelling: t AT (VERSION => 3).
    private void At(int at)
    {
        var isVersion = Is(at + 2, "VERSION");
        if (!(isVersion || Is(at + 2, "TIMESTAMP")) || !IsSymbol(at + 3, '=') || !IsSymbol(at + 4, '>') || !IsSymbol(at + 6, ')')) return;
        var name = at - 1;
        while (name - 2 >= _first && IsSymbol(name - 1, '.') && _tokens[name - 2].IsName) name -= 2;
        if (name < _first || !_tokens[name].IsName || Version(_tokens[at + 5], isVersion) is not { } version) return;
        Versions[OffsetOf(name)] = version;
        Blank(at, at + 6);
    }

    private TableVersion? Version(Token token, bool isVersion)
    {
        var text = token.Kind == TokenKind.Text ? TokenCursor.TextValue(token.In(_source)) : token.Kind == TokenKind.Number ? token.In(_source).ToString() : null;
        if (text is null) return null;
        if (!isVersion) return new TableVersion(null, text);
        return long.TryParse(text, out var version) ? new TableVersion(version, null) : null;
    }

    private void Blank(int from, int to) => Array.Fill(_text, ' ', OffsetOf(from), _tokens[to].End - _base - OffsetOf(from));

    // A table's name stands after FROM, JOIN, a comma in FROM, an opening parenthesis, or STREAM.
    private bool IsTablePlace(int at)
    {
        if (Is(at - 1, "FROM") || Is(at - 1, "JOIN") || Is(at - 1, "STREAM") || Is(at - 1, "LATERAL")) return true;
        if (Is(at - 1, "PIVOT") || Is(at - 1, "UNPIVOT") || Is(at - 1, "TABLE")) return true;
        return IsSymbol(at - 1, ',') || IsSymbol(at - 1, '(') ? IsInFrom(at - 1) : false;
    }

    private bool IsInFrom(int at)
    {
        var depth = 0;
        for (var i = at; i >= _first; i--)
        {
            if (IsSymbol(i, ')')) depth++;
            else if (IsSymbol(i, '(') && depth > 0) depth--;
            else if (depth == 0 && _tokens[i].Kind == TokenKind.Word)
            {
                if (Is(i, "FROM") || Is(i, "JOIN")) return true;
                if (s_clauses.Contains(_tokens[i].In(_source).ToString())) return false;
            }
        }
        return false;
    }

    private static readonly FrozenSet<string> s_clauses = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "QUALIFY", "WINDOW", "ON", "USING", "VALUES", "IN", "BY", "OVER", "EXPECT", "WHEN", "THEN", "AND", "OR");

    // DuckDB's reserved and join words: none can be a table's name without quotes.
    private static readonly FrozenSet<string> s_reserved = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        ("all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do "
        + "else end except false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order "
        + "pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize symmetric table then to trailing true union "
        + "unique unpivot using variadic when where window with anti asof at cross full inner join left natural outer positional right semi tablesample")
        .Split(' '));
}
