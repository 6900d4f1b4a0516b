using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Smelt.Lake;

/// <summary>How this implementation writes JSON: compact, and with letters of all scripts as themselves.</summary>
internal static class LogJson
{
    internal static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    internal static readonly JsonWriterOptions Writer = new() { Encoder = Encoder, SkipValidation = false };

    /// <summary>A node's text; numbers stay as they were written.</summary>
    internal static string Text(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Writer))
            node.WriteTo(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
