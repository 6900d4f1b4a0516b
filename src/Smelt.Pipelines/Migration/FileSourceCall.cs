using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>A call of cloud_files or of Databricks' read_files: the text that takes its place, and what was left out of it.</summary>
/// <param name="Start">Of what is replaced, STREAM included where it stands before.</param>
/// <param name="Last">The last token of what is replaced.</param>
/// <param name="IsEnclosed">Whether a parenthesis after STREAM is replaced too.</param>
internal sealed record FileSourceCall(int Start, int End, int Last, bool IsEnclosed, string Sql, IReadOnlyList<string> Notes)
{
    /// <summary>The call whose name is the token at that place; null where it is none, or never closed.</summary>
    public static FileSourceCall? At(string sql, List<Token> tokens, int at)
    {
        var isAutoLoader = tokens[at].Is(sql, "cloud_files");
        if ((!isAutoLoader && !tokens[at].Is(sql, "read_files")) || at + 1 >= tokens.Count || !tokens[at + 1].IsSymbol(sql, '(')) return null;
        if (Arguments(sql, tokens, at + 1) is not ({ Count: > 0 } arguments, var last)) return null;
        var format = isAutoLoader ? (arguments.Count > 1 ? Text(sql, tokens, arguments[1]) : null) : Named(sql, tokens, arguments).FirstOrDefault(static o => o.Key.Equals("format", StringComparison.OrdinalIgnoreCase)).Value;
        var isVariable = format?.Contains("${", StringComparison.Ordinal) == true;
        var plain = isVariable ? format!.Trim('\'') : format?.Trim('\'').ToLowerInvariant();
        var options = new AutoLoaderOptions(isVariable ? null : plain);
        foreach (var argument in arguments.Skip(isAutoLoader ? 2 : 1))
        {
            var pairs = (isAutoLoader ? Map(sql, tokens, argument) : Named(sql, tokens, [default, argument])).ToList();
            foreach (var (key, value) in pairs) options.Add(key, value);
            if (pairs.Count == 0 && !IsEmptyMap(sql, tokens, argument)) options.Notes.Add($"{Text(sql, tokens, argument)} was left out, as its options cannot be told from it: write them as name => value");
        }
        options.Finish();
        var text = $"read_files({Text(sql, tokens, arguments[0])}{(plain is null ? "" : $", format => '{plain}'")}{string.Concat(options.Written)})";

        // cloud_files is a stream, with the word or without it; STREAM(…) loses its parentheses.
        var (first, end) = (at, last);
        var isEnclosed = at > 1 && tokens[at - 1].IsSymbol(sql, '(') && tokens[at - 2].Is(sql, "STREAM") && last + 1 < tokens.Count && tokens[last + 1].IsSymbol(sql, ')');
        if (isEnclosed) (first, end) = (at - 2, last + 1);
        else if (at > 0 && tokens[at - 1].Is(sql, "STREAM")) first = at - 1;
        return new FileSourceCall(tokens[first].Start, tokens[end].End, end, isEnclosed, (isAutoLoader || first < at ? "STREAM " : "") + text, options.Notes);
    }

    private static bool IsEmptyMap(string sql, List<Token> tokens, Range argument) => argument.End.Value - argument.Start.Value == 3 && tokens[argument.Start.Value].Is(sql, "map");

    private static string Text(string sql, List<Token> tokens, Range range) => sql[tokens[range.Start.Value].Start..tokens[range.End.Value - 1].End];

    /// <summary>What stands between the parenthesis at that place and its partner, part by part, and where that is.</summary>
    private static (List<Range> Arguments, int Close)? Arguments(string sql, List<Token> tokens, int open)
    {
        var arguments = new List<Range>();
        var (depth, start) = (0, open + 1);
        for (var i = open; i < tokens.Count; i++)
        {
            if (tokens[i].Kind != TokenKind.Symbol) continue;
            var isClosed = false;
            if (sql[tokens[i].Start] is '(' or '[' or '{') depth++;
            else if (sql[tokens[i].Start] is ')' or ']' or '}') isClosed = --depth == 0;
            if (!isClosed && !(depth == 1 && tokens[i].IsSymbol(sql, ','))) continue;
            if (i > start) arguments.Add(start..i);
            start = i + 1;
            if (isClosed) return (arguments, i);
        }
        return null;
    }

    /// <summary>map(k, v, …).</summary>
    private static IEnumerable<KeyValuePair<string, string>> Map(string sql, List<Token> tokens, Range map)
    {
        if (!tokens[map.Start.Value].Is(sql, "map") || !tokens[map.Start.Value + 1].IsSymbol(sql, '(') || Arguments(sql, tokens, map.Start.Value + 1) is not (var parts, _)) yield break;
        for (var i = 0; i + 1 < parts.Count; i += 2) yield return KeyValuePair.Create(Text(sql, tokens, parts[i]).Trim('\''), Text(sql, tokens, parts[i + 1]));
    }

    /// <summary>name => value.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Named(string sql, List<Token> tokens, List<Range> arguments)
    {
        foreach (var argument in arguments.Skip(1))
        {
            var (start, end) = (argument.Start.Value, argument.End.Value);
            if (end - start > 3 && tokens[start].IsName && tokens[start + 1].IsSymbol(sql, '=') && tokens[start + 2].IsSymbol(sql, '>')) yield return KeyValuePair.Create(tokens[start].Name(sql), Text(sql, tokens, (start + 3)..end));
        }
    }
}
