using static System.Numerics.BitOperations;
using System.Runtime.InteropServices;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>
/// The values of one column, or of one part of a nested one, while a chunk is filled: by row (by element below a list), in managed memory, so that a row can be taken back. A row that
/// nobody sets is NULL.
/// </summary>
abstract class ColumnBuffer
{
    ulong[] valid = new ulong[DataChunk.Capacity / 64];

    public bool IsSet(int row) => row >> 6 < valid.Length && (valid[row >> 6] >> (row & 63) & 1) != 0;

    public void Unset(int row)
    {
        if (row >> 6 < valid.Length) valid[row >> 6] &= ~(1UL << (row & 63));
    }

    protected void MarkSet(int row)
    {
        if (row >> 6 >= valid.Length) Array.Resize(ref valid, Math.Max(valid.Length * 2, (row >> 6) + 1));
        valid[row >> 6] |= 1UL << (row & 63);
    }

    /// <summary>Takes a scalar's text; false where the column's type does not hold it exactly, and then nothing is set.</summary>
    public abstract bool TrySet(int row, ReadOnlySpan<byte> text);

    public virtual void Clear() => Array.Clear(valid);

    /// <summary>Gives rows 0 to <paramref name="count"/> to DuckDB. A row that is NULL in <paramref name="parent"/> is NULL here too.</summary>
    public abstract void Flush(Vector vector, int count, ColumnBuffer? parent);

    protected void FlushNulls(Vector vector, int count, ColumnBuffer? parent)
    {
        for (var word = 0; word << 6 < count; word++)
        {
            var nulls = ~(Word(word) & (parent?.Word(word) ?? ulong.MaxValue));
            if (count - (word << 6) < 64) nulls &= (1UL << (count & 63)) - 1;
            for (; nulls != 0; nulls &= nulls - 1) vector.SetNull((word << 6) + TrailingZeroCount(nulls));
        }
    }

    ulong Word(int word) => word < valid.Length ? valid[word] : 0;

    /// <summary>Narrows what is set to what is set in the parent, before children ask.</summary>
    protected void Inherit(ColumnBuffer? parent)
    {
        if (parent is null) return;
        for (var word = 0; word < valid.Length; word++) valid[word] &= parent.Word(word);
    }
}

delegate bool TryRead<T>(ReadOnlySpan<byte> text, out T value);

/// <summary>Values of a fixed size.</summary>
sealed class FixedBuffer<T>(TryRead<T> read) : ColumnBuffer
    where T : unmanaged
{
    T[] values = new T[DataChunk.Capacity];

    public override bool TrySet(int row, ReadOnlySpan<byte> text)
    {
        if (!read(text, out var value)) return false;
        Set(row, value);
        return true;
    }

    public void Set(int row, T value)
    {
        if (row >= values.Length) Array.Resize(ref values, Math.Max(values.Length * 2, row + 1));
        values[row] = value;
        MarkSet(row);
    }

    public override void Flush(Vector vector, int count, ColumnBuffer? parent)
    {
        if (values.Length < count) Array.Resize(ref values, count);
        values.AsSpan(0, count).CopyTo(vector.Values<T>(count));
        FlushNulls(vector, count, parent);
    }
}
