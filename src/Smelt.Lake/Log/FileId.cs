using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Smelt.Lake;

/// <summary>
/// What identifies a file within a table, path and deletion vector (PROTOCOL.md, "Action Reconciliation"), in 16 bytes whatever their length: a hash under keys that are
/// drawn anew in each process, so that no two files share one by chance, and none can be made to. (SHA-256 took a third of the time of opening a large table.)
/// </summary>
/// <remarks>Two numbers and no <see cref="UInt128"/>: code that holds one is not compiled ahead of time, and this is in every snapshot.</remarks>
internal readonly record struct FileId(ulong Left, ulong Right)
{
    private static readonly ulong[] Keys = DrawKeys();

    /// <param name="path">As the log has it, percent-encoded, in UTF-8.</param>
    /// <param name="vector">The deletion vector's unique id; empty where there is none.</param>
    internal static FileId Of(ReadOnlySpan<byte> path, ReadOnlySpan<byte> vector)
    {
        if (path.Contains((byte)'%') || path.StartsWith("file:"u8))
            path = Encoding.UTF8.GetBytes(FilePath.Decode(Encoding.UTF8.GetString(path)));
        var (left, right) = ((ulong)path.Length ^ Keys[4], (ulong)vector.Length ^ Keys[5]);
        Mix(path, ref left, ref right);
        Mix(vector, ref left, ref right);
        return new FileId(left, right);
    }

    private static void Mix(ReadOnlySpan<byte> bytes, ref ulong left, ref ulong right)
    {
        Span<byte> tail = stackalloc byte[16];
        for (; bytes.Length >= 16; bytes = bytes[16..])
            MixBlock(bytes, ref left, ref right);
        if (bytes.Length == 0)
            return;
        bytes.CopyTo(tail);
        MixBlock(tail, ref left, ref right);
    }

    private static void MixBlock(ReadOnlySpan<byte> block, ref ulong left, ref ulong right)
    {
        var (a, b) = (BinaryPrimitives.ReadUInt64LittleEndian(block), BinaryPrimitives.ReadUInt64LittleEndian(block[8..]));
        left = Fold(a ^ Keys[0] ^ left, b ^ Keys[1]);
        right = Fold(a ^ Keys[2], b ^ Keys[3] ^ right);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private static ulong[] DrawKeys()
    {
        Span<byte> random = stackalloc byte[48];
        RandomNumberGenerator.Fill(random);
        var keys = new ulong[6];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = BinaryPrimitives.ReadUInt64LittleEndian(random[(8 * i)..]);
        return keys;
    }
}
