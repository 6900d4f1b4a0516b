namespace Smelt.Lake;

/// <summary>ZeroMQ's base 85: five signs for four bytes, big-endian.</summary>
internal static class Z85
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    /// <param name="text">Signs, a multiple of five.</param>
    /// <param name="size">Bytes wanted; what is beyond is padding.</param>
    /// <exception cref="FormatException">It is not such a text.</exception>
    internal static byte[] Decode(string text, int size)
    {
        if (text.Length % 5 != 0 || size < 0 || size > text.Length / 5 * 4)
            throw new FormatException("its text has the wrong length");
        var bytes = new byte[text.Length / 5 * 4];
        for (var group = 0; group < text.Length / 5; group++)
        {
            ulong value = 0;
            for (var i = 0; i < 5; i++)
            {
                var digit = Alphabet.IndexOf(text[group * 5 + i], StringComparison.Ordinal);
                if (digit < 0)
                    throw new FormatException($"'{text[group * 5 + i]}' is no sign of Z85");
                value = value * 85 + (ulong)digit;
            }
            // Delta's own writers let the padding's group overflow; what is read of it is checked by size and cardinality.
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(group * 4), (uint)value);
        }
        return bytes[..size];
    }
}
