namespace Smelt.Connectors;

/// <summary>How the bytes of one CSV file are to be read.</summary>
readonly record struct CsvDialect(byte Delimiter, byte? Quote, byte? Escape, byte? Comment, bool MultiLine, byte[] NullText)
{
    public static CsvDialect Of(FileSourceOptions options, string path) => new(
        options.Delimiter ?? FileNames.Delimiter(path), options.Quote, options.Escape == options.Quote ? null : options.Escape, options.Comment, options.MultiLine ?? true,
        System.Text.Encoding.UTF8.GetBytes(options.NullValue));

    /// <summary>Whether an unquoted field stands for NULL.</summary>
    public bool IsNull(ReadOnlySpan<byte> field) => field.IsEmpty || field.SequenceEqual(NullText);
}
