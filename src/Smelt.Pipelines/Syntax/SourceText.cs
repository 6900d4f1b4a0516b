using System.Text;

namespace Smelt.Pipelines.Syntax;

/// <summary>A file's text with its variables substituted, and the way back to the file's own lines and columns.</summary>
internal sealed class SourceText
{
    private readonly List<Piece> _pieces;
    private int[]? _lineStarts;
    private FilePosition? _origin;

    private SourceText(string file, string raw, string text, List<Piece> pieces)
    {
        File = file;
        Raw = raw;
        Text = text;
        _pieces = pieces;
    }

    /// <summary>Relative to the pipeline, forward slashes.</summary>
    public string File { get; }

    /// <summary>As it stands in the file.</summary>
    public string Raw { get; }

    /// <summary>With variables substituted.</summary>
    public string Text { get; }

    /// <summary>
    /// Replaces <c>${name}</c> outside comments and dollar-quoted texts. Inside quotes the value's quotes are doubled, so that no value ends the literal;
    /// there <c>$${</c> stands for <c>${</c>. A table by its path, <c>delta.`path`</c>, becomes <c>read_delta('path')</c>.
    /// </summary>
    /// <param name="origin">Where the text begins, when it is a part of a file.</param>
    public static SourceText Read(string file, string raw, VariableScope variables, FilePosition? origin = null)
    {
        var source = raw.Contains("${", StringComparison.Ordinal) || raw.Contains('`', StringComparison.Ordinal) ? new VariableSubstitution(file, raw, variables).Run() : new SourceText(file, raw, raw, []);
        source._origin = origin;
        return source;
    }

    internal static SourceText Of(string file, string raw, string text, List<Piece> pieces) => new(file, raw, text, pieces);

    /// <summary>Where the character at <paramref name="offset"/> of <see cref="Text"/> stands in the file.</summary>
    public FilePosition Position(int offset) => RawPosition(RawOffset(offset));

    public FilePosition RawPosition(int offset)
    {
        offset = Math.Clamp(offset, 0, Raw.Length);
        var starts = _lineStarts ??= LineStarts(Raw);
        var line = Array.BinarySearch(starts, offset);
        if (line < 0) line = ~line - 1;
        var column = 1;
        for (var i = starts[line]; i < offset; i++)
        {
            if (!char.IsLowSurrogate(Raw[i]) && Raw[i] != '\uFEFF') column++;
        }
        if (_origin is { } origin) return line == 0 ? new FilePosition(origin.Line, origin.Column + column - 1) : new FilePosition(origin.Line + line, column);
        return new FilePosition(line + 1, column);
    }

    private int RawOffset(int offset)
    {
        if (_pieces.Count == 0) return offset;
        var at = _pieces.FindLastIndex(p => p.Start <= offset);
        if (at < 0) return offset;
        var piece = _pieces[at];
        return piece.IsSubstituted ? piece.RawStart : piece.RawStart + offset - piece.Start;
    }

    private static int[] LineStarts(string text)
    {
        var starts = new List<int> { 0 };
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n') starts.Add(i + 1);
        }
        return [.. starts];
    }

    /// <summary>A run of <see cref="Text"/> and where it begins in the file.</summary>
    internal readonly record struct Piece(int Start, int RawStart, bool IsSubstituted);
}

/// <summary>The variables in force, who uses them, and where one is used that does not exist.</summary>
internal sealed class VariableScope(IReadOnlyDictionary<string, string> values)
{
    private readonly HashSet<string> _used = [];
    private readonly Lock _gate = new();

    public List<Diagnostic> Diagnostics { get; } = [];
    public IReadOnlyDictionary<string, string> Values => values;

    public bool IsUsed(string name)
    {
        lock (_gate) return _used.Contains(name);
    }

    public string? Use(string name)
    {
        lock (_gate) _used.Add(name);
        return values.GetValueOrDefault(name);
    }

    public void Report(Diagnostic diagnostic)
    {
        lock (_gate) Diagnostics.Add(diagnostic);
    }
}
