using Smelt.DuckDb;

namespace Smelt.Runs;

/// <summary>The mean of a column of numbers, as SQL of a DOUBLE.</summary>
internal static class MeanFigure
{
    // Sums of wider ones may pass 128 bits.
    private const int MostExactDigits = 28;

    public static string Sql(string column, DuckDbType type) =>
        type.Id == DuckDbTypeId.HugeInt || (type.Id == DuckDbTypeId.Decimal && type.Width > MostExactDigits) ? $"avg({column}::DOUBLE)" : $"avg({column})::DOUBLE";
}
