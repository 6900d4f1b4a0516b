namespace Smelt.Connectors;

/// <summary>The arguments of <c>read_files</c>, checked. Built by <see cref="FileOptionReader"/>; docs/sources/files.md lists them for people.</summary>
public sealed record FileSourceOptions
{
    /// <summary>Path, folder or glob, as written.</summary>
    public required string Path { get; init; }

    /// <summary>Further paths of the same source; a file that several name is read once.</summary>
    public IReadOnlyList<string> MorePaths { get; init; } = [];

    /// <summary>Null: guessed from the extension.</summary>
    public FileFormat? Format { get; init; }

    public bool Header { get; init; } = true;

    /// <summary>Null: a tab for .tsv files, else a comma.</summary>
    public byte? Delimiter { get; init; }

    /// <summary>Null: fields are never quoted.</summary>
    public byte? Quote { get; init; } = (byte)'"';

    /// <summary>Inside quotes, makes the next character literal; null or equal to the quote: a doubled quote.</summary>
    public byte? Escape { get; init; }

    /// <summary>Unquoted text that means null. The default is the empty field.</summary>
    public string NullValue { get; init; } = "";

    public TextEncoding Encoding { get; init; }

    /// <summary>Physical lines passed over at the top of each file, before the header.</summary>
    public long SkipRows { get; init; }

    /// <summary>Lines that start with it are passed over.</summary>
    public byte? Comment { get; init; }

    /// <summary>CSV: quoted fields may hold line breaks (default true). JSON: a file is a document or an array, not lines (default false).</summary>
    public bool? MultiLine { get; init; }

    public FileCompression Compression { get; init; }

    public bool InferColumnTypes { get; init; }

    /// <summary>JSON: every top-level value is text (CSV is so anyway).</summary>
    public bool AllVarchar { get; init; }

    /// <summary>Types of single columns; the others come as always.</summary>
    public IReadOnlyList<ColumnHint> SchemaHints { get; init; } = [];

    /// <summary>The whole schema: no other column is read, what else the files hold goes to the rescued data.</summary>
    public IReadOnlyList<ColumnHint>? Schema { get; init; }

    /// <summary>Files whose content changed since they were read are read again.</summary>
    public bool AllowOverwrites { get; init; }

    public bool Recursive { get; init; }

    /// <summary>Only file names that match this pattern.</summary>
    public string? FileNamePattern { get; init; }

    public MetadataColumns Metadata { get; init; } = new();

    /// <summary>How much one batch of a stream takes.</summary>
    public BatchLimits Limits { get; init; } = new();

    /// <summary>The longest CSV record or JSON document, in bytes; what is longer is broken.</summary>
    public int MaxRecordBytes { get; init; } = 64 << 20;
}

/// <summary>A column's name and its type as DuckDB writes types.</summary>
public sealed record ColumnHint(string Name, string SqlType);

/// <summary>The names of the columns that a scan adds to those of the files; null leaves one out.</summary>
public sealed record MetadataColumns
{
    /// <summary>VARCHAR: the file, relative to the pipeline's folder, else absolute.</summary>
    public string? SourceFile { get; init; } = "_source_file";

    /// <summary>VARCHAR: JSON with what did not fit, null where all did.</summary>
    public string? RescuedData { get; init; } = "_rescued_data";

    /// <summary>BIGINT: the physical line (CSV, JSON) or row (Parquet) in the file, from 1. Left out unless the Engine asks for it.</summary>
    public string? SourceLine { get; init; }

    internal IEnumerable<string> Names
    {
        get
        {
            if (RescuedData is not null) yield return RescuedData;
            if (SourceFile is not null) yield return SourceFile;
            if (SourceLine is not null) yield return SourceLine;
        }
    }
}
