using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>An expression over a table's columns, proven to be one that DuckDB evaluates as Spark does.</summary>
internal static class DutyExpression
{
    /// <summary>DuckDB's SQL over the columns' logical names.</summary>
    /// <exception cref="ExpressionException">It cannot be evaluated here; the message says why.</exception>
    internal static string Translate(DuckDbConnection connection, string table, StructType schema, string expression)
    {
        var parsed = SparkExpression.Parse(expression);
        var row = $"(SELECT {string.Join(", ", schema.Fields.Select(f => $"CAST(NULL AS {ParquetSql.TypeOf(table, f.Type)}) AS {SqlText.Identifier(f.Name)}"))})";
        foreach (var (inner, type) in parsed.Casts)
            if (TypeOf(connection, inner, row) is var from && !IsSame(from, type, inner))
                throw new ExpressionException($"a cast of {from} to {type} may give another value than in Spark");
        TypeOf(connection, parsed.Sql, row);
        return parsed.Sql;
    }

    private static string TypeOf(DuckDbConnection connection, string sql, string row)
    {
        try
        {
            using var result = connection.Query($"SELECT {sql} FROM {row} LIMIT 0");
            return result.Columns[0].Type.ToString();
        }
        catch (DuckDbException e)
        {
            throw new ExpressionException(e.Message.Split('\n')[0]);
        }
    }

    private static bool IsSame(string from, string to, string inner) => from == to || Kind(to) switch
    {
        "text" => Kind(from) is "whole" or "date" or "decimal" || from == "BOOLEAN",
        "date" => Kind(from) is "time" || inner.StartsWith('\''),
        "time" => Kind(from) is "date" or "time" || inner.StartsWith('\''),
        "whole" or "decimal" => Kind(from) is "whole" || Kind(from) is "decimal" && Kind(to) is "decimal",
        "float" => Kind(from) is "whole" or "float",
        _ => false,
    };

    private static string Kind(string type) => type switch
    {
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" => "whole",
        "FLOAT" or "DOUBLE" => "float",
        "DATE" => "date",
        "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE" => "time",
        "VARCHAR" => "text",
        _ => type.StartsWith("DECIMAL", StringComparison.Ordinal) ? "decimal" : type,
    };
}
