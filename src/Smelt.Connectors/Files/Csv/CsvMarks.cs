using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Smelt.Connectors;

/// <summary>The places in a window of text where something may happen: delimiter, quote, escape, line feed, carriage return. Found 32 bytes at a time.</summary>
sealed class CsvMarks(CsvDialect dialect)
{
    readonly Vector256<byte> delimiter = Vector256.Create(dialect.Delimiter);
    readonly Vector256<byte> quote = Vector256.Create(dialect.Quote ?? (byte)'\n');
    readonly Vector256<byte> escape = Vector256.Create(dialect.Escape ?? (byte)'\n');
    int[] places = new int[1 << 10];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Places => places.AsSpan(0, Count);

    public void Find(byte[] buffer, int start, int end)
    {
        var count = 0;
        var at = start;
        for (; at + 32 <= end; at += 32)
        {
            if (places.Length - count < 64) Array.Resize(ref places, places.Length * 2);
            var block = Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(buffer), (nuint)at);
            var hits = (Vector256.Equals(block, delimiter) | Vector256.Equals(block, quote) | Vector256.Equals(block, escape)
                | Vector256.Equals(block, Vector256.Create((byte)'\n')) | Vector256.Equals(block, Vector256.Create((byte)'\r'))).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1) places[count++] = at + BitOperations.TrailingZeroCount(hits);
        }
        if (places.Length - count < 64) Array.Resize(ref places, places.Length * 2);
        for (; at < end; at++)
            if (IsMark(buffer[at])) places[count++] = at;
        Count = count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool IsMark(byte c) => c == dialect.Delimiter || c is (byte)'\n' or (byte)'\r' || c == dialect.Quote || c == dialect.Escape;
}
