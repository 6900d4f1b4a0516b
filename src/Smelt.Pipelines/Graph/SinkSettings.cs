namespace Smelt.Pipelines;

/// <summary>What a sink writes.</summary>
public enum SinkFormat { Parquet, Csv, Json }

/// <summary>A folder outside the lake that gets files: <c>CREATE SINK</c>.</summary>
/// <param name="Path">The folder, relative to the pipeline's.</param>
/// <param name="File">
/// The files' name with placeholders: <c>{batch}</c> (generation and number), <c>{date}</c> (the day of the batch) unless the rows have such a column, and columns of the
/// rows, which make one file a value.
/// </param>
public sealed record SinkSettings(string Path, SinkFormat Format, string File)
{
    /// <summary>Names between braces, in order, each once.</summary>
    public IReadOnlyList<string> Placeholders => PlaceholdersOf(File);

    internal static SinkSettings? Read(DatasetDraft draft)
    {
        string? path = null, file = null;
        SinkFormat? format = null;
        foreach (var (key, value, offset) in draft.Statement.Properties)
        {
            switch (key.ToLowerInvariant())
            {
                case "path" when string.IsNullOrWhiteSpace(value) || value.Contains('\0', StringComparison.Ordinal): draft.Report(DiagnosticCodes.BadOption, offset, "A sink's path cannot be empty.", "Name a folder: path = 'out/daily'."); return null;
                case "path": path = value; break;
                case "format" when Enum.TryParse<SinkFormat>(value, ignoreCase: true, out var named) && !char.IsAsciiDigit(value.FirstOrDefault()): format = named; break;
                case "format": draft.Report(DiagnosticCodes.BadOption, offset, $"A sink's format cannot be '{value}'.", "It is parquet, csv or json."); return null;
                case "file" when HasBrokenPlaceholder(value):
                    draft.Report(DiagnosticCodes.BadOption, offset, $"A sink's file cannot be '{value}': a placeholder in it is empty, or its brace is not closed.", "Write {batch}, {date} or a column between braces: 'daily-{day}.json'.");
                    return null;
                case "file" when value.Length > 0 && !value.Contains('/', StringComparison.Ordinal) && !value.StartsWith('.'): file = value; break;
                case "file": draft.Report(DiagnosticCodes.BadOption, offset, $"A sink's file cannot be '{value}'.", "It is a name such as 'daily-{date}.json', in the folder that path names."); return null;
                default: draft.Report(DiagnosticCodes.UnknownOption, offset, $"A sink has no option '{key}'.", "It has: path, format, file."); return null;
            }
        }
        if (path is null || format is null)
        {
            draft.Report(DiagnosticCodes.BadOption, draft.NameOffset, $"The sink {draft.Name} lacks {(path is null ? "path" : "format")}.", "Write OPTIONS (path = 'out/daily', format = 'json').");
            return null;
        }
        return new SinkSettings(path, format.Value, file ?? $"{draft.Name.Name}-{{batch}}.{format.Value.ToString().ToLowerInvariant()}");
    }

    private static bool HasBrokenPlaceholder(string file)
    {
        for (var at = file.IndexOf('{', StringComparison.Ordinal); at >= 0; at = file.IndexOf('{', at + 1))
        {
            var end = file.IndexOfAny(['{', '}'], at + 1);
            if (end < 0 || file[end] == '{' || string.IsNullOrWhiteSpace(file[(at + 1)..end])) return true;
        }
        return false;
    }

    private static List<string> PlaceholdersOf(string file)
    {
        var names = new List<string>();
        for (var at = file.IndexOf('{', StringComparison.Ordinal); at >= 0; at = file.IndexOf('{', at + 1))
        {
            var end = file.IndexOf('}', at);
            if (end < 0) break;
            if (!names.Contains(file[(at + 1)..end], StringComparer.OrdinalIgnoreCase)) names.Add(file[(at + 1)..end]);
        }
        return names;
    }
}
