namespace Smelt.Lake;

/// <summary>
/// A condition on a table's rows, as far as files can be chosen by it. Three-valued like SQL. Columns are logical names from the schema's root to a leaf, compared
/// without case; a column that the schema does not have makes its condition <see cref="Unknown"/>.
/// </summary>
public abstract record RowPredicate
{
    private RowPredicate()
    {
    }

    /// <summary>A column beside a constant, the column on the left.</summary>
    public sealed record Compare(IReadOnlyList<string> Column, Comparison Operator, PredicateValue Value) : RowPredicate;

    /// <summary>A column among constants; NULL among them makes what is not found NULL, as in SQL.</summary>
    public sealed record In(IReadOnlyList<string> Column, IReadOnlyList<PredicateValue> Values) : RowPredicate;

    /// <summary>A column IS NULL.</summary>
    public sealed record IsNull(IReadOnlyList<string> Column) : RowPredicate;

    /// <summary>NOT.</summary>
    public sealed record Not(RowPredicate Operand) : RowPredicate;

    /// <summary>All of them; of none, TRUE.</summary>
    public sealed record And(IReadOnlyList<RowPredicate> Operands) : RowPredicate;

    /// <summary>One of them; of none, FALSE.</summary>
    public sealed record Or(IReadOnlyList<RowPredicate> Operands) : RowPredicate;

    /// <summary>A condition that files cannot be chosen by: it may be TRUE, FALSE or NULL of any row.</summary>
    public sealed record Anything : RowPredicate;

    /// <summary>The one <see cref="Anything"/>.</summary>
    public static RowPredicate Unknown { get; } = new Anything();

    /// <summary>A top-level column beside a constant.</summary>
    public static RowPredicate Of(string column, Comparison comparison, PredicateValue value) => new Compare([column], comparison, value);

    /// <summary>Both bounds inclusive, as SQL's BETWEEN.</summary>
    public static RowPredicate Between(string column, PredicateValue low, PredicateValue high) =>
        new And([Of(column, Comparison.GreaterOrEqual, low), Of(column, Comparison.LessOrEqual, high)]);
}

/// <summary>SQL's comparisons.</summary>
public enum Comparison
{
    /// <summary>=</summary>
    Equal,

    /// <summary>&lt;&gt;</summary>
    NotEqual,

    /// <summary>&lt;</summary>
    Less,

    /// <summary>&lt;=</summary>
    LessOrEqual,

    /// <summary>&gt;</summary>
    Greater,

    /// <summary>&gt;=</summary>
    GreaterOrEqual,
}

/// <summary>A constant of a <see cref="RowPredicate"/>. One whose kind does not go with its column's type makes the condition unknown.</summary>
public abstract record PredicateValue
{
    private PredicateValue()
    {
    }

    /// <summary>NULL.</summary>
    public sealed record Null : PredicateValue;

    /// <summary>TRUE or FALSE.</summary>
    public sealed record Flag(bool Value) : PredicateValue;

    /// <summary>An exact number: <paramref name="Unscaled"/> over ten to the power of <paramref name="Scale"/>.</summary>
    public sealed record Number(Int128 Unscaled, int Scale = 0) : PredicateValue;

    /// <summary>A DOUBLE.</summary>
    public sealed record Real(double Value) : PredicateValue;

    /// <summary>A text; beside a number, date or timestamp column it stands for that type's value.</summary>
    public sealed record Text(string Value) : PredicateValue;

    /// <summary>Days since 1970-01-01.</summary>
    public sealed record Day(int Days) : PredicateValue;

    /// <summary>Microseconds since 1970: an instant in UTC, or a clock's time beside timestamp_ntz.</summary>
    public sealed record Instant(long Micros) : PredicateValue;
}
