using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.TableStatements;

/// <summary>Reads the parts that statements have in common.</summary>
internal sealed class StatementReader(ParsedFile file, int start, int end)
{
    private const string PathSchema = "delta";

    public TokenCursor Cursor { get; } = new(file.Text, file.Tokens, start, end);

    /// <summary>A dataset, <c>delta.`path`</c>, or a path in quotes.</summary>
    public TableName Table()
    {
        var position = file.Source.Position(Cursor.Offset);
        if (!Cursor.IsAtEnd && Cursor.Current.Kind == TokenKind.Text) return new TableName([Cursor.Text("a table")], true, position);
        var parts = new List<string> { Cursor.Name("a table's name").Name };
        while (Cursor.TakeSymbol('.')) parts.Add(Cursor.Name("a table's name").Name);
        return parts.Count == 2 && (parts[0].Equals(PathSchema, StringComparison.OrdinalIgnoreCase) || parts[0].Equals("parquet", StringComparison.OrdinalIgnoreCase))
            ? new TableName([parts[1]], true, position)
            : new TableName(parts, false, position);
    }

    /// <summary>[AS] alias, where the next word is none of the statement's own.</summary>
    public string? Alias(params ReadOnlySpan<string> keywords)
    {
        if (Cursor.Take("AS")) return Cursor.Name("an alias").Name;
        if (Cursor.IsAtEnd || !Cursor.Current.IsName) return null;
        foreach (var keyword in keywords)
        {
            if (Cursor.Peek(keyword)) return null;
        }
        return Cursor.Name("an alias").Name;
    }

    /// <summary>An expression up to one of the words (outside parentheses and CASE … END), a comma where asked, or the statement's end.</summary>
    public SqlPiece Expression(string what, bool endsAtComma, params ReadOnlySpan<string> words)
    {
        var (from, depth, cases) = (Cursor.At, 0, 0);
        for (; !Cursor.IsAtEnd; Cursor.At++)
        {
            if (IsOpening()) depth++;
            else if (IsClosing() && --depth < 0) break;
            else if (depth == 0 && cases == 0 && (endsAtComma && Cursor.PeekSymbol(',') || IsOneOf(words))) break;
            else if (Cursor.Peek("CASE")) cases++;
            else if (cases > 0 && Cursor.Peek("END")) cases--;
        }
        if (Cursor.At == from) throw Cursor.Wrong($"Expected {what}, found {Cursor.Found}.");
        return Piece(from..Cursor.At);
    }

    /// <summary>What is left of the statement.</summary>
    public SqlPiece Rest(string what)
    {
        if (Cursor.IsAtEnd) throw Cursor.Wrong($"Expected {what}, found {Cursor.Found}.");
        var from = Cursor.At;
        Cursor.At = Cursor.End;
        return Piece(from..Cursor.End);
    }

    /// <summary>The tokens between parentheses, the opening one taken already.</summary>
    public SqlPiece Enclosed() => Piece(Cursor.Enclosed());

    /// <summary>A column, or a field by dots: each name in double quotes.</summary>
    public string Column()
    {
        var names = new List<string> { Cursor.Name("a column").Name };
        while (Cursor.TakeSymbol('.')) names.Add(Cursor.Name("a column").Name);
        return string.Join('.', names.Select(static n => DuckDb.SqlText.Identifier(n)));
    }

    /// <summary>A column or a field by dots, name by name.</summary>
    public List<string> Path()
    {
        var names = new List<string> { Cursor.Name("a column").Name };
        while (Cursor.TakeSymbol('.')) names.Add(Cursor.Name("a field").Name);
        return names;
    }

    /// <summary>Columns, in parentheses or not.</summary>
    public List<string> ListOfNames()
    {
        if (Cursor.TakeSymbol('(')) return Names();
        var names = new List<string>();
        do names.Add(Cursor.Name("a column").Name);
        while (Cursor.TakeSymbol(','));
        return names;
    }

    /// <summary>A whole number that is not negative.</summary>
    public long Number(string what)
    {
        if (Cursor.IsAtEnd || !long.TryParse(Cursor.Current.In(file.Text), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number))
            throw Cursor.Wrong($"Expected {what}, found {Cursor.Found}.");
        Cursor.At++;
        return number;
    }

    /// <summary><c>VERSION AS OF n</c> or <c>TIMESTAMP AS OF 'time'</c>; null where neither comes.</summary>
    public TableMoment? Moment()
    {
        if (Cursor.Take("VERSION", "AS", "OF")) return new TableMoment(Number("a version"), null);
        return Cursor.Take("TIMESTAMP", "AS", "OF") ? new TableMoment(null, Cursor.Text("a time")) : null;
    }

    /// <summary>Tokens as Spark's SQL: names are in back-ticks there, and double quotes hold texts.</summary>
    public string SparkText(Range tokens)
    {
        var sql = new System.Text.StringBuilder();
        for (var i = tokens.Start.Value; i < tokens.End.Value; i++)
        {
            var token = file.Tokens[i];
            if (i > tokens.Start.Value && token.Start > file.Tokens[i - 1].End) sql.Append(' ');
            if (token.Kind == TokenKind.QuotedIdentifier) sql.Append('`').Append(token.Name(file.Text).Replace("`", "``", StringComparison.Ordinal)).Append('`');
            else sql.Append(token.In(file.Text));
        }
        return sql.ToString();
    }

    /// <summary>Columns in parentheses, the opening one taken already.</summary>
    public List<string> Names()
    {
        var names = new List<string>();
        do names.Add(Cursor.Name("a column").Name);
        while (Cursor.TakeSymbol(','));
        Cursor.ExpectSymbol(')');
        return names;
    }

    /// <summary>column = value, …; the columns may have the target's alias before them.</summary>
    public List<SetColumn> Assignments(IReadOnlyList<string> owners, params ReadOnlySpan<string> ends)
    {
        var set = new List<SetColumn>();
        do
        {
            foreach (var owner in owners)
            {
                if (!Cursor.IsAtEnd && Cursor.Current.IsName && Cursor.PeekSymbol('.', 1) && Cursor.Current.Name(file.Text).Equals(owner, StringComparison.OrdinalIgnoreCase))
                {
                    Cursor.At += 2;
                    break;
                }
            }
            var column = Column();
            Cursor.ExpectSymbol('=');
            set.Add(new SetColumn(column, Expression("a value", true, ends)));
        }
        while (Cursor.TakeSymbol(','));
        return set;
    }

    private bool IsOpening() => Cursor.PeekSymbol('(') || Cursor.PeekSymbol('[') || Cursor.PeekSymbol('{');

    private bool IsClosing() => Cursor.PeekSymbol(')') || Cursor.PeekSymbol(']') || Cursor.PeekSymbol('}');

    private bool IsOneOf(ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (Cursor.Peek(word)) return true;
        }
        return false;
    }

    /// <summary>The text of tokens, in which <c>delta."path"</c> stands as the function that reads a folder.</summary>
    private string WithFolders(int from, int to)
    {
        var sql = new System.Text.StringBuilder();
        var at = file.Tokens[from].Start;
        for (var i = from; i + 2 < to; i++)
        {
            if (!file.Tokens[i].Is(file.Text, PathSchema) || !file.Tokens[i + 1].IsSymbol(file.Text, '.') || file.Tokens[i + 2].Kind != TokenKind.QuotedIdentifier) continue;
            sql.Append(file.Text, at, file.Tokens[i].Start - at).Append($"read_delta({DuckDb.SqlText.Literal(file.Tokens[i + 2].Name(file.Text))})");
            at = file.Tokens[i + 2].End;
        }
        return sql.Append(file.Text, at, file.Tokens[to - 1].End - at).ToString();
    }

    private SqlPiece Piece(Range tokens)
    {
        var (from, to) = (tokens.Start.Value, tokens.End.Value);
        if (from == to) return new SqlPiece("", file.Source.Position(Cursor.Offset));
        return new SqlPiece(WithFolders(from, to), file.Source.Position(file.Tokens[from].Start));
    }
}
