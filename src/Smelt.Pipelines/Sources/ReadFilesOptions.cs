namespace Smelt.Pipelines;

/// <summary>An option of a source function.</summary>
/// <param name="Name">As documented; compared without case.</param>
/// <param name="Aliases">Other spellings that are accepted.</param>
/// <param name="Kinds">What its value may be.</param>
/// <param name="Choices">For texts: the only values, lower case; empty where any text will do.</param>
/// <param name="Formats">Formats it applies to; empty: all.</param>
public sealed record SourceOption(
    string Name, IReadOnlyList<string> Aliases, IReadOnlyList<ConstantKind> Kinds, IReadOnlyList<string> Choices, IReadOnlyList<string> Formats, string Doc)
{
    public bool IsCalled(string name) =>
        Name.Equals(name, StringComparison.OrdinalIgnoreCase) || Aliases.Any(a => a.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The options of read_files: checked here, used by the reader, shown in the docs. One table for all three.</summary>
public static class ReadFilesOptions
{
    public static readonly SourceOption Format = new("format", [], [ConstantKind.Text], ["csv", "json", "parquet"], [],
        "Format of the files; without it their names decide.");
    public static readonly SourceOption Header = Flag("header", ["csv"], "The first line holds the columns' names. Default true.");
    public static readonly SourceOption Delimiter = Text("delimiter", ["sep", "delim"], ["csv"], "Text between fields. Default ','.");
    public static readonly SourceOption Quote = Text("quote", [], ["csv"], "Character around fields. Default '\"'.");
    public static readonly SourceOption Escape = Text("escape", [], ["csv"], "Character before a quote within a field. Default '\"'.");
    public static readonly SourceOption NullValue = new("nullValue", ["nullstr"], [ConstantKind.Text], [], ["csv"],
        "Unquoted text that means NULL. Default: the empty field.");
    public static readonly SourceOption Comment = Text("comment", [], ["csv"], "Lines that begin with this are passed over.");
    public static readonly SourceOption SkipRows = new("skipRows", ["skip"], [ConstantKind.Number], [], ["csv"], "Lines to pass over at a file's begin.");
    public static readonly SourceOption Encoding = new("encoding", ["charset"], [ConstantKind.Text], ["utf-8", "utf-16le", "utf-16be", "iso-8859-1", "windows-1252", "utf-16", "latin-1"], ["csv", "json"], "Encoding of the text. Default utf-8.");
    public static readonly SourceOption Compression = new("compression", [], [ConstantKind.Text], ["auto", "none", "gzip", "zstd"], ["csv", "json"],
        "Default auto: by the name's end (.gz, .zst).");
    public static readonly SourceOption Schema = new("schema", ["columns"], [ConstantKind.Text, ConstantKind.Map], [], [],
        "All columns with their types: 'id BIGINT, name VARCHAR' or {'id': 'BIGINT'}.");
    public static readonly SourceOption SchemaHints = new("schemaHints", ["types"], [ConstantKind.Text, ConstantKind.Map], [], [],
        "Types of some columns; the others as without.");
    public static readonly SourceOption AllVarchar = Flag("allVarchar", ["csv", "json"], "Every column is text. CSV: the default.", "all_varchar");
    public static readonly SourceOption InferColumnTypes = Flag("inferColumnTypes", ["csv", "json"], "Find the types from the data. Default false: CSV is text, JSON keeps its own types.", "inferSchema");
    public static readonly SourceOption MultiLine = Flag("multiLine", ["csv", "json"], "CSV: quoted fields may hold line breaks (default true). JSON: a file is one document or array, not a line a row (default false).");
    public static readonly SourceOption AllowOverwrites = Flag("allowOverwrites", [], "Read a file again when its content changed. Default false: a warning.");

    public static readonly SourceOption Recursive = Flag("recursive", [], "Read the subfolders of a folder too. Default false.", "recursiveFileLookup");
    public static readonly SourceOption PathGlobFilter = new("pathGlobFilter", ["fileNamePattern"], [ConstantKind.Text], [], [], "Only files whose name fits this pattern.");
    public static readonly SourceOption RescuedDataColumn = new("rescuedDataColumn", [], [ConstantKind.Text], [], [], "Name of the column _rescued_data.");
    public static readonly SourceOption MaxRecordBytes = new("maxRecordBytes", [], [ConstantKind.Number], [], ["csv", "json"], "The longest record; what is longer is broken. Default 64 MiB.");

    public static readonly SourceOption MaxFilesPerTrigger = new("maxFilesPerTrigger", [], [ConstantKind.Number], [], [], "STREAM: the most files of a batch; an update makes batches until none is left.");
    public static readonly SourceOption MaxBytesPerTrigger = new("maxBytesPerTrigger", [], [ConstantKind.Number, ConstantKind.Text], [], [], "STREAM: a batch ends with the file that reaches so many bytes: a number, or '512MB'.");

    /// <summary>All of them, in the order of the docs.</summary>
    public static IReadOnlyList<SourceOption> All { get; } =
    [
        Format, Header, Delimiter, Quote, Escape, NullValue, Comment, SkipRows, Encoding, Compression, Schema, SchemaHints, AllVarchar, InferColumnTypes, MultiLine, AllowOverwrites,
        Recursive, PathGlobFilter, RescuedDataColumn, MaxRecordBytes, MaxFilesPerTrigger, MaxBytesPerTrigger,
    ];

    /// <summary>The option of that name or alias, case ignored.</summary>
    public static SourceOption? Find(string name) => All.FirstOrDefault(o => o.IsCalled(name));

    /// <summary>The value a call gives for an option, by its name or an alias; null where it gives none.</summary>
    public static ConstantValue? ValueOf(SourceCall call, SourceOption option) => call.Options.FirstOrDefault(o => option.IsCalled(o.Name))?.Value;

    private static SourceOption Flag(string name, string[] formats, string doc, params string[] aliases) => new(name, aliases, [ConstantKind.Boolean], [], formats, doc);
    private static SourceOption Text(string name, string[] aliases, string[] formats, string doc) => new(name, aliases, [ConstantKind.Text], [], formats, doc);
}
