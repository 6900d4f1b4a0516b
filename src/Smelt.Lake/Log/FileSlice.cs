using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
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

/// <summary>
/// What identifies a file within a table, path and deletion vector (PROTOCOL.md, "Action Reconciliation"), in 16 bytes whatever their length: the beginning of a SHA-256,
/// which no two files share by chance or by design.
/// </summary>
internal readonly record struct FileId(UInt128 Digest)
{
    private const int OnStack = 512;

    /// <param name="path">As the log has it, percent-encoded, in UTF-8.</param>
    /// <param name="vector">The deletion vector's unique id; empty where there is none.</param>
    internal static FileId Of(ReadOnlySpan<byte> path, ReadOnlySpan<byte> vector)
    {
        if (path.Contains((byte)'%') || path.StartsWith("file:"u8))
            path = Encoding.UTF8.GetBytes(FilePath.Decode(Encoding.UTF8.GetString(path)));
        var length = path.Length + 1 + vector.Length;
        var text = length <= OnStack ? stackalloc byte[length] : new byte[length];
        path.CopyTo(text);
        text[path.Length] = 0;
        vector.CopyTo(text[(path.Length + 1)..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text, hash);
        return new FileId(BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }
}
