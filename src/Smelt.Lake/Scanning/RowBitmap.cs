using System.Buffers.Binary;
using System.Numerics;

namespace Smelt.Lake;

/// <summary>
/// A set of row numbers as Delta serializes it: 64-bit keys over 32-bit Roaring bitmaps (PROTOCOL.md, "Deletion Vector Format"; the 32-bit part is the Roaring
/// project's portable format).
/// </summary>
internal static class RowBitmap
{
    private const int PortableMagic = 1681511377, NativeMagic = 1681511376;
    private const int CookieWithRuns = 12347, CookiePlain = 12346, RunsWithoutOffsets = 4, ArrayLimit = 4096;

    /// <exception cref="FormatException">The bytes are no such set.</exception>
    internal static long[] Read(ReadOnlySpan<byte> bytes)
    {
        var rows = new List<long>();
        var at = new Cursor(bytes);
        var magic = at.Int32();
        // The older form's numbers are big-endian in the protocol's own example, and little-endian in some files.
        var isBig = magic == BinaryPrimitives.ReverseEndianness(NativeMagic);
        if (magic is not PortableMagic and not NativeMagic && !isBig)
            throw new FormatException($"its magic number {magic} is unknown");
        var count = magic == PortableMagic ? at.Int64() : at.Int32(isBig);
        if (count is < 0 or > int.MaxValue)
            throw new FormatException("its number of bitmaps is impossible");
        for (var i = 0L; i < count; i++)
        {
            // The older form has no keys: bitmap i holds the rows from i * 2^32 on, and its size stands before it.
            var key = magic == PortableMagic ? at.Int32() : (int)i;
            if (magic != PortableMagic)
                at.Int32();
            ReadBitmap(ref at, (long)key << 32, rows);
        }
        return [.. rows];
    }

    private static void ReadBitmap(ref Cursor at, long high, List<long> rows)
    {
        var cookie = at.Int32();
        var hasRuns = (cookie & 0xFFFF) == CookieWithRuns;
        if (!hasRuns && cookie != CookiePlain)
            throw new FormatException($"a bitmap's cookie {cookie} is unknown");
        var containers = hasRuns ? (cookie >>> 16) + 1 : at.Int32();
        if (containers is < 0 or > 65536)
            throw new FormatException("a bitmap's number of containers is impossible");
        var runFlags = hasRuns ? at.Take((containers + 7) / 8) : default;
        var heads = at.Take(containers * 4);
        if (!hasRuns || containers >= RunsWithoutOffsets)
            at.Take(containers * 4);
        for (var i = 0; i < containers; i++)
        {
            var start = high | (long)BinaryPrimitives.ReadUInt16LittleEndian(heads[(i * 4)..]) << 16;
            var cardinality = BinaryPrimitives.ReadUInt16LittleEndian(heads[(i * 4 + 2)..]) + 1;
            if (hasRuns && (runFlags[i / 8] >> (i % 8) & 1) != 0)
                ReadRuns(ref at, start, rows);
            else if (cardinality <= ArrayLimit)
                ReadArray(ref at, start, cardinality, rows);
            else
                ReadBits(ref at, start, rows);
        }
    }

    private static void ReadArray(ref Cursor at, long start, int count, List<long> rows)
    {
        var values = at.Take(count * 2);
        for (var i = 0; i < count; i++)
            rows.Add(start | BinaryPrimitives.ReadUInt16LittleEndian(values[(i * 2)..]));
    }

    private static void ReadBits(ref Cursor at, long start, List<long> rows)
    {
        var words = at.Take(8192);
        for (var word = 0; word < 1024; word++)
            for (var bits = BinaryPrimitives.ReadUInt64LittleEndian(words[(word * 8)..]); bits != 0; bits &= bits - 1)
                rows.Add(start + word * 64 + BitOperations.TrailingZeroCount(bits));
    }

    private static void ReadRuns(ref Cursor at, long start, List<long> rows)
    {
        var runs = at.UInt16();
        for (var i = 0; i < runs; i++)
        {
            var (first, length) = (at.UInt16(), at.UInt16());
            for (var value = (int)first; value <= first + length; value++)
                rows.Add(start + value);
        }
    }

    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        internal ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _rest.Length)
                throw new FormatException("it ends too early");
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }

        internal int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

        internal int Int32(bool isBig) => isBig ? BinaryPrimitives.ReverseEndianness(Int32()) : Int32();

        internal long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

        internal ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
    }
}
