using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Smelt.Pipelines;

/// <summary>Collects what a definition is made of and hashes it.</summary>
internal sealed class DefinitionHash
{
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    public DefinitionHash Add(string? text)
    {
        _buffer.Write(text is null ? "\u0001"u8 : Encoding.UTF8.GetBytes(text));
        _buffer.Write("\0"u8);
        return this;
    }

    /// <summary>A syntax tree without its positions.</summary>
    public DefinitionHash Add(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Undefined) return Add((string?)null);
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(node), new JsonReaderOptions { MaxDepth = 2000 });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("query_location"u8))
            {
                reader.Skip();
                continue;
            }
            _buffer.Write([(byte)reader.TokenType]);
            _buffer.Write(reader.ValueSpan);
            _buffer.Write("\0"u8);
        }
        return this;
    }

    public override string ToString() => Convert.ToHexStringLower(SHA256.HashData(_buffer.WrittenSpan).AsSpan(0, 16));
}
