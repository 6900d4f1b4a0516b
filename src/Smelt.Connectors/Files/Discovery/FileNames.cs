namespace Smelt.Connectors;

/// <summary>What a file's name tells: format, compression and the delimiter of .tsv.</summary>
static class FileNames
{
    public static FileCompression Compression(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".GZ" or ".GZIP" => FileCompression.Gzip,
        ".ZST" or ".ZSTD" => FileCompression.Zstd,
        _ => FileCompression.None,
    };

    public static FileFormat? Format(string path) => Inner(path) switch
    {
        ".CSV" or ".TSV" or ".TXT" => FileFormat.Csv,
        ".JSON" or ".JSONL" or ".NDJSON" => FileFormat.Json,
        ".PARQUET" or ".PARQ" => FileFormat.Parquet,
        _ => null,
    };

    public static byte Delimiter(string path) => Inner(path) == ".TSV" ? (byte)'\t' : (byte)',';

    static string Inner(string path) =>
        Path.GetExtension(Compression(path) == FileCompression.None ? path : Path.GetFileNameWithoutExtension(path)).ToUpperInvariant();
}
