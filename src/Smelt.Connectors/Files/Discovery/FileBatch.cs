using System.Buffers;
using System.Text.Json;

namespace Smelt.Connectors;

/// <summary>
/// One file as it was when a batch was chosen. <paramref name="Path"/>: relative to the pipeline's folder, else absolute. <paramref name="Size"/> in bytes as stored,
/// <paramref name="ModifiedTicks"/> in UTC ticks, <paramref name="Hash"/> of the bytes as stored. <paramref name="Replaces"/>: read before with other content.
/// </summary>
public sealed record SourceFile(string Path, long Size, long ModifiedTicks, string Hash, bool Replaces = false);

/// <summary>
/// The files of one batch in the order (modification time, path), and what they hold. Its JSON is part of the Engine's intent record: the same batch read again gives
/// the same rows, or fails because a file was changed meanwhile.
/// </summary>
public sealed class FileBatch(FileFormat format, IReadOnlyList<SourceFile> files, IReadOnlyList<SourceFile>? touched = null)
{
    public FileFormat Format { get; } = format;

    public IReadOnlyList<SourceFile> Files { get; } = files;

    /// <summary>Files read before whose time differs and whose content does not: no rows, but their new times are remembered so that they are not hashed again.</summary>
    public IReadOnlyList<SourceFile> Touched { get; } = touched ?? [];

    public long Bytes => Files.Sum(f => f.Size);

    /// <summary>A digest of names, sizes and contents, for snapshots: equal digests mean equal input.</summary>
    public string Fingerprint => ContentHash.OfText(Files.OrderBy(f => f.Path, StringComparer.Ordinal).SelectMany(f => new[] { f.Path, f.Size.ToString(), f.Hash }));

    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("format", Format.ToString());
            SourceFileJson.Write(json, "files", Files);
            if (Touched.Count > 0) SourceFileJson.Write(json, "touched", Touched);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static FileBatch FromJson(string json)
    {
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(json));
        var format = FileFormat.Csv;
        IReadOnlyList<SourceFile> files = [], touched = [];
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (name == "format") format = Enum.Parse<FileFormat>(reader.GetString()!);
            else if (name == "files") files = SourceFileJson.Read(ref reader);
            else if (name == "touched") touched = SourceFileJson.Read(ref reader);
            else reader.Skip();
        }
        return new(format, files, touched);
    }
}

/// <summary>The compact form of files in JSON: <c>[path, size, ticks, hash]</c>, with a fifth element 1 where the file replaces its earlier content.</summary>
static class SourceFileJson
{
    public static void Write(Utf8JsonWriter json, string property, IEnumerable<SourceFile> files)
    {
        json.WriteStartArray(property);
        foreach (var file in files)
        {
            json.WriteStartArray();
            json.WriteStringValue(file.Path);
            json.WriteNumberValue(file.Size);
            json.WriteNumberValue(file.ModifiedTicks);
            json.WriteStringValue(file.Hash);
            if (file.Replaces) json.WriteNumberValue(1);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    public static List<SourceFile> Read(ref Utf8JsonReader reader)
    {
        var files = new List<SourceFile>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            var path = reader.GetString()!;
            reader.Read();
            var size = reader.GetInt64();
            reader.Read();
            var ticks = reader.GetInt64();
            reader.Read();
            var hash = reader.GetString()!;
            reader.Read();
            var replaces = reader.TokenType == JsonTokenType.Number;
            if (replaces) reader.Read();
            files.Add(new(path, size, ticks, hash, replaces));
        }
        return files;
    }
}
