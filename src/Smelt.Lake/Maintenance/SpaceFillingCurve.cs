using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// A line through a space of ranks on which near points lie near in each dimension: rows in its order have narrow ranges of every column in each file.
/// </summary>
internal sealed class SpaceFillingCurve
{
    /// <summary>Bits of a dimension's rank where the index has room for them.</summary>
    private const int MostBits = 16, IndexBits = 126;

    private readonly int _dimensions;
    private readonly bool _hilbert;

    /// <param name="dimensions">How many columns.</param>
    /// <param name="hilbert">Hilbert's curve, whose steps never jump; else Morton's Z-order.</param>
    internal SpaceFillingCurve(int dimensions, bool hilbert)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, IndexBits);
        (_dimensions, _hilbert, Bits) = (dimensions, hilbert, Math.Min(MostBits, IndexBits / dimensions));
    }

    /// <summary>Bits of each rank.</summary>
    internal int Bits { get; }

    /// <summary>The number of ranks that a dimension can have.</summary>
    internal int Ranks => 1 << Bits;

    /// <summary>Makes the curve a function of SQL: a rank (INTEGER, NULL is 0) a dimension to the index (HUGEINT).</summary>
    internal void Register(DuckDbConnection connection, string name) =>
        connection.Register(new ScalarFunction(name, [.. Enumerable.Repeat(DuckDbType.Integer, _dimensions)], DuckDbType.HugeInt, Invoke));

    /// <summary>The index of a point; its ranks are used up.</summary>
    internal Int128 Index(Span<int> ranks)
    {
        if (_hilbert)
            Transpose(ranks);
        var index = Int128.Zero;
        for (var bit = Bits - 1; bit >= 0; bit--)
            foreach (var rank in ranks)
                index = (index << 1) | (Int128)((rank >> bit) & 1);
        return index;
    }

    private void Invoke(DataChunk arguments, Vector result)
    {
        Span<int> ranks = stackalloc int[_dimensions];
        var values = result.Values<Int128>();
        for (var row = 0; row < arguments.RowCount; row++)
        {
            for (var d = 0; d < _dimensions; d++)
                ranks[d] = arguments[d].IsNull(row) ? 0 : arguments[d].Values<int>()[row];
            values[row] = Index(ranks);
        }
    }

    /// <summary>John Skilling's method (Programming the Hilbert curve, 2004): coordinates become the index's bits, dimension by dimension.</summary>
    private void Transpose(Span<int> x)
    {
        for (var q = 1 << (Bits - 1); q > 1; q >>= 1)
        {
            var p = q - 1;
            for (var i = 0; i < x.Length; i++)
            {
                if ((x[i] & q) != 0)
                {
                    x[0] ^= p;
                    continue;
                }
                var t = (x[0] ^ x[i]) & p;
                x[0] ^= t;
                x[i] ^= t;
            }
        }
        for (var i = 1; i < x.Length; i++)
            x[i] ^= x[i - 1];
        var carry = 0;
        for (var q = 1 << (Bits - 1); q > 1; q >>= 1)
            if ((x[^1] & q) != 0)
                carry ^= q - 1;
        for (var i = 0; i < x.Length; i++)
            x[i] ^= carry;
    }
}
