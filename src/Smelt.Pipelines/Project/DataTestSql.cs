using Smelt.DuckDb;

namespace Smelt.Pipelines;

/// <summary>The queries of data tests: each returns the failing rows, or the failing values with their counts.</summary>
internal static class DataTestSql
{
    public static string Of(DataTest test, string expression)
    {
        var table = Table(test.Dataset);
        if (test.Where is not null) table = $"(SELECT * FROM {table} WHERE {test.Where})";
        var sql = test.Kind switch
        {
            DataTestKind.Unique => $"SELECT {expression} AS \"value\", count(*) AS \"rows\" FROM {table} AS t WHERE {expression} IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
            DataTestKind.NotNull => $"SELECT * FROM {table} AS t WHERE {expression} IS NULL",
            DataTestKind.AcceptedValues => $"SELECT {expression} AS \"value\", count(*) AS \"rows\" FROM {table} AS t WHERE {expression} NOT IN ({Values(test)}) GROUP BY 1",
            _ => $"SELECT child.\"value\", count(*) AS \"rows\" FROM (SELECT {expression} AS \"value\" FROM {table} AS t) AS child "
                + $"WHERE child.\"value\" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {Table(test.To!.Value)} AS parent WHERE parent.{SqlText.Identifier(test.Field!)} = child.\"value\") GROUP BY 1",
        };
        return test.Limit is { } limit ? $"{sql} LIMIT {limit}" : sql;
    }

    private static string Table(DatasetName name) => SqlText.Identifier(name.Schema, name.Name);

    private static string Values(DataTest test) => string.Join(", ", test.Values.Select(v => test.QuoteValues ? SqlText.Literal(v) : v));
}
