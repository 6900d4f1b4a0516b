using System.Text.Encodings.Web;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>How this implementation writes JSON: compact, and with letters of all scripts as themselves.</summary>
internal static class LogJson
{
    internal static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    internal static readonly JsonWriterOptions Writer = new() { Encoder = Encoder, SkipValidation = false };
}
