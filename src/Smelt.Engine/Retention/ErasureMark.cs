using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>
/// What a table remembers of erasures longer than its log does: checkpoints keep idempotence marks (unless <c>delta.setTransactionRetentionDuration</c> drops them). One mark says when rows were erased
/// last, in microseconds since 1970 UTC and rising; the other holds the erasure before which the table was made anew: what was made anew follows from what was there.
/// </summary>
public static class ErasureMark
{
    // Not among the marks of flows, which begin with "smelt:" and tell whose a table is.
    private const string Erased = "smelt.erased", Anew = "smelt.anew";

    /// <summary>The mark that an erasure leaves.</summary>
    public static TransactionMark Next(Snapshot table, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new TransactionMark(Erased, Math.Max(now.ToUnixTimeMilliseconds() * 1000, Last(table) + 1), now.ToUnixTimeMilliseconds());
    }

    /// <summary>The marks of a commit that makes the table anew.</summary>
    /// <param name="before">As it was.</param>
    public static IReadOnlyList<TransactionMark> OfRenewal(Snapshot before) => HasErased(before) ? [new TransactionMark(Anew, Last(before))] : [];

    /// <summary>When rows were erased last; null where none were since the table was made.</summary>
    public static DateTimeOffset? Since(Snapshot table) => HasErased(table) ? At(table) : null;

    /// <summary>When rows were erased last; null where none were since an older version.</summary>
    public static DateTimeOffset? Since(Snapshot table, Snapshot then) => Last(table) > Last(then) ? At(table) : null;

    private static bool HasErased(Snapshot table) => Last(table) > Version(table, Anew);

    private static DateTimeOffset At(Snapshot table) => DateTimeOffset.FromUnixTimeMilliseconds(Last(table) / 1000);

    private static long Last(Snapshot table) => Version(table, Erased);

    private static long Version(Snapshot table, string mark) => table.Transactions.TryGetValue(mark, out var there) ? there.Version : 0;
}
