namespace Smelt.Lake;

/// <summary>
/// What a file says of a column's values: they lie between the bounds (none where one is null), and may or may not include NULL, values, NaN. It may promise less than
/// is so, never more.
/// </summary>
internal sealed record ColumnRange
{
    internal static ColumnRange Unknown { get; } = new();

    internal Bound? Low { get; init; }

    internal Bound? High { get; init; }

    /// <summary>Whether a row may hold NULL.</summary>
    internal bool MayBeNull { get; init; } = true;

    /// <summary>Whether a row may hold anything else.</summary>
    internal bool MayBeValue { get; init; } = true;

    /// <summary>Whether NaN, which is above all numbers, may lie outside the bounds.</summary>
    internal bool MayBeNaN { get; init; } = true;

    /// <summary>Whether the bounds of reals are those of 4-byte floats.</summary>
    internal bool IsSingle { get; init; }

    internal Outcomes Compare(Comparison comparison, Bound? value)
    {
        var outcomes = MayBeNull ? Outcomes.Null : Outcomes.None;
        if (!MayBeValue)
            return outcomes;
        if (value is null)
            return outcomes | Outcomes.True | Outcomes.False;
        var (less, equal, greater) = Sides(value);
        var isTrue = comparison switch
        {
            Comparison.Equal => equal,
            Comparison.NotEqual => less || greater,
            Comparison.Less => less,
            Comparison.LessOrEqual => less || equal,
            Comparison.Greater => greater,
            _ => greater || equal,
        };
        var isFalse = comparison switch
        {
            Comparison.Equal => less || greater,
            Comparison.NotEqual => equal,
            Comparison.Less => equal || greater,
            Comparison.LessOrEqual => greater,
            Comparison.Greater => less || equal,
            _ => less,
        };
        return outcomes | (isTrue ? Outcomes.True : 0) | (isFalse ? Outcomes.False : 0);
    }

    /// <summary>Whether a value of the column may be below, equal to, above a constant.</summary>
    private (bool Less, bool Equal, bool Greater) Sides(Bound value)
    {
        if (value is Bound.Real { Value: double.NaN })
            return (true, MayBeNaN || High is null, false);
        var low = Low is null ? -1 : BoundOrder.Compare(Low, value, isLow: true, IsSingle);
        var high = High is null ? 1 : BoundOrder.Compare(High, value, isLow: false, IsSingle);
        return (low < 0, low <= 0 && high >= 0, high > 0 || MayBeNaN);
    }
}
