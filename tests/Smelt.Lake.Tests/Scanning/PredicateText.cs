namespace Smelt.Lake.Tests.Scanning;

/// <summary>Random conditions over the columns of <see cref="PruningTests"/>, as people write them.</summary>
internal sealed class PredicateText(Random random)
{
    internal string Condition(int depth)
    {
        if (depth == 0 || random.Next(3) == 0)
            return Leaf();
        return random.Next(4) switch
        {
            0 => $"({Condition(depth - 1)} AND {Condition(depth - 1)})",
            1 => $"({Condition(depth - 1)} OR {Condition(depth - 1)})",
            2 => $"NOT ({Condition(depth - 1)})",
            _ => Leaf(),
        };
    }

    private string Leaf()
    {
        var (column, value) = Columns[random.Next(Columns.Length)];
        var name = random.Next(5) == 0 ? column.ToUpperInvariant() : random.Next(5) == 0 && char.IsAsciiLetterLower(column[0]) ? "t." + column : column;
        return random.Next(8) switch
        {
            0 => $"{name} IS {(random.Next(2) == 0 ? "NOT " : "")}NULL",
            1 => $"{name} {(random.Next(2) == 0 ? "NOT " : "")}IN ({value(random)}, {value(random)}{(random.Next(4) == 0 ? ", NULL" : "")})",
            2 => $"{name} {(random.Next(3) == 0 ? "NOT " : "")}BETWEEN {value(random)} AND {value(random)}",
            3 => $"{value(random)} {Operators[random.Next(Operators.Length)]} {name}",
            _ => $"{name} {Operators[random.Next(Operators.Length)]} {value(random)}",
        };
    }

    private static readonly string[] Operators = ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"];

    private static readonly (string Column, Func<Random, string> Value)[] Columns =
    [
        ("k", r => Number(r, 260)), ("grp", r => Number(r, 4)), ("i", r => Number(r, 1000)), ("r", r => r.Next(6) == 0 ? "'NaN'::DOUBLE" : Number(r, 250)),
        ("f", r => r.Next(2) == 0 ? $"{r.Next(97)} / 3" : Number(r, 33)), ("m", r => Number(r, 125)), ("exact", r => $"{12345678901234567 + r.Next(4)}.{r.Next(100):D2}"),
        ("s", r => r.Next(5) switch { 0 => $"repeat('ä', 30)", 1 => $"'{new string('ä', 30)}xyz{r.Next(240)}'", 2 => $"'{string.Concat(Enumerable.Repeat("😀", r.Next(15, 21)))}'", 3 => $"'{r.Next(240)}'", _ => $"'word {(char)('a' + r.Next(26))}'" }),
        ("d", r => Day(r, "DATE ")), ("d", r => Day(r, "")), ("d", r => Day(r, "TIMESTAMP ")),
        ("ts", r => Time(r, "TIMESTAMP ")), ("ts", r => Day(r, "DATE ")), ("ts", r => Time(r, "")), ("tz", r => Time(r, "TIMESTAMPTZ ")), ("tz", r => Time(r, "")),
        ("b", r => r.Next(2) == 0 ? "TRUE" : "FALSE"), ("st.x", r => Number(r, 260)), ("st.y.z", r => $"'n{r.Next(260)}'"), ("CAST(k AS INTEGER)", r => Number(r, 260)),
        ("CAST(k AS VARCHAR)", r => $"'{r.Next(260)}'"), ("CAST(ts AS DATE)", r => Day(r, "DATE ")), ("-k", r => Number(r, 260)),
    ];

    private static string Number(Random r, int limit) => r.Next(6) switch
    {
        0 => $"{r.Next(limit)}.{r.Next(1000):D3}",
        1 => $"{r.Next(limit)}.5e0",
        2 => $"-{r.Next(limit)}",
        3 => $"'{r.Next(limit)}'",
        _ => $"{r.Next(limit)}",
    };

    private static string Day(Random r, string type) => $"{type}'{new DateTime(1899, 12, 20).AddDays(r.Next(740)):yyyy-MM-dd}'";

    private static string Time(Random r, string type) => $"{type}'{new DateTime(1899, 12, 31, 23, 58, 0).AddMicroseconds(r.NextInt64(240L * 999_999_999)):yyyy-MM-dd HH:mm:ss.ffffff}'";
}
