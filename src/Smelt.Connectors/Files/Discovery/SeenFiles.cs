using System.Buffers;
using System.Text.Json;

namespace Smelt.Connectors;

/// <summary>The files that a flow has read, by path. Grown with <see cref="Add"/> from committed batches; kept by the Engine as JSON or rebuilt from its records.</summary>
public sealed class SeenFiles
{
    readonly Dictionary<string, SourceFile> files = new(StringComparer.Ordinal);

    public int Count => files.Count;

    public IEnumerable<SourceFile> Files => files.Values;

    public SourceFile? Find(string path) => files.GetValueOrDefault(path);

    public void Add(FileBatch batch)
    {
        foreach (var file in batch.Files) files[file.Path] = file with { Replaces = false };
        foreach (var file in batch.Touched) files[file.Path] = file with { Replaces = false };
    }

    /// <summary>An array of <c>[path, size, ticks, hash]</c>, by path.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            SourceFileJson.Write(json, "files", files.Values.OrderBy(f => f.Path, StringComparer.Ordinal));
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static SeenFiles FromJson(string json)
    {
        var seen = new SeenFiles();
        seen.Add(new FileBatch(FileFormat.Csv, FileBatch.FromJson(json).Files));
        return seen;
    }
}
