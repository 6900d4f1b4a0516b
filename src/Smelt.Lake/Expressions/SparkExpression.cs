using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>An expression that cannot be evaluated here.</summary>
internal sealed class ExpressionException(string message) : Exception(message);

/// <summary>
/// An expression as table metadata holds it (constraints, generated columns, defaults), in Spark's SQL, made into DuckDB's. Only what has the same value in both is
/// taken; all else is refused, as a write under a misread constraint would break the table for others.
/// </summary>
internal sealed class SparkExpression
{
    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["string"] = "VARCHAR", ["boolean"] = "BOOLEAN", ["tinyint"] = "TINYINT", ["byte"] = "TINYINT", ["smallint"] = "SMALLINT", ["short"] = "SMALLINT",
        ["int"] = "INTEGER", ["integer"] = "INTEGER", ["bigint"] = "BIGINT", ["long"] = "BIGINT", ["float"] = "FLOAT", ["real"] = "FLOAT", ["double"] = "DOUBLE",
        ["date"] = "DATE", ["timestamp"] = "TIMESTAMP WITH TIME ZONE", ["timestamp_ntz"] = "TIMESTAMP", ["binary"] = "BLOB",
    };

    private readonly List<SparkToken> _tokens;
    private readonly List<(string Inner, string Type)> _casts = [];
    private readonly List<IReadOnlyList<string>> _columns = [];
    private int _at;

    private SparkExpression(List<SparkToken> tokens) => _tokens = tokens;

    /// <summary>DuckDB's SQL.</summary>
    internal string Sql { get; private set; } = "";

    /// <summary>Casts in it: the inner SQL and DuckDB's type; whether they are exact depends on the inner type.</summary>
    internal IReadOnlyList<(string Inner, string Type)> Casts => _casts;

    /// <summary>Columns it names, each with the fields within.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> Columns => _columns;

    /// <exception cref="ExpressionException">It holds what is not evaluated here; the message says what.</exception>
    internal static SparkExpression Parse(string sql)
    {
        var parsed = new SparkExpression(SparkTokens.Read(sql));
        parsed.Sql = parsed.Or();
        return parsed.Now.Kind == SparkTokenKind.End ? parsed : throw parsed.Unexpected();
    }

    private SparkToken Now => _tokens[_at];

    private bool Take(string word)
    {
        if (!Now.Is(word))
            return false;
        _at++;
        return true;
    }

    private void Need(string word)
    {
        if (!Take(word))
            throw new ExpressionException($"'{word}' is missing before '{Now.Text}'");
    }

    private ExpressionException Unexpected() => new(Now.Kind == SparkTokenKind.End ? "it ends too early" : $"'{Now.Text}' is not understood");

    private string Or()
    {
        var left = And();
        while (Take("OR"))
            left = $"({left} OR {And()})";
        return left;
    }

    private string And()
    {
        var left = Not();
        while (Take("AND"))
            left = $"({left} AND {Not()})";
        return left;
    }

    private string Not() => Take("NOT") || Take("!") ? $"(NOT {Not()})" : Comparison();

    private string Comparison()
    {
        var left = Concatenation();
        while (true)
        {
            var negated = Now.Is("NOT") && _at + 1 < _tokens.Count && (_tokens[_at + 1].Is("IN") || _tokens[_at + 1].Is("BETWEEN") || _tokens[_at + 1].Is("LIKE")) && Take("NOT");
            var not = negated ? "NOT " : "";
            if (Take("IN"))
                left = $"({left} {not}IN ({string.Join(", ", Arguments())}))";
            else if (Take("BETWEEN"))
                left = Between(left, not);
            else if (Take("LIKE"))
                left = $"({left} {not}LIKE {Concatenation()} ESCAPE '\\')";
            else if (Take("IS"))
                left = Is(left);
            else if (Operator() is { } sign)
                left = $"({left} {sign} {Concatenation()})";
            else
                return left;
        }
    }

    private string Between(string left, string not)
    {
        var low = Concatenation();
        Need("AND");
        return $"({left} {not}BETWEEN {low} AND {Concatenation()})";
    }

    private string Is(string left)
    {
        var not = Take("NOT") ? "NOT " : "";
        foreach (var word in new[] { "NULL", "TRUE", "FALSE" })
            if (Take(word))
                return $"({left} IS {not}{word})";
        Need("DISTINCT");
        Need("FROM");
        return $"({left} IS {not}DISTINCT FROM {Concatenation()})";
    }

    private string? Operator()
    {
        foreach (var (spark, duck) in new[] { ("<=>", "IS NOT DISTINCT FROM"), ("==", "="), ("=", "="), ("<>", "<>"), ("!=", "<>"), ("<=", "<="), (">=", ">="), ("<", "<"), (">", ">") })
            if (Take(spark))
                return duck;
        return null;
    }

    private string Concatenation()
    {
        var left = Sum();
        while (Take("||"))
            left = $"({left} || {Sum()})";
        return left;
    }

    private string Sum()
    {
        var left = Product();
        while (Now.Is("+") || Now.Is("-"))
            left = $"({left} {_tokens[_at++].Text} {Product()})";
        return left;
    }

    private string Product()
    {
        var left = Unary();
        while (Now.Is("*") || Now.Is("%"))
            left = $"({left} {_tokens[_at++].Text} {Unary()})";
        // Division gives other types and rounds otherwise than in Spark, and it raises or not by its settings.
        return Now.Is("/") || Now.Is("DIV") ? throw new ExpressionException("division is not evaluated here") : left;
    }

    private string Unary() => Take("-") ? $"(- {Unary()})" : Take("+") ? Unary() : Primary();

    private string Primary()
    {
        var token = Now;
        _at++;
        switch (token.Kind)
        {
            case SparkTokenKind.Text:
                return SqlText.Literal(token.Text);
            case SparkTokenKind.Number:
                return Number(token.Text);
            case SparkTokenKind.QuotedName:
                return Column(token.Text);
            case SparkTokenKind.Sign when token.Text == "(":
                var inner = Or();
                Need(")");
                return $"({inner})";
            case SparkTokenKind.Word:
                return Word(token.Text);
        }
        _at--;
        throw Unexpected();
    }

    private string Word(string word)
    {
        var lower = word.ToLowerInvariant();
        if (lower is "true" or "false" or "null")
            return lower.ToUpperInvariant();
        if (lower is "date" or "timestamp" or "timestamp_ntz" && Now.Kind == SparkTokenKind.Text)
            return $"CAST({SqlText.Literal(_tokens[_at++].Text)} AS {Types[lower]})";
        if (lower == "case")
            return Case();
        if (lower == "cast" && Take("("))
            return Cast();
        if (lower is "current_date" or "current_timestamp" && !Now.Is("("))
            return SparkFunctions.Call(lower, [], [])!;
        if (!Take("("))
            return Column(word);
        _at--;
        return Function(lower);
    }

    private string Function(string name)
    {
        var first = _at + 1;
        var arguments = Arguments();
        var texts = new List<string?>();
        if (arguments.Count > 0)
            texts.Add(_tokens[first].Kind == SparkTokenKind.Text && _tokens[first + 1].Kind == SparkTokenKind.Sign ? _tokens[first].Text : null);
        if (arguments.Count > 1)
            texts.Add(_tokens[_at - 2].Kind == SparkTokenKind.Text && _tokens[_at - 3].Is(",") ? _tokens[_at - 2].Text : null);
        return name == "to_date" && arguments.Count == 1 ? Casted(arguments[0], "DATE")
            : SparkFunctions.Call(name, arguments, texts) ?? throw new ExpressionException($"the function {name} with {arguments.Count} arguments like these is not evaluated here");
    }

    private List<string> Arguments()
    {
        Need("(");
        var arguments = new List<string>();
        if (Take(")"))
            return arguments;
        do
            arguments.Add(Or());
        while (Take(","));
        Need(")");
        return arguments;
    }

    private string Case()
    {
        var sql = "CASE";
        if (!Now.Is("WHEN"))
            sql += $" {Or()}";
        while (Take("WHEN"))
        {
            var condition = Or();
            Need("THEN");
            sql += $" WHEN {condition} THEN {Or()}";
        }
        if (Take("ELSE"))
            sql += $" ELSE {Or()}";
        Need("END");
        return sql + " END";
    }

    private string Cast()
    {
        var inner = Or();
        Need("AS");
        var name = Now.Text;
        _at++;
        var type = Types.GetValueOrDefault(name);
        if (name.Equals("decimal", StringComparison.OrdinalIgnoreCase) || name.Equals("numeric", StringComparison.OrdinalIgnoreCase))
            type = Now.Is("(") ? $"DECIMAL({string.Join(",", Arguments())})" : "DECIMAL(10,0)";
        Need(")");
        return Casted(inner, type ?? throw new ExpressionException($"a cast to {name} is not evaluated here"));
    }

    private string Casted(string inner, string type)
    {
        _casts.Add((inner, type));
        return $"CAST({inner} AS {type})";
    }

    private string Column(string first)
    {
        var names = new List<string> { first };
        while (Take("."))
            names.Add(_tokens[_at++].Text);
        _columns.Add(names);
        return string.Join('.', names.Select(n => SqlText.Identifier(n)));
    }

    /// <summary>A number with Spark's suffix for its type; a point without exponent makes a decimal in both.</summary>
    private static string Number(string text)
    {
        var digits = text.TrimEnd('L', 'l', 'S', 's', 'Y', 'y', 'D', 'd', 'F', 'f', 'B', 'b');
        if (!decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            throw new ExpressionException($"'{text}' is no number");
        return text[digits.Length..].ToUpperInvariant() switch
        {
            "" => digits,
            "L" => $"CAST({digits} AS BIGINT)",
            "S" => $"CAST({digits} AS SMALLINT)",
            "Y" => $"CAST({digits} AS TINYINT)",
            "D" => $"CAST({digits} AS DOUBLE)",
            "F" => $"CAST({digits} AS FLOAT)",
            "BD" => digits,
            var other => throw new ExpressionException($"a number with '{other}' is not understood"),
        };
    }
}
