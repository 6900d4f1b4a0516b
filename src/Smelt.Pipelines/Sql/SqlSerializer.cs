using System.Text;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Pipelines.Sql;

/// <summary>DuckDB as a parser and printer of SQL: many texts a query.</summary>
internal static class SqlSerializer
{
    private const int UnitsPerQuery = 1000;

    /// <summary>Parses all units, with one connection a core.</summary>
    public static void Parse(IReadOnlyList<QueryUnit> units, DuckDbDatabase database)
    {
        var batches = units.Chunk(UnitsPerQuery).ToList();
        Parallel.ForEach(batches, () => database.Connect(), (batch, _, connection) =>
        {
            ParseBatch(batch, connection);
            return connection;
        }, connection => connection.Dispose());
    }

    public static void ParseBatch(QueryUnit[] units, DuckDbConnection connection)
    {
        var texts = Array.ConvertAll(units, u => u.Sql);
        var indexes = new long[units.Length];
        for (var i = 0; i < indexes.Length; i++) indexes[i] = i;
        using var result = connection.Query(
            "SELECT i, json_serialize_sql(s, skip_default := true) FROM (SELECT unnest($1) AS s, unnest($2) AS i)", texts, indexes);
        while (result.Next())
        {
            var chunk = result.Chunk;
            var index = chunk[0].Values<long>();
            for (var row = 0; row < chunk.RowCount; row++) units[index[row]].Accept(chunk[1].Utf8(row));
        }
    }

    /// <summary>
    /// DuckDB's own names of expressions that have no alias, by their JSON text. Missing where it cannot print them.
    /// </summary>
    public static Dictionary<string, string> NamesOf(IReadOnlyCollection<string> expressions, DuckDbConnection connection)
    {
        var names = new Dictionary<string, string>(expressions.Count);
        foreach (var batch in expressions.Chunk(UnitsPerQuery))
        {
            using var result = connection.Query("SELECT s, TRY(json_deserialize_sql(s::JSON)) FROM (SELECT unnest($1) AS s)",
                [Array.ConvertAll(batch, Statement)]);
            while (result.Next())
            {
                for (var row = 0; row < result.Chunk.RowCount; row++)
                {
                    if (result.Chunk[1].IsNull(row)) continue;
                    names[Expression(result.Chunk[0].Text(row))] = ExpressionName.Of(result.Chunk[1].Text(row)["SELECT ".Length..]);
                }
            }
        }
        return names;
    }

    private const string Before = """{"error":false,"statements":[{"node":{"type":"SELECT_NODE","cte_map":{},"select_list":[""";
    private const string After = """],"from_table":{"type":"EMPTY"},"aggregate_handling":"STANDARD_HANDLING"}}]}""";

    private static string Statement(string expression) => Before + expression + After;
    private static string Expression(string statement) => statement[Before.Length..^After.Length];
}
