using System.Text;
using System.Text.Json;

namespace Smelt.Lake;

/// <content>Values: each reads the token after a property's name.</content>
internal static partial class ActionReader
{
    /// <summary>Steps to the next property's name; false at the object's end.</summary>
    internal static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    internal static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name);

    internal static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    internal static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Null => null,
            _ => throw Unexpected(ref reader, "a text"),
        };
    }

    internal static long? Long(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value))
            return value;
        throw Unexpected(ref reader, "a whole number");
    }

    internal static bool? Flag(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.Null => null,
            _ => throw Unexpected(ref reader, "true or false"),
        };
    }

    internal static List<string>? Texts(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Unexpected(ref reader, "a list");
        var texts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            texts.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Unexpected(ref reader, "a text"));
        return texts;
    }

    /// <summary>A map of texts that may be null, also in the form of a list of key and value that some checkpoints have.</summary>
    internal static Dictionary<string, string?>? ValueMap(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        var map = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                ReadEntry(ref reader, map);
            return map;
        }
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Unexpected(ref reader, "an object");
        while (Next(ref reader))
            map[reader.GetString()!] = Loose(ref reader);
        return map;
    }

    internal static Dictionary<string, string>? TextMap(ref Utf8JsonReader reader) =>
        ValueMap(ref reader)?.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!, StringComparer.Ordinal);

    /// <summary>A text, or the JSON text of whatever else is there.</summary>
    internal static string? Loose(ref Utf8JsonReader reader)
    {
        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                return reader.GetString();
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                using (var document = JsonDocument.ParseValue(ref reader))
                    return document.RootElement.GetRawText();
            default:
                return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    // commitInfo is free form: what does not fit is passed over.
    private static long? LooseLong(ref Utf8JsonReader reader) => long.TryParse(Loose(ref reader), out var value) ? value : null;

    private static bool? LooseFlag(ref Utf8JsonReader reader) => bool.TryParse(Loose(ref reader), out var value) ? value : null;

    private static Dictionary<string, string>? LooseMap(ref Utf8JsonReader reader)
    {
        var ahead = reader;
        ahead.Read();
        if (ahead.TokenType == JsonTokenType.StartObject)
            return TextMap(ref reader);
        SkipValue(ref reader);
        return null;
    }

    private static void ReadEntry(ref Utf8JsonReader reader, Dictionary<string, string?> map)
    {
        string? key = null, value = null;
        while (Next(ref reader))
        {
            if (Is(ref reader, "key"u8)) key = Text(ref reader);
            else if (Is(ref reader, "value"u8)) value = Text(ref reader);
            else SkipValue(ref reader);
        }
        map[key ?? throw Missing(ref reader, "a map's key")] = value;
    }

    internal static JsonException Missing(ref Utf8JsonReader reader, string what) => At(ref reader, $"{what} is missing");

    internal static JsonException Unexpected(ref Utf8JsonReader reader, string wanted) => At(ref reader, $"{wanted} was expected, not {reader.TokenType}");

    // The reader does not tell its line; the offset is turned into one where the bytes are at hand.
    private static JsonException At(ref Utf8JsonReader reader, string message) => new(message, path: null, lineNumber: null, bytePositionInLine: reader.TokenStartIndex);
}
