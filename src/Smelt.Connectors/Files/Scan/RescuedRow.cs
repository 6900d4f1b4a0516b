using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Smelt.Connectors;

/// <summary>
/// What of one row did not fit, as a JSON object of texts: <c>{"zip":"04726","_file_path":"landing/a.csv"}</c>; for a broken line
/// <c>{"_line":"…","_error":"why","_file_path":"…"}</c>, or <c>_line_base64</c> where its bytes are no text. docs/sources/files.md is the definition.
/// </summary>
sealed class RescuedRow : IDisposable
{
    readonly ArrayBufferWriter<byte> buffer = new(256);
    readonly Utf8JsonWriter json;
    readonly HashSet<string> used = new(StringComparer.Ordinal);

    public RescuedRow() => json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    public bool IsEmpty { get; private set; } = true;

    /// <summary>A value under the path of its column. A path that came before in the row gets #2, #3 ….</summary>
    public void Add(ReadOnlySpan<byte> path, ReadOnlySpan<byte> text)
    {
        Begin();
        var name = Encoding.UTF8.GetString(path);
        var unique = name;
        for (var n = 2; !used.Add(unique); n++) unique = $"{name}#{n}";
        json.WriteString(unique, text);
    }

    public void AddLine(ReadOnlySpan<byte> line, string reason, TextEncoding encoding)
    {
        Reset();
        Begin();
        if (Utf8.IsValid(line)) json.WriteString("_line"u8, line);
        else json.WriteBase64String("_line_base64"u8, Transcoding.Original(line, encoding));
        json.WriteString("_error"u8, reason);
    }

    void Begin()
    {
        if (IsEmpty) json.WriteStartObject();
        IsEmpty = false;
    }

    /// <summary>The finished object; valid until the next row.</summary>
    public ReadOnlySpan<byte> Finish(ReadOnlySpan<byte> file)
    {
        var name = "_file_path";
        for (var n = 2; !used.Add(name); n++) name = $"_file_path#{n}";
        json.WriteString(name, file);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    public void Reset()
    {
        if (IsEmpty) return;
        json.Reset();
        buffer.ResetWrittenCount();
        used.Clear();
        IsEmpty = true;
    }

    public void Dispose() => json.Dispose();
}
