namespace Smelt.Connectors;

/// <summary>What the files of a source hold.</summary>
public enum FileFormat { Csv, Json, Parquet }

/// <summary>How the bytes of text files stand for characters.</summary>
public enum TextEncoding { Utf8, Utf16LittleEndian, Utf16BigEndian, Latin1, Windows1252 }

/// <summary>How files are packed; <see cref="Auto"/> goes by the last extension (.gz, .gzip, .zst, .zstd).</summary>
public enum FileCompression { Auto, None, Gzip, Zstd }
