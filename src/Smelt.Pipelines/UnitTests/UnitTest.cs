namespace Smelt.Pipelines;

/// <summary>A test of one dataset's query on given rows, in dbt's <c>unit_tests</c> format. It reads no lake.</summary>
public sealed record UnitTest(string Name, DatasetName Dataset, IReadOnlyList<UnitTestInput> Given, UnitTestRows Expected, string? Description, string File, FilePosition Position)
{
    /// <summary>Values of variables for this test alone.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Scalar macros that give a constant in this test, whatever their arguments are: SQL literals by name.</summary>
    public IReadOnlyDictionary<string, string> Macros { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}

/// <summary>Rows for one input.</summary>
/// <param name="Dataset">Null: the rows of the dataset's source call.</param>
public sealed record UnitTestInput(DatasetName? Dataset, UnitTestRows Rows);

/// <summary>Rows as a test gives them.</summary>
/// <param name="Columns">Their columns in the order in which they first occur; none for SQL.</param>
/// <param name="Rows">SQL literals by column: as typed as the test writes them.</param>
/// <param name="Sql">A query that gives them instead.</param>
public sealed record UnitTestRows(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows, string? Sql)
{
    /// <summary>Types that the test declares, by column.</summary>
    public IReadOnlyDictionary<string, string> Types { get; init; } = new Dictionary<string, string>();
}
