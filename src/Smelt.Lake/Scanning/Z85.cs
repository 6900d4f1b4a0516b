namespace Smelt.Lake;

/// <summary>ZeroMQ's base 85: five signs for four bytes, big-endian.</summary>
internal static class Z85
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

    /// <param name="bytes">A multiple of four.</param>
    internal static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length / 4 * 5];
        for (var group = 0; group < bytes.Length / 4; group++)
        {
            var value = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[(group * 4)..]);
            for (var sign = 4; sign >= 0; sign--, value /= 85)
                text[group * 5 + sign] = Alphabet[(int)(value % 85)];
        }
        return new string(text);
    }

    /// <param name="text">Signs, a multiple of five.</param>
    /// <param name="size">Bytes wanted; what is beyond is padding.</param>
    /// <exception cref="FormatException">It is not such a text.</exception>
    internal static byte[] Decode(string text, int size)
    {
        if (text.Length % 5 != 0 || size < 0 || size > text.Length / 5 * 4)
            throw new FormatException("its text has the wrong length");
        var bytes = new byte[text.Length / 5 * 4];
        for (var group = 0; group < text.Length / 5; group++)
            Group(text.AsSpan(group * 5, 5), bytes.AsSpan(group * 4, 4), isLast: group == text.Length / 5 - 1);
        return bytes[..size];
    }

    /// <summary>
    /// Four bytes of five signs. Some writers pad the last group in front with '#', which no whole group can begin with as it would be too large: then n signs stand
    /// for n - 1 bytes.
    /// </summary>
    private static void Group(ReadOnlySpan<char> signs, Span<byte> bytes, bool isLast)
    {
        var digits = isLast ? signs.TrimStart('#') : signs;
        ulong value = 0;
        foreach (var sign in digits)
        {
            var digit = Alphabet.IndexOf(sign, StringComparison.Ordinal);
            value = digit >= 0 ? value * 85 + (ulong)digit : throw new FormatException($"'{sign}' is no sign of Z85");
        }
        var count = Math.Max(0, digits.Length - 1);
        if (value >= 1UL << (8 * count))
            throw new FormatException("its text has a group that is too large");
        for (var i = count - 1; i >= 0; i--, value >>= 8)
            bytes[i] = (byte)value;
    }
}
