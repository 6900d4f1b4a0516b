namespace Smelt.EndToEnd.Tests;

/// <summary>Two lakes' tables held against each other.</summary>
public static class TableDifference
{
    /// <summary>Fails with the rows that only one of the two has.</summary>
    /// <param name="name">What was done, for the message.</param>
    public static void None(SortedDictionary<string, string> expected, SortedDictionary<string, string> found, string name)
    {
        foreach (var (table, rows) in expected)
        {
            var (wanted, there) = (rows.Split('\n'), (found.GetValueOrDefault(table) ?? "no table").Split('\n'));
            if (wanted.SequenceEqual(there)) continue;
            Assert.Fail($"{name}, {table}: {there.Length} rows instead of {wanted.Length}\nlacks\n{Few(wanted.Except(there))}\nhas besides\n{Few(there.Except(wanted))}");
        }
    }

    private static string Few(IEnumerable<string> rows) => string.Join('\n', rows.Take(5));
}
