using System.Text.Json.Nodes;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>A user's SQL expression as DuckDB's parser sees it: what it names, and its parts as SQL again.</summary>
internal sealed class SqlExpression
{
    private const string Head = "SELECT ";

    private readonly DuckDbConnection _connection;
    private readonly JsonNode _statement, _node;

    private SqlExpression(DuckDbConnection connection, JsonNode statement, JsonNode node)
    {
        (_connection, _statement, _node) = (connection, statement, node);
        foreach (var part in Parts(node))
        {
            HasSubquery |= Is(part, "class", "SUBQUERY");
            if (Is(part, "class", "FUNCTION") && Text(part, "function_name") is { } function)
                Functions.Add(function);
            if (Is(part, "class", "COLUMN_REF") && part["column_names"] is JsonArray names)
                Columns.Add([.. names.Select(static n => (string)n!)]);
        }
    }

    internal bool HasSubquery { get; }

    internal HashSet<string> Functions { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The columns it names, each with what stands before it.</summary>
    internal List<string[]> Columns { get; } = [];

    /// <exception cref="DmlRefusedException">It is not one expression.</exception>
    internal static SqlExpression Parse(DuckDbConnection connection, string sql)
    {
        var text = (string)connection.Scalar("SELECT json_serialize_sql(s, skip_default := true)::VARCHAR FROM (SELECT $1::VARCHAR AS s)", Head + "(" + sql + "\n)")!;
        var root = JsonNode.Parse(text)!;
        if (root["error"]?.GetValue<bool>() == true)
            throw new DmlRefusedException(DmlRefusal.Sql, $"'{sql}' is not SQL that DuckDB reads: {(string?)root["error_message"]}");
        if (root["statements"] is not JsonArray { Count: 1 } statements || statements[0]!["node"] is not { } node || node["select_list"] is not JsonArray { Count: 1 } list)
            throw new DmlRefusedException(DmlRefusal.Sql, $"'{sql}' is not one expression");
        return new SqlExpression(connection, root, list[0]!);
    }

    /// <summary>What has to hold together for the expression to hold.</summary>
    internal IEnumerable<SqlExpression> Conjuncts() =>
        Is(_node, "type", "CONJUNCTION_AND") && _node["children"] is JsonArray children
            ? children.SelectMany(c => new SqlExpression(_connection, _statement, c!).Conjuncts())
            : [this];

    /// <summary>The two sides of an equality, else null.</summary>
    internal (SqlExpression Left, SqlExpression Right)? Equality() =>
        Is(_node, "type", "COMPARE_EQUAL") && _node["left"] is { } left && _node["right"] is { } right
            ? (new SqlExpression(_connection, _statement, left), new SqlExpression(_connection, _statement, right))
            : null;

    /// <summary>The column's name and what stands before it, where the expression is a column and nothing else.</summary>
    internal string[]? AsColumn() => Is(_node, "class", "COLUMN_REF") ? Columns[0] : null;

    /// <summary>Whether every column is the table's: named by its alias, or without one where the names are its own.</summary>
    internal bool IsAbout(string alias, Func<string, bool> owns) =>
        !HasSubquery && Columns.TrueForAll(c => c.Length > 1 && Same(c[0], alias) || owns(c[0]));

    /// <summary>The same as SQL, with the alias taken from before columns; null where DuckDB cannot print it.</summary>
    internal string? ToSql(string? withoutAlias = null)
    {
        var copy = _node.DeepClone();
        if (withoutAlias is not null)
            foreach (var part in Parts(copy))
                if (Is(part, "class", "COLUMN_REF") && part["column_names"] is JsonArray { Count: > 1 } names && Same((string)names[0]!, withoutAlias))
                    names.RemoveAt(0);
        var sql = _connection.Scalar("SELECT TRY(json_deserialize_sql(s::JSON)) FROM (SELECT $1::VARCHAR AS s)", Statement(copy)) as string;
        return sql?[Head.Length..];
    }

    /// <summary>A statement that selects an expression, in the form that this DuckDB writes.</summary>
    private string Statement(JsonNode expression)
    {
        var statement = _statement.DeepClone();
        statement["statements"]![0]!["node"]!["select_list"] = new JsonArray(expression);
        return LogJson.Text(statement);
    }

    private static IEnumerable<JsonObject> Parts(JsonNode? node)
    {
        if (node is JsonArray items)
            return items.SelectMany(Parts);
        return node is JsonObject part ? part.SelectMany(static p => Parts(p.Value)).Prepend(part) : [];
    }

    private static bool Is(JsonNode node, string property, string value) => Text(node, property) == value;

    private static string? Text(JsonNode node, string property) =>
        node is JsonObject part && part[property] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
