namespace Smelt.Pipelines;

/// <summary>A check on a whole dataset, from properties.yml.</summary>
public sealed record DataTest
{
    /// <summary>As configured, else dbt's: <c>not_null_orders_order_id</c>. No two tests of a dataset have the same.</summary>
    public required string Name { get; init; }

    /// <summary>Which test it is, without its package: <c>accepted_range</c>.</summary>
    public required string Kind { get; init; }
    public required DatasetName Dataset { get; init; }

    /// <summary>The column or expression; null for a test of the whole dataset.</summary>
    public string? Column { get; init; }

    /// <summary>Of a test <c>unique_combination_of_columns</c>: the columns that together tell rows apart.</summary>
    public IReadOnlyList<string> Combination { get; init; } = [];

    /// <summary>Datasets that it reads besides its own.</summary>
    public IReadOnlyList<DatasetName> Others { get; init; } = [];

    /// <summary>Whether the others' rows are counted against its own: of days, both are of these days.</summary>
    public bool ComparesCounts => Kind == "equal_rowcount";

    public Severity Severity { get; init; } = Severity.Error;

    /// <summary>Predicate that limits the rows tested.</summary>
    public string? Where { get; init; }

    /// <summary>At most so many failing rows are counted and shown.</summary>
    public long? Limit { get; init; }

    /// <summary>SQL over the failing rows whose value <see cref="WarnIf"/> and <see cref="ErrorIf"/> are held against.</summary>
    public string FailCalc { get; init; } = CountRows;

    /// <summary>What is compared to the failures to warn: <c>&gt; 10</c>.</summary>
    public string WarnIf { get; init; } = IsAny;

    /// <summary>What is compared to the failures to fail; of no meaning where the severity is warn.</summary>
    public string ErrorIf { get; init; } = IsAny;

    /// <summary>Whether the failing rows are kept in <c>_smelt.test_failures</c>.</summary>
    public bool StoresFailures { get; init; }

    /// <summary>Of a test <c>anomaly</c>; null for others. Its <see cref="FailingRowsSql"/> gives the rows to look at.</summary>
    public AnomalySettings? Anomaly { get; init; }

    /// <summary>Its predicate or expression may use now(), current_date, …: another day may answer otherwise.</summary>
    public bool IsTimeDependent => Sql.FunctionStability.SpeaksOfTime(FailingRowsSql);
    public string? Description { get; init; }
    public required string File { get; init; }
    public required FilePosition Position { get; init; }

    /// <summary>DuckDB SQL that returns the failing rows; names datasets as <c>layer.name</c>.</summary>
    public required string FailingRowsSql { get; init; }

    public const string CountRows = "count(*)", IsAny = "!= 0";
}

/// <summary>A file of tests/: its query must return no rows.</summary>
public sealed record SqlTest(string Name, string File, DatasetQuery Query, Severity Severity);

/// <summary>What a test <c>anomaly</c> looks at.</summary>
/// <param name="Column">One column; null for all.</param>
/// <param name="Metrics">row_count, null_rate, distinct_count, mean, freshness; none named: all.</param>
/// <param name="LeastHistory">So many updates must be known before it says anything.</param>
/// <param name="Sensitivity">So many deviations from the median are usual.</param>
public sealed record AnomalySettings(string? Column, IReadOnlyList<string> Metrics, int LeastHistory, double Sensitivity);
