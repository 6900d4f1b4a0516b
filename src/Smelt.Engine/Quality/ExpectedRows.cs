using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>Rows held against expected ones, as often as each occurs, over the columns that the expectation has.</summary>
public static class ExpectedRows
{
    private const int MostRows = 20;

    /// <param name="held">A query of the rows that are there.</param>
    /// <param name="expected">A query of the rows expected; values are cast to the types of those that are there.</param>
    /// <exception cref="DuckDbException">A value is none of its column's type, or a query fails.</exception>
    public static UnitTestResult Compare(StepCatalog catalog, string held, string expected)
    {
        const string own = StepCatalog.OwnSchema;
        var connection = catalog.Connection;
        connection.Execute($"CREATE TABLE {own}.held AS {held}");
        var there = catalog.Describe($"SELECT * FROM {own}.held");
        var columns = new List<(string Name, string Type)>();
        foreach (var wanted in catalog.Describe(expected))
        {
            if (there.FirstOrDefault(t => t.Name.Equals(wanted.Name, StringComparison.OrdinalIgnoreCase)) is not { Name: not null } found)
                return new UnitTestResult([], [], $"The expected column '{wanted.Name}' is not among {string.Join(", ", there.Select(static t => t.Name))}.");
            columns.Add((wanted.Name, found.Type.ToString()));
        }
        var names = string.Join(", ", columns.Select(static c => SqlText.Identifier(c.Name)));
        var cast = string.Join(", ", columns.Select(static c => $"CAST({SqlText.Identifier(c.Name)} AS {c.Type}) AS {SqlText.Identifier(c.Name)}"));
        connection.Execute($"CREATE TABLE {own}.expected AS SELECT {cast} FROM ({expected}\n) AS e");
        IReadOnlyList<string> Only(string a, string b) => connection.Rows(
            $"SELECT to_json(__smelt_row)::VARCHAR FROM (SELECT {names} FROM {own}.{a} EXCEPT ALL SELECT {names} FROM {own}.{b}) AS __smelt_row ORDER BY 1 LIMIT {MostRows}").ConvertAll(static r => JsonNumbers.Quoted((string)r[0]!));
        return new UnitTestResult(Only("expected", "held"), Only("held", "expected"), null);
    }
}
