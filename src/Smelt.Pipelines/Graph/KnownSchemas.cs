namespace Smelt.Pipelines;

/// <summary>A column of a table that exists.</summary>
/// <param name="Type">DuckDB's type text where known.</param>
public sealed record KnownColumn(string Name, string? Type = null);

/// <summary>What the tables of the lake look like today; comes in as a value, so that compiling does no I/O on the lake.</summary>
public sealed class KnownSchemas
{
    private readonly Dictionary<DatasetName, IReadOnlyList<KnownColumn>> _schemas = [];

    public static KnownSchemas Empty { get; } = new();

    /// <summary>
    /// True when the schemas are those the query will really read (a step about to run): a missing column is then an error. False (validate, plan): the
    /// next files may bring new columns, so that a missing column of a source-fed table is a warning.
    /// </summary>
    public bool AreFinal { get; init; }

    public KnownSchemas Add(DatasetName dataset, IReadOnlyList<KnownColumn> columns)
    {
        _schemas[dataset] = columns;
        return this;
    }

    public IReadOnlyList<KnownColumn>? Of(DatasetName dataset) => _schemas.GetValueOrDefault(dataset);
}
