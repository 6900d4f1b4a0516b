namespace Smelt.DuckDb;

/// <summary>The only functions of the house that put a name or a text into SQL.</summary>
public static class SqlText
{
    /// <summary>A quoted identifier: <c>a"b</c> becomes <c>"a""b"</c>.</summary>
    public static string Identifier(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    /// <summary>A dotted path of quoted identifiers.</summary>
    public static string Identifier(params ReadOnlySpan<string> path)
    {
        var parts = new string[path.Length];
        for (var i = 0; i < path.Length; i++) parts[i] = Identifier(path[i]);
        return string.Join('.', parts);
    }

    /// <summary>A string literal. DuckDB takes no escapes in plain quotes, so doubling the quote is all.</summary>
    public static string Literal(string text)
    {
        if (text.Contains('\0')) throw new ArgumentException("A text with a NUL character cannot stand in SQL.", nameof(text));
        return '\'' + text.Replace("'", "''", StringComparison.Ordinal) + '\'';
    }
}
