using Smelt.DuckDb;
using Smelt.Pipelines.Yaml;

namespace Smelt.Pipelines;

/// <summary>What a test is given.</summary>
/// <param name="Table">SQL of the rows tested: the dataset, or a subquery where the test has a <c>where</c>.</param>
/// <param name="Expression">SQL of the column or expression; empty for a test of the whole dataset.</param>
/// <param name="Own">The test's own arguments.</param>
internal sealed record DataTestArguments(string Table, string Expression, YamlMap? Own)
{
    /// <summary>Finds the dataset of an argument such as <c>to</c>, as SQL; null where there is none, with a diagnostic.</summary>
    public required Func<string, string?> Dataset { get; init; }

    public string? Text(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Own?.Text(key) is { } text) return text;
        }
        return null;
    }

    public IReadOnlyList<string> Texts(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Own?.Texts(key) is { Count: > 0 } texts) return texts;
        }
        return [];
    }

    public bool Flag(string key, bool otherwise) => Own?[key] is YamlScalar { Boolean: { } value } ? value : otherwise;

    /// <summary>Values as SQL: quoted, or as they stand where <c>quote</c> (or <c>quote_values</c>) is false.</summary>
    public string List(IReadOnlyList<string> values) => string.Join(", ", values.Select(v => Flag("quote", true) && Flag("quote_values", true) ? SqlText.Literal(v) : v));
}

/// <summary>What a test asks: its failing rows, and what decides over them where that is not their number.</summary>
internal sealed record DataTestQuestion(string Sql)
{
    public string? FailCalc { get; init; }
    public string? WarnIf { get; init; }
    public string? ErrorIf { get; init; }
}

/// <summary>A kind of data test: its names, its arguments, its query.</summary>
/// <param name="Names">Its own first, then dbt's names with their packages; <c>dbt_utils.</c> before the own name is always taken.</param>
/// <param name="NeedsColumn">Whether it is about a column or expression.</param>
/// <param name="Needs">What to write where arguments are missing.</param>
/// <param name="Ask">Null where an argument is missing or wrong.</param>
internal sealed record DataTestDefinition(string[] Names, bool NeedsColumn, ShapeKey[] Keys, string Needs, Func<DataTestArguments, DataTestQuestion?> Ask)
{
    public string Name => Names[0];

    public IEnumerable<string> AllNames => Names.Append("dbt_utils." + Name).Distinct();
}
