using System.Text;

namespace Smelt.Pipelines.Syntax;

/// <summary>One pass over a file that replaces its variables, and Spark's <c>delta.`path`</c> by a call, and keeps the source map.</summary>
internal sealed class VariableSubstitution(string file, string raw, VariableScope variables)
{
    private readonly StringBuilder _text = new(raw.Length + 64);
    private readonly List<SourceText.Piece> _pieces = [];
    private int _copied;

    public SourceText Run()
    {
        var tokens = Lexer.Read(raw, comments: true);
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (token.Kind == TokenKind.BackQuoted && i > 1 && tokens[i - 1].IsSymbol(raw, '.') && tokens[i - 2].Is(raw, "delta")) Path(tokens[i - 2].Start, token);
            else if (token.Kind == TokenKind.Variable) Replace(token.Start, token.Length, null);
            else if (token.Kind is TokenKind.Text or TokenKind.QuotedIdentifier) InsideQuotes(token);
        }
        CopyUpTo(raw.Length);
        return SourceText.Of(file, raw, _text.ToString(), _pieces);
    }

    private void Path(int start, Token quoted)
    {
        CopyUpTo(start);
        var (from, pieces) = (_text.Length, _pieces.Count);
        _copied = quoted.Start + 1;
        InsideQuotes(quoted with { Length = quoted.Length - 1 });
        CopyUpTo(quoted.End - 1);
        var path = _text.ToString(from, _text.Length - from).Replace("``", "`", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
        _text.Length = from;
        _pieces.RemoveRange(pieces, _pieces.Count - pieces);
        // All of it stands where it began.
        _pieces.Add(new SourceText.Piece(from, start, true));
        _text.Append("read_delta('").Append(path).Append("')");
        _copied = quoted.End;
    }

    private void InsideQuotes(Token token)
    {
        var at = token.Start;
        while ((at = raw.IndexOf("${", at, token.End - at, StringComparison.Ordinal)) >= 0)
        {
            if (raw[at - 1] == '$')
            {
                CopyUpTo(at - 1);
                _copied = at;
                at += 2;
                continue;
            }
            var close = raw.IndexOf('}', at, token.End - at);
            if (close < 0) return;
            Replace(at, close + 1 - at, raw[token.Start]);
            at = close + 1;
        }
    }

    private void Replace(int start, int length, char? quote)
    {
        var name = raw.Substring(start + 2, length - 3).Trim();
        CopyUpTo(start);
        _copied = start + length;
        if (!IsName(name))
        {
            Report(DiagnosticCodes.VariableSyntax, start, $"'${{{name}}}' is not a variable: a name has letters, digits, '_' and '.'.",
                "Write '$${' inside quotes for a plain '${'.");
            return;
        }
        var value = variables.Use(name);
        if (value is null)
        {
            var near = NearestName.Of(name, variables.Values.Keys);
            Report(DiagnosticCodes.UndefinedVariable, start, $"The variable '{name}' has no value.",
                near is null ? $"Add it under 'variables:' in smelt.yml or give --var {name}=…." : $"Did you mean '{near}'?");
            value = "NULL";
        }
        if (quote is 'e' or 'E') value = value.Replace("\\", "\\\\", StringComparison.Ordinal);
        if (quote == '"') value = value.Replace("\"", "\"\"", StringComparison.Ordinal);
        else if (quote is not (null or '`')) value = value.Replace("'", "''", StringComparison.Ordinal);
        _pieces.Add(new SourceText.Piece(_text.Length, start, true));
        _text.Append(value);
    }

    private void CopyUpTo(int end)
    {
        if (end <= _copied) return;
        _pieces.Add(new SourceText.Piece(_text.Length, _copied, false));
        _text.Append(raw, _copied, end - _copied);
        _copied = end;
    }

    private static bool IsName(string name) =>
        name.Length > 0 && Lexer.IsNameStart(name[0]) && name.All(c => Lexer.IsNameStart(c) || char.IsAsciiDigit(c) || c is '.' or '-');

    private void Report(string code, int offset, string message, string hint)
    {
        var position = SourceText.Of(file, raw, raw, []).RawPosition(offset);
        variables.Report(new Diagnostic(code, Severity.Error, file, position.Line, position.Column, message, hint));
    }
}
