using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Runs;

/// <summary>Compares two relations of a connection.</summary>
/// <param name="connection">Knows both.</param>
/// <param name="ignored">Columns that name a run, not a row: left out.</param>
/// <param name="samples">Rows of each side to show at most.</param>
public sealed class TableComparer(DuckDbConnection connection, IReadOnlyCollection<string> ignored, int samples)
{
    private readonly List<string> _notes = [];

    // Columns beside those compared: no table's own, see Compare.
    private string _inA = "", _inB = "", _sign = "", _count = "";

    /// <param name="a">Name of the first for people, and its SQL name.</param>
    /// <param name="b">The second.</param>
    /// <param name="key">Columns of a key; where they are not unique in both, rows are compared whole.</param>
    public TableComparison Compare((string Name, string Sql) a, (string Name, string Sql) b, IReadOnlyList<string> key)
    {
        var (left, right) = (Described(a.Sql), Described(b.Sql));
        string Free(string name) => left.ContainsKey(name) || right.ContainsKey(name) ? Free(name + "_") : name;
        (_inA, _inB, _sign, _count) = (Free("__in_a"), Free("__in_b"), Free("__sign"), Free("__count"));
        var both = left.Where(c => right.ContainsKey(c.Key) && !ignored.Contains(c.Key, StringComparer.OrdinalIgnoreCase)).Select(static c => c.Key).ToList();
        var used = key.Count > 0 && IsKey(a.Sql, both, key, a.Name) && IsKey(b.Sql, both, key, b.Name) ? key : [];
        var columns = both.ConvertAll(c => (Name: c, A: Value("a", c, left, right), B: Value("b", c, left, right)));
        var result = used.Count > 0 ? ByKey(a, b, columns, used) : Whole(a, b, columns);
        var only = left.Keys.Concat(right.Keys).Distinct(StringComparer.OrdinalIgnoreCase).Where(c => !both.Contains(c, StringComparer.OrdinalIgnoreCase) && !ignored.Contains(c, StringComparer.OrdinalIgnoreCase));
        return result with
        {
            Columns = [.. result.Columns.Select(c => c with { TypeA = left[c.Name], TypeB = right[c.Name] }), .. only.Select(c => new ComparedColumn(c, left.GetValueOrDefault(c), right.GetValueOrDefault(c), null))],
            Figures = [.. Figures(a.Sql, b.Sql, both, left)],
            Notes = _notes,
        };
    }

    private Dictionary<string, string> Described(string sql) =>
        connection.Rows($"DESCRIBE SELECT * FROM {sql}").ToDictionary(static r => (string)r[0]!, static r => (string)r[1]!, StringComparer.OrdinalIgnoreCase);

    private static string Value(string side, string column, Dictionary<string, string> left, Dictionary<string, string> right)
    {
        var name = $"{side}.{SqlText.Identifier(column)}";
        // Numbers of two kinds compare as numbers; all else of two types as text.
        return left[column] == right[column] || (IsNumber(left[column]) && IsNumber(right[column])) ? name : $"CAST({name} AS VARCHAR)";
    }

    private static bool IsNumber(string type) => type is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "DOUBLE" or "FLOAT" || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    private bool IsKey(string sql, List<string> both, IReadOnlyList<string> key, string name)
    {
        if (key.FirstOrDefault(k => !both.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } missing)
        {
            _notes.Add($"the key {missing} is not a column of both: rows are compared whole");
            return false;
        }
        var columns = string.Join(", ", key.Select(static k => SqlText.Identifier(k)));
        if (Number($"SELECT count(*) FROM (SELECT 1 FROM {sql} GROUP BY {columns} HAVING count(*) > 1)") == 0) return true;
        _notes.Add($"the key {string.Join(", ", key)} is not unique in {name}: rows are compared whole");
        return false;
    }

    private TableComparison ByKey((string Name, string Sql) a, (string Name, string Sql) b, List<(string Name, string A, string B)> columns, IReadOnlyList<string> key)
    {
        var on = string.Join(" AND ", columns.Where(c => key.Contains(c.Name, StringComparer.OrdinalIgnoreCase)).Select(static c => $"{c.A} IS NOT DISTINCT FROM {c.B}"));
        var values = columns.FindAll(c => !key.Contains(c.Name, StringComparer.OrdinalIgnoreCase));
        var joined = $"FROM (SELECT *, true AS {_inA} FROM {a.Sql}) AS a FULL JOIN (SELECT *, true AS {_inB} FROM {b.Sql}) AS b ON {on}";
        var isBoth = $"{_inA} AND {_inB}";
        var differs = values.Count == 0 ? "false" : string.Join(" OR ", values.Select(static c => $"{c.A} IS DISTINCT FROM {c.B}"));
        var counts = values.Select(c => $"count(*) FILTER ({isBoth} AND {c.A} IS DISTINCT FROM {c.B})");
        var row = connection.Rows($"SELECT {string.Join(", ", (string[])[$"count(*) FILTER ({_inA})", $"count(*) FILTER ({_inB})", $"count(*) FILTER ({_inB} IS NULL)", $"count(*) FILTER ({_inA} IS NULL)", $"count(*) FILTER ({isBoth} AND ({differs}))", .. counts])} {joined}")[0];
        return new TableComparison
        {
            A = a.Name, B = b.Name, Key = key, RowsA = (long)row[0]!, RowsB = (long)row[1]!, OnlyA = (long)row[2]!, OnlyB = (long)row[3]!, Changed = (long)row[4]!,
            Columns = [.. columns.Select(c => new ComparedColumn(c.Name, null, null, values.FindIndex(v => v.Name == c.Name) is >= 0 and var at ? (long)row[5 + at]! : 0))],
            Samples =
            [
                .. Sample("a", $"SELECT a.* EXCLUDE ({_inA}) {joined} WHERE {_inB} IS NULL OR ({_inA} AND ({differs}))", key),
                .. Sample("b", $"SELECT b.* EXCLUDE ({_inB}) {joined} WHERE {_inA} IS NULL OR ({_inB} AND ({differs}))", key),
            ],
        };
    }

    private TableComparison Whole((string Name, string Sql) a, (string Name, string Sql) b, List<(string Name, string A, string B)> columns)
    {
        string Rows(string sql, string side, Func<(string Name, string A, string B), string> value, int sign) =>
            $"SELECT {string.Join(", ", columns.Select(c => $"{value(c)} AS {SqlText.Identifier(c.Name)}").Append($"{sign} AS {_sign}"))} FROM {sql} AS {side}";
        var names = string.Join(", ", columns.Select(static c => SqlText.Identifier(c.Name)));
        connection.Execute($"CREATE OR REPLACE TEMP TABLE smelt_differing AS SELECT {(columns.Count == 0 ? "" : names + ", ")}CAST(sum({_sign}) AS BIGINT) AS {_count} FROM ({Rows(a.Sql, "a", static c => c.A, 1)} UNION ALL {Rows(b.Sql, "b", static c => c.B, -1)}) "
            + $"{(columns.Count == 0 ? "" : $"GROUP BY {names}")} HAVING sum({_sign}) <> 0");
        return new TableComparison
        {
            A = a.Name, B = b.Name, RowsA = Number($"SELECT count(*) FROM {a.Sql}"), RowsB = Number($"SELECT count(*) FROM {b.Sql}"),
            OnlyA = Number($"SELECT coalesce(sum({_count}), 0)::BIGINT FROM smelt_differing WHERE {_count} > 0"),
            OnlyB = Number($"SELECT coalesce(sum(-{_count}), 0)::BIGINT FROM smelt_differing WHERE {_count} < 0"),
            Columns = [.. columns.Select(static c => new ComparedColumn(c.Name, null, null, null))],
            Samples = [.. Sample("a", $"SELECT * EXCLUDE ({_count}) FROM smelt_differing WHERE {_count} > 0", []), .. Sample("b", $"SELECT * EXCLUDE ({_count}) FROM smelt_differing WHERE {_count} < 0", [])],
        };
    }

    private IEnumerable<(string, string)> Sample(string side, string sql, IReadOnlyList<string> key)
    {
        var order = key.Count == 0 ? "ALL" : string.Join(", ", key.Select(static k => SqlText.Identifier(k)));
        return connection.Rows($"SELECT to_json(__smelt_row)::VARCHAR FROM (SELECT * FROM ({sql}) ORDER BY {order} LIMIT {samples.ToString(CultureInfo.InvariantCulture)}) AS __smelt_row").Select(r => (side, (string)r[0]!));
    }

    /// <summary>Rows, and of each column that both have: NULLs, about how many values, least, greatest, mean of numbers.</summary>
    private IEnumerable<ComparedFigure> Figures(string a, string b, List<string> columns, Dictionary<string, string> types)
    {
        var wanted = new List<(string Column, string Name, string Sql)> { ("", "rows", "count(*)") };
        foreach (var column in columns)
        {
            var name = SqlText.Identifier(column);
            wanted.Add((column, "nulls", $"count(*) FILTER ({name} IS NULL)"));
            wanted.Add((column, "distinct", $"approx_count_distinct({name})"));
            if (types[column].Contains('(', StringComparison.Ordinal) && !types[column].StartsWith("DECIMAL", StringComparison.Ordinal) || types[column].EndsWith(']')) continue;
            wanted.Add((column, "min", $"min({name})"));
            wanted.Add((column, "max", $"max({name})"));
            if (IsNumber(types[column])) wanted.Add((column, "mean", $"round(avg({name}::DOUBLE), 6)"));
        }
        var select = string.Join(", ", wanted.Select(static w => $"CAST({w.Sql} AS VARCHAR)"));
        var (left, right) = (connection.Rows($"SELECT {select} FROM {a}")[0], connection.Rows($"SELECT {select} FROM {b}")[0]);
        return wanted.Select((w, i) => new ComparedFigure(w.Column.Length == 0 ? "rows" : "column", w.Column, w.Name, left[i] as string, right[i] as string));
    }

    private long Number(string sql) => (long)connection.Scalar(sql)!;
}
