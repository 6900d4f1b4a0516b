using System.Text;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>A statement as Smelt writes it. Lines count from 1 in its text.</summary>
internal sealed record ConvertedStatement(string Sql, IReadOnlyList<(int Line, string Told)> Notes);

/// <summary>
/// Rewrites one statement token by token, so that texts and comments stay as they are: where files come from, names, and the functions that DuckDB calls otherwise.
/// </summary>
/// <param name="sql">With DuckDB's quotes.</param>
internal sealed class StatementConversion(string sql, MigratedNames names)
{
    private static readonly Dictionary<string, string> s_withoutArguments = new(StringComparer.OrdinalIgnoreCase)
    {
        ["current_timestamp"] = "current_timestamp", ["getdate"] = "current_timestamp", ["localtimestamp"] = "localtimestamp", ["current_date"] = "current_date", ["curdate"] = "current_date",
        ["rand"] = "random()", ["unix_timestamp"] = "epoch(now())::BIGINT", ["current_timezone"] = "current_setting('TimeZone')",
    };

    private readonly List<Token> _tokens = Lexer.Read(sql);
    private readonly List<(int Start, int End, string Text, string? Told)> _edits = [];
    /// <summary>Of each open parenthesis whether a query begins there: a name is a column of its own only outside of calls.</summary>
    private readonly Stack<bool> _open = new();
    private bool _readsFiles;

    public ConvertedStatement Convert()
    {
        _readsFiles = _tokens.Exists(t => t.Is(sql, "cloud_files") || t.Is(sql, "read_files"));
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (_tokens[i].IsSymbol(sql, '(')) _open.Push(i + 1 < _tokens.Count && (_tokens[i + 1].Is(sql, "SELECT") || _tokens[i + 1].Is(sql, "WITH")));
            else if (_tokens[i].IsSymbol(sql, ')')) _ = _open.TryPop(out _);
            else if (_tokens[i].IsName) i = Name(i);
        }
        return Made();
    }

    /// <summary>Looks at what begins with a name, and gives the last token of it.</summary>
    private int Name(int at)
    {
        if (FileSourceCall.At(sql, _tokens, at) is { } call) return Files(call);
        if (_tokens[at].Kind == TokenKind.Word && IsEmptyCall(at + 1)) return Function(at);
        if (_tokens[at].Is(sql, "_metadata")) return Metadata(at);
        if (at == 0 && _tokens[at].Is(sql, "APPLY") && _tokens.Count > 3 && _tokens[2].Is(sql, "INTO") && DottedName.At(sql, _tokens, 3) is { } target)
        {
            Edit(at, 2, $"CREATE FLOW {(names.Of(target.Parts)?.Name ?? target.Parts[^1])}_changes AS AUTO CDC INTO");
            return 2;
        }
        return DottedName.At(sql, _tokens, at) is { } name ? Dotted(name) : at;
    }

    private int Files(FileSourceCall call)
    {
        // STREAM and its parenthesis stand before the name and are passed by now.
        if (call.IsEnclosed) _open.Pop();
        _edits.Add((call.Start, call.End, call.Sql, call.Notes.Count == 0 ? null : string.Join("\n", call.Notes)));
        return call.Last;
    }

    private bool IsEmptyCall(int at) => at + 1 < _tokens.Count && _tokens[at].IsSymbol(sql, '(') && _tokens[at + 1].IsSymbol(sql, ')');

    private int Function(int at)
    {
        var name = _tokens[at].Name(sql);
        if (s_withoutArguments.TryGetValue(name, out var here)) Edit(at, at + 2, here);
        else if (name.Equals("input_file_name", StringComparison.OrdinalIgnoreCase)) FileColumn(at, at + 2, "_source_file", "input_file_name");
        return at + 2;
    }

    private int Metadata(int at)
    {
        var part = at + 2 < _tokens.Count && _tokens[at + 1].IsSymbol(sql, '.') ? _tokens[at + 2].Name(sql).ToLowerInvariant() : null;
        var last = part is null ? at : at + 2;
        if (part == "file_path") FileColumn(at, last, "_source_file", part);
        else if (part == "file_name") FileColumn(at, last, "parse_filename(_source_file)", part);
        else if (_readsFiles) Tell(at, $"_metadata{(part is null ? "" : "." + part)} is not in Smelt: of a file there is its path, _source_file; take it out or write that");
        return last;
    }

    /// <summary>A column about the file a row came from, which only a query that reads files has.</summary>
    private void FileColumn(int first, int last, string here, string name)
    {
        if (!_readsFiles)
        {
            Tell(first, $"{sql[_tokens[first].Start.._tokens[last].End]} is about files, and this query reads tables: have the bronze table keep _source_file and read that column");
            return;
        }
        var isItem = IsQuery && last + 1 < _tokens.Count && (_tokens[last + 1].IsSymbol(sql, ',') || _tokens[last + 1].Is(sql, "FROM"))
            && first > 0 && (_tokens[first - 1].IsSymbol(sql, ',') || _tokens[first - 1].Is(sql, "SELECT"));
        Edit(first, last, isItem ? $"{here} AS {name}" : here);
    }

    private int Dotted(DottedName name)
    {
        if (name.Last + 1 < _tokens.Count && _tokens[name.Last + 1].IsSymbol(sql, '(') && !IsTarget(name.First)) return name.Last;
        var isPlace = name.IsLive || IsTablePlace(name.First);
        if (names.Of(name.Parts) is { } made && (isPlace || (made.Parts.Count > 1 && name.Parts.Count > 1)))
        {
            if (IsTarget(name.First)) Edit(name.First, name.Last, made.Name);
            else if (name.Parts.Count > 1) Edit(name.First, name.Last, $"{made.Layer}.{made.Name}");
            else if (made.Name != name.Parts[^1]) Edit(name.First, name.Last, made.Name);
            return name.Last;
        }
        if (isPlace && name.Parts.Count > 1 && !name.IsLive && !(name.Parts.Count == 2 && DatasetName.TryLayer(name.Parts[0], out _)))
        {
            Tell(name.First, $"{string.Join('.', name.Parts)} is made by none of the notebooks: read its Delta folder by STREAM read_delta('path'), or make it here and name it by its layer");
            return name.Last;
        }
        // A column with its table's name before it.
        for (var count = Math.Min(3, name.Parts.Count - 1); count >= 2; count--)
        {
            if (names.Of([.. name.Parts.Take(count)]) is not { Parts.Count: > 1 } table) continue;
            Edit(name.First, name.First + (2 * (count - 1)), table.Name);
            break;
        }
        return name.Last;
    }

    /// <summary>Whether the name is that of what the statement makes.</summary>
    private bool IsTarget(int at) => at > 0 && _tokens[0].Is(sql, "CREATE") && at < 10 && !_tokens.Take(at).Any(t => t.Is(sql, "AS") || t.IsSymbol(sql, '('))
        && (_tokens[at - 1].Is(sql, "TABLE") || _tokens[at - 1].Is(sql, "VIEW") || _tokens[at - 1].Is(sql, "EXISTS"));

    private bool IsTablePlace(int at)
    {
        if (at == 0) return false;
        // FROM stands in EXTRACT(… FROM …) and IS DISTINCT FROM too.
        if (_tokens[at - 1].Is(sql, "FROM")) return IsQuery && !(at > 1 && _tokens[at - 2].Is(sql, "DISTINCT"));
        return IsTarget(at) || Array.Exists(s_beforeTables, w => _tokens[at - 1].Is(sql, w)) || (at > 1 && _tokens[at - 1].IsSymbol(sql, '(') && _tokens[at - 2].Is(sql, "STREAM"));
    }

    private bool IsQuery => _open.Count == 0 || _open.Peek();

    private static readonly string[] s_beforeTables = ["JOIN", "INTO", "STREAM", "SNAPSHOT", "ONCE"];

    private void Edit(int first, int last, string text) => _edits.Add((_tokens[first].Start, _tokens[last].End, text, null));

    private void Tell(int at, string told) => _edits.Add((_tokens[at].Start, _tokens[at].Start, "", told));

    private ConvertedStatement Made()
    {
        var (made, notes, at) = (new StringBuilder(), new List<(int, string)>(), 0);
        foreach (var (start, end, text, told) in _edits)
        {
            made.Append(sql, at, start - at);
            if (told is not null)
            {
                var line = 1 + made.ToString().AsSpan().Count('\n');
                foreach (var one in told.Split('\n')) notes.Add((line, one));
            }
            made.Append(text);
            at = end;
        }
        return new ConvertedStatement(made.Append(sql, at, sql.Length - at).ToString(), notes);
    }
}
