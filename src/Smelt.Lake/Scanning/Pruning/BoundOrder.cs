namespace Smelt.Lake;

/// <summary>Compares a bound with a constant, leaning to the side that prunes less wherever DuckDB's own comparison rounds.</summary>
internal static class BoundOrder
{
    private const int Ulps = 4;

    /// <summary>Below 0 where the bound is below the value, and so on. A low bound is never taken for higher, a high bound never for lower than it may be.</summary>
    internal static int Compare(Bound bound, Bound value, bool isLow, bool isSingle)
    {
        if (bound is Bound.Text text)
            return Texts(text, (Bound.Text)value, isLow);
        if (bound is Bound.Exact a && value is Bound.Exact b && Exact(a, b) is { } order)
            return order;
        // One of them is real: DuckDB compares as FLOAT or DOUBLE, whose rounding keeps the order but for the last places.
        return Widened(ToDouble(bound), isLow, isSingle).CompareTo(ToDouble(value));
    }

    /// <summary>The bound moved outward by a few last places.</summary>
    private static double Widened(double bound, bool isLow, bool isSingle)
    {
        if (isSingle)
        {
            var single = (float)bound;
            for (var i = 0; i < Ulps; i++)
                single = isLow ? float.BitDecrement(single) : float.BitIncrement(single);
            return single;
        }
        for (var i = 0; i < Ulps; i++)
            bound = isLow ? double.BitDecrement(bound) : double.BitIncrement(bound);
        return bound;
    }

    private static double ToDouble(Bound bound) => bound switch
    {
        Bound.Real real => real.Value,
        Bound.Exact exact => (double)exact.Value / Math.Pow(10, exact.Scale),
        _ => throw new InvalidOperationException("a text is no number"),
    };

    private static int? Exact(Bound.Exact a, Bound.Exact b)
    {
        var (left, right) = (a.Value, b.Value);
        if (!Scale(ref left, b.Scale - a.Scale) || !Scale(ref right, a.Scale - b.Scale))
            return null;
        return left.CompareTo(right);
    }

    private static bool Scale(ref Int128 value, int places)
    {
        for (; places > 0; places--)
        {
            if (Int128.Abs(value) > Int128.MaxValue / 10)
                return false;
            value *= 10;
        }
        return true;
    }

    private static int Texts(Bound.Text bound, Bound.Text value, bool isLow) =>
        !isLow && bound.WithTails && value.Utf8.AsSpan().StartsWith(bound.Utf8) ? 1 : bound.Utf8.AsSpan().SequenceCompareTo(value.Utf8);
}
