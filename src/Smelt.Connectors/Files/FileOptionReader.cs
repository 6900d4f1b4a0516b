using System.Globalization;
using Smelt.Pipelines;

namespace Smelt.Connectors;

/// <summary>Either options, or every mistake found in the arguments.</summary>
public sealed record FileOptionsResult(FileSourceOptions? Options, IReadOnlyList<OptionProblem> Problems);

/// <summary>A wrong argument of <c>read_files</c>: its name as written, what is wrong and what it takes.</summary>
public sealed record OptionProblem(string Option, string Message);

/// <summary>
/// Reads the arguments of <c>read_files</c>. Names are compared without case; values are strings, booleans, whole numbers, and for schema and schemaHints also pairs of name and type.
/// </summary>
public static class FileOptionReader
{
    /// <summary>Option names as documented, for suggestions and editors.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "format", "header", "delimiter", "sep", "quote", "escape", "nullValue", "encoding", "charset", "skipRows", "comment", "multiLine", "compression",
        "inferColumnTypes", "schemaHints", "schema", "allowOverwrites", "recursive", "recursiveFileLookup", "rescuedDataColumn", "pathGlobFilter", "fileNamePattern",
        "maxRecordBytes", "delim", "nullstr", "skip", "columns", "types", "allVarchar", "all_varchar", "inferSchema", "maxFilesPerTrigger", "maxBytesPerTrigger",
    ];

    /// <summary>Reads a call as the compiler found it: one path or a list of paths, then options.</summary>
    public static FileOptionsResult Read(SourceCall call)
    {
        var paths = call.Arguments.SelectMany(a => a.Kind == ConstantKind.List ? a.Items : [a]).Select(a => a.Text).ToList();
        var arguments = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in call.Options) arguments[option.Name] = Plain(option.Value);
        var result = Read(paths.FirstOrDefault() ?? "", arguments);
        return result.Options is { } options ? result with { Options = options with { MorePaths = [.. paths.Skip(1)] } } : result;
    }

    static object? Plain(ConstantValue value) => value.Kind switch
    {
        ConstantKind.Boolean => value.IsTrue,
        ConstantKind.Text or ConstantKind.Number => value.Text,
        ConstantKind.Map => value.Entries.Select(e => new KeyValuePair<string, string>(e.Key, e.Value.Text)).ToArray(),
        _ => null,
    };

    public static FileOptionsResult Read(string path, IReadOnlyDictionary<string, object?> arguments)
    {
        var problems = new List<OptionProblem>();
        var options = new FileSourceOptions { Path = path };
        if (string.IsNullOrWhiteSpace(path)) problems.Add(new("path", "read_files needs a path, a folder or a pattern such as 'landing/*.csv'"));
        foreach (var (name, value) in arguments)
        {
            try { options = Apply(options, name, value); }
            catch (ArgumentException e) { problems.Add(new(name, e.Message)); }
        }
        if (options is { Schema: not null, SchemaHints.Count: > 0 }) problems.Add(new("schemaHints", "schema names all columns already: use one of the two"));
        if (options is { AllVarchar: true, InferColumnTypes: true }) problems.Add(new("allVarchar", "allVarchar and inferColumnTypes say the opposite: use one of the two"));
        if (options.Delimiter is { } d && (d == options.Quote || d == options.Comment)) problems.Add(new("delimiter", "delimiter, quote and comment must differ"));
        return problems.Count > 0 ? new(null, problems) : new(options, []);
    }

    static FileSourceOptions Apply(FileSourceOptions o, string name, object? value) => name.ToUpperInvariant() switch
    {
        "FORMAT" => o with { Format = Format(Text(name, value)) },
        "HEADER" => o with { Header = Flag(name, value) },
        "DELIMITER" or "SEP" or "DELIM" => o with { Delimiter = Character(name, value) ?? throw new ArgumentException($"{name} must be one character") },
        "QUOTE" => o with { Quote = Character(name, value) },
        "ESCAPE" => o with { Escape = Character(name, value) },
        "NULLVALUE" or "NULLSTR" => o with { NullValue = Text(name, value) },
        "ENCODING" or "CHARSET" => o with { Encoding = Encoding(Text(name, value)) },
        "SKIPROWS" or "SKIP" => o with { SkipRows = Whole(name, value) },
        "COMMENT" => o with { Comment = Character(name, value) },
        "MULTILINE" => o with { MultiLine = Flag(name, value) },
        "COMPRESSION" => o with { Compression = Compression(Text(name, value)) },
        "INFERCOLUMNTYPES" or "INFERSCHEMA" => o with { InferColumnTypes = Flag(name, value) },
        "ALLVARCHAR" or "ALL_VARCHAR" => o with { AllVarchar = Flag(name, value) },
        "SCHEMAHINTS" or "TYPES" => o with { SchemaHints = ColumnList.Parse(name, Pairs(name, value)) },
        "SCHEMA" or "COLUMNS" => o with { Schema = ColumnList.Parse(name, Pairs(name, value)) },
        "ALLOWOVERWRITES" => o with { AllowOverwrites = Flag(name, value) },
        "RECURSIVE" or "RECURSIVEFILELOOKUP" => o with { Recursive = Flag(name, value) },
        "RESCUEDDATACOLUMN" => o with { Metadata = o.Metadata with { RescuedData = NonEmpty(name, value) } },
        "PATHGLOBFILTER" or "FILENAMEPATTERN" => o with { FileNamePattern = NonEmpty(name, value) },
        "MAXRECORDBYTES" => o with { MaxRecordBytes = (int)Math.Clamp(Whole(name, value), 1 << 10, 1 << 30) },
        "MAXFILESPERTRIGGER" => o with { Limits = o.Limits with { MaxFiles = (int)Math.Clamp(Whole(name, value), 1, int.MaxValue) } },
        "MAXBYTESPERTRIGGER" => o with { Limits = o.Limits with { MaxBytes = Bytes(name, value) } },
        _ => throw new ArgumentException($"read_files has no option {name}{Nearest(name)}"),
    };

    static long Bytes(string name, object? value) =>
        ByteText.Read(value?.ToString() ?? "") is { } bytes and > 0 ? bytes : throw new ArgumentException($"{name} takes a number of bytes, or a text such as '512MB', not {Shown(value)}");

    static string Nearest(string name) =>
        Names.FirstOrDefault(n => n.Contains(name, StringComparison.OrdinalIgnoreCase) || name.Contains(n, StringComparison.OrdinalIgnoreCase)) is { } near
            ? $"; did you mean {near}?" : "; docs/sources/files.md lists them";

    static string Text(string name, object? value) => value as string ?? throw new ArgumentException($"{name} takes a text in quotes, not {Shown(value)}");

    static string Pairs(string name, object? value) => value is IEnumerable<KeyValuePair<string, string>> pairs
        ? string.Join(", ", pairs.Select(p => DuckDb.SqlText.Identifier(p.Key) + " " + p.Value)) : Text(name, value);

    static string NonEmpty(string name, object? value) =>
        Text(name, value) is { Length: > 0 } text ? text : throw new ArgumentException($"{name} must not be empty");

    static bool Flag(string name, object? value) => value switch
    {
        bool b => b,
        string s when bool.TryParse(s, out var b) => b,
        _ => throw new ArgumentException($"{name} takes true or false, not {Shown(value)}"),
    };

    static long Whole(string name, object? value)
    {
        var number = value switch
        {
            long l => l,
            int i => i,
            string s when long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var l) => l,
            _ => -1,
        };
        return number >= 0 ? number : throw new ArgumentException($"{name} takes a whole number from 0, not {Shown(value)}");
    }

    static byte? Character(string name, object? value)
    {
        var text = Text(name, value);
        if (text == "\\t") text = "\t";
        if (text.Length == 0) return null;
        if (text.Length > 1 || text[0] > 0x7F || text[0] is '\r' or '\n' or '\0')
            throw new ArgumentException($"{name} must be one ASCII character (\\t is a tab), not {Shown(value)}");
        return (byte)text[0];
    }

    static FileFormat Format(string text) => text.ToUpperInvariant() switch
    {
        "CSV" => FileFormat.Csv,
        "JSON" or "NDJSON" or "JSONL" => FileFormat.Json,
        "PARQUET" => FileFormat.Parquet,
        _ => throw new ArgumentException($"format '{text}' is not known: csv, json or parquet"),
    };

    static TextEncoding Encoding(string text) => text.ToUpperInvariant() switch
    {
        "UTF-8" or "UTF8" => TextEncoding.Utf8,
        "UTF-16LE" or "UTF-16" => TextEncoding.Utf16LittleEndian,
        "UTF-16BE" => TextEncoding.Utf16BigEndian,
        "LATIN1" or "LATIN-1" or "ISO-8859-1" or "ISO8859-1" => TextEncoding.Latin1,
        "WINDOWS-1252" or "CP1252" => TextEncoding.Windows1252,
        _ => throw new ArgumentException($"encoding '{text}' is not known: utf-8, utf-16le, utf-16be, iso-8859-1 or windows-1252"),
    };

    static FileCompression Compression(string text) => text.ToUpperInvariant() switch
    {
        "AUTO" or "AUTO_DETECT" => FileCompression.Auto,
        "NONE" => FileCompression.None,
        "GZIP" or "GZ" => FileCompression.Gzip,
        "ZSTD" or "ZST" => FileCompression.Zstd,
        _ => throw new ArgumentException($"compression '{text}' is not known: auto, none, gzip or zstd"),
    };

    static string Shown(object? value) => value is null ? "NULL" : $"'{Convert.ToString(value, CultureInfo.InvariantCulture)}'";
}
