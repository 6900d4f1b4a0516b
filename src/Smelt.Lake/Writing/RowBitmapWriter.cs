using System.Buffers;
using System.Buffers.Binary;

namespace Smelt.Lake;

/// <summary>
/// Serializes a set of row numbers as Delta has it (PROTOCOL.md, "Deletion Vector Format": 64-bit keys over 32-bit Roaring bitmaps in the Roaring project's portable
/// format). Rows come in ascending order and are packed 65,536 at a time, so that memory is that of the result.
/// </summary>
internal sealed class RowBitmapWriter
{
    private const int PortableMagic = 1681511377, CookieWithRuns = 12347, CookiePlain = 12346, RunsWithoutOffsets = 4;

    private readonly List<Bitmap> _bitmaps = [];
    private readonly ushort[] _low = new ushort[65536];
    private int _count;
    private long _high = -1;

    /// <summary>Rows added so far.</summary>
    internal long Cardinality { get; private set; }

    /// <param name="row">From 0, greater than the one before; the protocol's keys have 31 bits.</param>
    internal void Add(long row)
    {
        var high = row >> 16;
        if (high != _high)
        {
            if (high < _high || row < 0 || row >> 32 > int.MaxValue)
                throw new ArgumentOutOfRangeException(nameof(row), row, "rows are added in ascending order");
            Close();
            _high = high;
        }
        var low = (ushort)row;
        if (_count > 0 && low <= _low[_count - 1])
            throw new ArgumentOutOfRangeException(nameof(row), row, "rows are added in ascending order, each once");
        _low[_count++] = low;
        Cardinality++;
    }

    /// <summary>The serialized set; the writer is spent.</summary>
    internal byte[] ToBytes()
    {
        Close();
        var bytes = new ArrayBufferWriter<byte>();
        Int32(bytes, PortableMagic);
        Int64(bytes, _bitmaps.Count);
        foreach (var bitmap in _bitmaps)
        {
            Int32(bytes, bitmap.Key);
            Write(bytes, bitmap.Containers);
        }
        return bytes.WrittenSpan.ToArray();
    }

    private void Close()
    {
        if (_count == 0)
            return;
        var key = (int)(_high >> 16);
        if (_bitmaps.Count == 0 || _bitmaps[^1].Key != key)
            _bitmaps.Add(new Bitmap(key, []));
        _bitmaps[^1].Containers.Add(RowContainer.Of((ushort)_high, _low.AsSpan(0, _count)));
        _count = 0;
    }

    private static void Write(ArrayBufferWriter<byte> bytes, List<RowContainer> containers)
    {
        var hasRuns = containers.Exists(static c => c.IsRuns);
        if (hasRuns)
        {
            Int32(bytes, CookieWithRuns | (containers.Count - 1) << 16);
            var flags = new byte[(containers.Count + 7) / 8];
            for (var i = 0; i < containers.Count; i++)
                if (containers[i].IsRuns)
                    flags[i / 8] |= (byte)(1 << (i % 8));
            bytes.Write(flags);
        }
        else
        {
            Int32(bytes, CookiePlain);
            Int32(bytes, containers.Count);
        }
        foreach (var container in containers)
        {
            UInt16(bytes, container.Key);
            UInt16(bytes, (ushort)(container.Cardinality - 1));
        }
        if (!hasRuns || containers.Count >= RunsWithoutOffsets)
            WriteOffsets(bytes, containers, hasRuns);
        foreach (var container in containers)
            bytes.Write(container.Bytes);
    }

    /// <summary>Where each container starts, from the bitmap's cookie on.</summary>
    private static void WriteOffsets(ArrayBufferWriter<byte> bytes, List<RowContainer> containers, bool hasRuns)
    {
        var at = (hasRuns ? 4 + (containers.Count + 7) / 8 : 8) + containers.Count * 8;
        foreach (var container in containers)
        {
            Int32(bytes, at);
            at += container.Bytes.Length;
        }
    }

    private static void UInt16(ArrayBufferWriter<byte> bytes, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.GetSpan(2), value);
        bytes.Advance(2);
    }

    private static void Int32(ArrayBufferWriter<byte> bytes, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
    }

    private static void Int64(ArrayBufferWriter<byte> bytes, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes.GetSpan(8), value);
        bytes.Advance(8);
    }

    private sealed record Bitmap(int Key, List<RowContainer> Containers);
}

/// <summary>Up to 65,536 rows of one 16-bit prefix, in the smallest of Roaring's three forms.</summary>
/// <param name="Key">The prefix.</param>
/// <param name="Cardinality">Rows, at least 1.</param>
/// <param name="IsRuns">Whether the bytes are runs; else an array of up to 4,096 values, and beyond that a bitmap.</param>
/// <param name="Bytes">As they stand in the file.</param>
internal sealed record RowContainer(ushort Key, int Cardinality, bool IsRuns, byte[] Bytes)
{
    private const int ArrayLimit = 4096, BitmapBytes = 8192;

    internal static RowContainer Of(ushort key, ReadOnlySpan<ushort> rows)
    {
        var runs = 1;
        for (var i = 1; i < rows.Length; i++)
            if (rows[i] != rows[i - 1] + 1)
                runs++;
        var plain = rows.Length <= ArrayLimit ? rows.Length * 2 : BitmapBytes;
        if (2 + runs * 4 < plain)
            return new RowContainer(key, rows.Length, true, Runs(rows, runs));
        return new RowContainer(key, rows.Length, false, rows.Length <= ArrayLimit ? Array(rows) : Bits(rows));
    }

    private static byte[] Array(ReadOnlySpan<ushort> rows)
    {
        var bytes = new byte[rows.Length * 2];
        for (var i = 0; i < rows.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * 2), rows[i]);
        return bytes;
    }

    private static byte[] Bits(ReadOnlySpan<ushort> rows)
    {
        var bytes = new byte[BitmapBytes];
        foreach (var row in rows)
            bytes[row >> 3] |= (byte)(1 << (row & 7));
        return bytes;
    }

    /// <summary>The number of runs; then of each its first row and how many follow it.</summary>
    private static byte[] Runs(ReadOnlySpan<ushort> rows, int count)
    {
        var bytes = new byte[2 + count * 4];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)count);
        var at = 2;
        for (var i = 0; i < rows.Length;)
        {
            var first = i;
            while (i + 1 < rows.Length && rows[i + 1] == rows[i] + 1)
                i++;
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), rows[first]);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + 2), (ushort)(i - first));
            at += 4;
            i++;
        }
        return bytes;
    }
}
