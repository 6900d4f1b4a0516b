using System.Text;

namespace Smelt.Pipelines.Syntax;

/// <summary>One pass over a file that replaces its variables and keeps the source map.</summary>
internal sealed class VariableSubstitution(string file, string raw, VariableScope variables)
{
    private readonly StringBuilder _text = new(raw.Length + 64);
    private readonly List<SourceText.Piece> _pieces = [];
    private int _copied;

    public SourceText Run()
    {
        foreach (var token in Lexer.Read(raw, comments: true))
        {
            if (token.Kind == TokenKind.Variable) Replace(token.Start, token.Length, null);
            else if (token.Kind is TokenKind.Text or TokenKind.QuotedIdentifier) InsideQuotes(token);
        }
        CopyUpTo(raw.Length);
        return SourceText.Of(file, raw, _text.ToString(), _pieces);
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
        else if (quote is not null) value = value.Replace("'", "''", StringComparison.Ordinal);
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
