using System.Globalization;
using System.Text;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// A checksum at a state record's end, <c>,"sum":"0a1b2c3d"}</c>: CRC-32 of the bytes before it. A record that a disk or a person changed is told instead of believed: one wrong
/// digit of a file's path or of an offset would lose or double rows. Records of older versions have none and are taken as they are.
/// </summary>
internal static class RecordSeal
{
    private static readonly byte[] s_before = Encoding.UTF8.GetBytes(",\"sum\":\""), s_after = Encoding.UTF8.GetBytes("\"}");

    private static int Length => s_before.Length + 8 + s_after.Length;

    /// <param name="record">A JSON object with at least one property and nothing after its end.</param>
    public static byte[] Add(byte[] record)
    {
        var content = record.AsSpan(0, record.Length - 1);
        return [.. content, .. s_before, .. Encoding.UTF8.GetBytes(Crc32.Of(content).ToString("x8", CultureInfo.InvariantCulture)), .. s_after];
    }

    /// <exception cref="FormatException">The record is not as it was written.</exception>
    public static void Check(ReadOnlySpan<byte> record)
    {
        if (record.Length <= Length) return;
        var content = record[..^Length];
        var seal = record[^Length..];
        if (!seal.StartsWith(s_before) || !seal.EndsWith(s_after)) return;
        if (!uint.TryParse(seal.Slice(s_before.Length, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum) || sum != Crc32.Of(content))
            throw new FormatException("its content is not what was written, by its checksum.");
    }
}
