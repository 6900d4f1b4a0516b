using System.Text;
using System.Text.Json;

namespace Smelt.DuckDb;

/// <summary>DuckDB's error types (<c>duckdb_error_type</c>).</summary>
public enum DuckDbErrorKind
{
    Invalid = 0, OutOfRange = 1, Conversion = 2, UnknownType = 3, Decimal = 4, MismatchType = 5, DivideByZero = 6, ObjectSize = 7,
    InvalidType = 8, Serialization = 9, Transaction = 10, NotImplemented = 11, Expression = 12, Catalog = 13, Parser = 14, Planner = 15,
    Scheduler = 16, Executor = 17, Constraint = 18, Index = 19, Stat = 20, Connection = 21, Syntax = 22, Settings = 23, Binder = 24,
    Network = 25, Optimizer = 26, NullPointer = 27, Io = 28, Interrupt = 29, Fatal = 30, Internal = 31, InvalidInput = 32,
    OutOfMemory = 33, Permission = 34, ParameterNotResolved = 35, ParameterNotAllowed = 36, Dependency = 37, Http = 38,
    MissingExtension = 39, Autoload = 40, Sequence = 41, InvalidConfiguration = 42,
}

/// <summary>What DuckDB refused or could not do: its message, its kind and, where it knows it, the byte position in the statement.</summary>
public sealed class DuckDbException : Exception
{
    public DuckDbException(string message, DuckDbErrorKind kind, int? position = null, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Position = position;
    }

    public DuckDbErrorKind Kind { get; }

    /// <summary>Offset in UTF-8 bytes into the statement, null where DuckDB names none.</summary>
    public int? Position { get; }

    /// <summary>True where the same statement may succeed later: memory or disk that others hold now.</summary>
    public bool IsTransient => Kind is DuckDbErrorKind.OutOfMemory;

    /// <summary>Reads what sessions with <c>errors_as_json</c> answer: exception_type, exception_message, position.</summary>
    internal static DuckDbException From(string text, DuckDbErrorKind kind)
    {
        // Errors of preparing come with their kind before the JSON: «Parser Error: {…}».
        var start = text.IndexOf("{\"exception_type\"", StringComparison.Ordinal);
        if (start < 0) return new DuckDbException(text, kind);
        text = text[start..];
        string? message = null;
        int? position = null;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                var name = reader.GetString();
                reader.Read();
                if (name == "exception_message") message = reader.GetString();
                else if (name == "exception_type" && Enum.TryParse<DuckDbErrorKind>(reader.GetString()!.Replace(" ", "", StringComparison.Ordinal), true, out var named)) kind = named;
                else if (name == "position" && int.TryParse(reader.GetString(), out var at)) position = at;
            }
        }
        catch (JsonException)
        {
            return new DuckDbException(text, kind);
        }
        return new DuckDbException(message ?? text, kind, position);
    }
}
