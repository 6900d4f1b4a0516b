using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Which of DuckDB's errors are mistakes in the user's SQL or rows.</summary>
internal static class QueryFault
{
    internal static DmlRefusal? RefusalOf(DuckDbException error) => error.Kind switch
    {
        DuckDbErrorKind.Parser or DuckDbErrorKind.Syntax or DuckDbErrorKind.Binder or DuckDbErrorKind.Catalog or DuckDbErrorKind.Expression
            or DuckDbErrorKind.ParameterNotResolved or DuckDbErrorKind.InvalidType or DuckDbErrorKind.NotImplemented => DmlRefusal.Sql,
        DuckDbErrorKind.Conversion or DuckDbErrorKind.OutOfRange or DuckDbErrorKind.InvalidInput or DuckDbErrorKind.DivideByZero or DuckDbErrorKind.MismatchType
            or DuckDbErrorKind.Decimal or DuckDbErrorKind.Constraint when !IsOfFile(error) => DmlRefusal.Value,
        _ => null,
    };

    /// <summary>A data file that is broken gives errors of the same kind, and names the file.</summary>
    private static bool IsOfFile(DuckDbException error) => error.Message.Contains(".parquet", StringComparison.OrdinalIgnoreCase);
}
