using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines.Migration;

/// <summary>The options of one cloud_files or read_files of Databricks as those of Smelt's read_files: each is written, or told with what to do instead.</summary>
/// <param name="format">Of the files, lower case; null where the call does not say it.</param>
internal sealed class AutoLoaderOptions(string? format)
{
    /// <summary>What to do about options that Smelt has not.</summary>
    private static readonly Dictionary<string, string> s_instead = new(StringComparer.OrdinalIgnoreCase)
    {
        ["schemaLocation"] = "a table keeps its columns itself, so there is nothing to do",
        ["schemaEvolutionMode"] = "new columns are added by themselves; schema_changes under policies: of smelt.yml refuses them",
        ["badRecordsPath"] = "what cannot be read is kept in the column _rescued_data: look there",
        ["mode"] = "what cannot be read is kept in _rescued_data; CONSTRAINT … EXPECT (_rescued_data IS NULL) drops such rows, puts them into quarantine or stops the update",
        ["columnNameOfCorruptRecord"] = "a line that cannot be read is in the column _rescued_data",
        ["dateFormat"] = "read the column as text and use strptime in the silver query",
        ["timestampFormat"] = "read the column as text and use strptime in the silver query",
        ["timestampNTZFormat"] = "read the column as text and use strptime in the silver query",
        ["ignoreLeadingWhiteSpace"] = "use ltrim in the silver query",
        ["ignoreTrailingWhiteSpace"] = "use rtrim in the silver query",
        ["primitivesAsString"] = "write allVarchar => true",
        ["partitionColumns"] = "folders are no columns: take them from _source_file with regexp_extract",
        ["includeExistingFiles"] = "every file that is there is read: leave the old ones out of the folder",
        ["modifiedAfter"] = "every file that is there is read: leave the old ones out of the folder",
        ["modifiedBefore"] = "every file that is there is read: leave the new ones out of the folder",
        ["maxFileAge"] = "every file is remembered, so there is nothing to do",
        ["cleanSource"] = "files stay where they are: move or delete them yourself once they are read",
        ["useNotifications"] = "the folder is listed at each update, so there is nothing to do",
        ["useIncrementalListing"] = "the folder is listed at each update, so there is nothing to do",
        ["backfillInterval"] = "the folder is listed whole at each update, so there is nothing to do",
        ["ignoreMissingFiles"] = "a file that is gone while it is read stops the flow; the next update goes on",
        ["ignoreCorruptFiles"] = "a file that is damaged stops the flow by its name: take it out of the folder",
    };

    private readonly HashSet<SourceOption> _given = [];

    /// <summary>Arguments for read_files, each with a comma before it.</summary>
    public List<string> Written { get; } = [];
    public List<string> Notes { get; } = [];

    public void Add(string key, string value)
    {
        var name = key.StartsWith("cloudFiles.", StringComparison.OrdinalIgnoreCase) ? key["cloudFiles.".Length..] : key;
        if (name.Equals("primitivesAsString", StringComparison.OrdinalIgnoreCase) && format == "json") name = ReadFilesOptions.AllVarchar.Name;
        if (ReadFilesOptions.Find(name) is not { } option)
        {
            Notes.Add($"the option {key} was left out, as read_files has none of that name; {s_instead.GetValueOrDefault(name, "docs/sources/files.md lists what there is")}");
            return;
        }
        if (option == ReadFilesOptions.Format) return;
        if (format is not null && option.Formats.Count > 0 && !option.Formats.Contains(format)) Notes.Add($"the option {key} was left out, as {option.Name} is for {string.Join(" and ", option.Formats)}, not for {format}; there is nothing to do");
        else if (Value(option, value) is not { } sql) Notes.Add($"the option {key} was left out, as {option.Name} cannot be {value}: {option.Doc} Write it by hand");
        else if (!_given.Add(option)) Notes.Add($"the option {key} was left out, as {option.Name} is given already: keep the one that you mean");
        else Written.Add($", {option.Name} => {sql}");
    }

    /// <summary>Databricks takes the first line for data unless the call says otherwise, Smelt for the names.</summary>
    public void Finish()
    {
        if (format == "csv" && !_given.Contains(ReadFilesOptions.Header)) Written.Add(", header => false");
        if (format is not null && !ReadFilesOptions.Format.Choices.Contains(format)) Notes.Add($"read_files does not read {format}: have the files as {string.Join(", ", ReadFilesOptions.Format.Choices)} and write that format");
    }

    /// <summary>The value as Smelt wants it; null where it has none such.</summary>
    private static string? Value(SourceOption option, string sql)
    {
        var text = sql.StartsWith('\'') ? TokenCursor.TextValue(sql) : sql;
        if (option.Kinds.Contains(ConstantKind.Boolean)) return IsVariable(text) ? text : bool.TryParse(text, out var flag) ? flag ? "true" : "false" : null;
        if (option.Kinds.Contains(ConstantKind.Number))
        {
            if (IsVariable(text) || (text.Length > 0 && text.All(char.IsAsciiDigit))) return text;
            return option.Kinds.Contains(ConstantKind.Text) && ByteText.Read(text) is > 0 ? Quoted(text) : null;
        }
        if (!sql.StartsWith('\'')) return option.Kinds.Contains(ConstantKind.Map) ? sql : null;
        if (text.Contains("${", StringComparison.Ordinal)) return sql;
        if (option == ReadFilesOptions.Encoding) text = text.ToLowerInvariant() switch { "utf8" or "us-ascii" => "utf-8", "latin1" or "iso8859-1" => "iso-8859-1", "cp1252" => "windows-1252", var other => other };
        if (option.Choices.Count > 0 && !option.Choices.Contains(text.ToLowerInvariant())) return null;
        var isCharacter = option == ReadFilesOptions.Delimiter || option == ReadFilesOptions.Quote || option == ReadFilesOptions.Escape || option == ReadFilesOptions.Comment;
        return isCharacter && (text.Length > 1 || text.Any(static c => c > 0x7F)) ? null : Quoted(text == "\t" ? "\\t" : text);
    }

    private static bool IsVariable(string text) => text.StartsWith("${", StringComparison.Ordinal) && text.IndexOf('}', StringComparison.Ordinal) == text.Length - 1;

    private static string Quoted(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
