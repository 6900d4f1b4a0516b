using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>How a column of a query becomes a column of a Delta table.</summary>
internal abstract record ColumnTyping
{
    private ColumnTyping()
    {
    }

    /// <summary>It has a Delta type.</summary>
    /// <param name="Type">The type.</param>
    /// <param name="Cast">The DuckDB type to cast to, or null where values are written as they are. A value that does not fit makes the cast, and so the query, fail.</param>
    internal sealed record Typed(DeltaType Type, string? Cast) : ColumnTyping;

    /// <summary>It has none.</summary>
    /// <param name="Problem">Why, naming the cast to write.</param>
    internal sealed record Refused(SchemaProblem Problem) : ColumnTyping;

    /// <summary>The typing of a query's column, by DESIGN.md's table.</summary>
    internal static ColumnTyping Of(string column, DuckDbType type) => throw new NotImplementedException();
}
