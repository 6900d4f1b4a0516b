using System.Text.Json;

namespace Smelt.Lake;

/// <summary>An add or remove action as the log has it: the JSON object in UTF-8, a piece of a page that many share. Decoded when it is looked at.</summary>
internal readonly record struct FileSlice(byte[] Page, int Offset, int Length)
{
    internal ReadOnlySpan<byte> Json => Page.AsSpan(Offset, Length);

    /// <exception cref="DeltaLogException">A field of the action is of the wrong kind.</exception>
    internal AddFile Add(string table) => Decode(table, static (ref Utf8JsonReader reader) => ActionReader.ReadAdd(ref reader));

    /// <exception cref="DeltaLogException">A field of the action is of the wrong kind.</exception>
    internal RemoveFile Remove(string table) => Decode(table, static (ref Utf8JsonReader reader) => ActionReader.ReadRemove(ref reader));

    private delegate T Reading<T>(ref Utf8JsonReader reader);

    private T Decode<T>(string table, Reading<T> read)
    {
        try
        {
            var reader = new Utf8JsonReader(Json);
            reader.Read();
            return read(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table, $"an action on a file cannot be read: {e.Message}", inner: e);
        }
    }
}
