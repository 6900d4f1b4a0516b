using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>
/// Texts, laid out as <c>duckdb_string_t</c>: up to 12 bytes stand in the value itself; longer ones are kept in one block, which DuckDB copies in one call, and each value points into
/// that copy. (A call for each text costs more than reading it.)
/// </summary>
sealed class TextBuffer : ColumnBuffer
{
    const int InlineBytes = 12;

    UInt128[] strings = new UInt128[DataChunk.Capacity];
    (int Row, int Offset, int Length)[] longTexts = new (int, int, int)[64];
    byte[] block = new byte[4096];
    int longCount, blockUsed;

    public override bool TrySet(int row, ReadOnlySpan<byte> text)
    {
        if (row >= strings.Length) Array.Resize(ref strings, Math.Max(strings.Length * 2, row + 1));
        if (text.Length <= InlineBytes)
        {
            ref var place = ref strings[row];
            place = (UInt128)(uint)text.Length;
            text.CopyTo(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref place, 1))[4..]);
        }
        else AddLong(row, text);
        MarkSet(row);
        return true;
    }

    void AddLong(int row, ReadOnlySpan<byte> text)
    {
        if (block.Length - blockUsed < text.Length) Array.Resize(ref block, (int)Math.Min(Array.MaxLength, Math.Max(block.Length * 2L, checked(blockUsed + text.Length))));
        text.CopyTo(block.AsSpan(blockUsed));
        AddPlace(row, blockUsed, text.Length);
        blockUsed += text.Length;
    }

    void AddPlace(int row, int offset, int length)
    {
        if (longCount == longTexts.Length) Array.Resize(ref longTexts, longCount * 2);
        longTexts[longCount++] = (row, offset, length);
    }

    /// <summary>Gives a row the text of the row before, without another copy.</summary>
    public void Repeat(int row)
    {
        if (longCount > 0 && longTexts[longCount - 1].Row == row - 1) AddPlace(row, longTexts[longCount - 1].Offset, longTexts[longCount - 1].Length);
        else strings[row] = strings[row - 1];
        MarkSet(row);
    }

    public override void Clear()
    {
        base.Clear();
        (longCount, blockUsed) = (0, 0);
        // One huge value must not hold its memory for the rest of the file.
        if (block.Length > 16 << 20) block = new byte[4096];
    }

    public override void Flush(Vector vector, int count, ColumnBuffer? parent)
    {
        if (strings.Length < count) Array.Resize(ref strings, count);
        strings.AsSpan(0, count).CopyTo(vector.Values<UInt128>(count));
        if (longCount > 0) FlushLong(vector, count);
        FlushNulls(vector, count, parent);
        // NULLs are not read, but what an earlier chunk left there must not be taken for pointers.
        Array.Clear(strings, 0, count);
    }

    void FlushLong(Vector vector, int count)
    {
        var first = longTexts[0].Row;
        vector.SetUtf8(first, block.AsSpan(0, blockUsed));
        var values = vector.Values<UInt128>(count);
        var copy = (ulong)(values[first] >> 64);
        for (var i = 0; i < longCount; i++)
        {
            var (row, offset, length) = longTexts[i];
            var prefix = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(offset));
            values[row] = new UInt128(copy + (ulong)offset, ((ulong)prefix << 32) | (uint)length);
        }
    }
}
