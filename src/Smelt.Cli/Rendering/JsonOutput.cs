using System.Text.Encodings.Web;
using System.Text.Json;

namespace Smelt.Cli;

/// <summary>The one JSON document that a verb prints on stdout.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the document was begun: a fault that comes after must not print another.</summary>
    public static bool IsBegun { get; private set; }

    public static Stream Open()
    {
        IsBegun = true;
        return Console.OpenStandardOutput();
    }

    /// <summary>What a verb that could not do its work prints.</summary>
    public static void WriteFault(string code, string message) => Write(json =>
    {
        json.WriteStartObject("error");
        json.WriteString("code", code);
        json.WriteString("message", message);
        json.WriteEndObject();
    });

    public static void Write(Action<Utf8JsonWriter> fill)
    {
        using var output = Open();
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    /// <summary>An array with an object for each item.</summary>
    public static void Objects<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> members)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            members(item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void Texts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
