namespace Smelt.Pipelines;

/// <summary>The data tests of properties.yml.</summary>
public enum DataTestKind { Unique, NotNull, AcceptedValues, Relationships }

/// <summary>A check on a whole dataset, from properties.yml.</summary>
public sealed record DataTest
{
    /// <summary>As configured, else dbt's: <c>not_null_orders_order_id</c>.</summary>
    public required string Name { get; init; }
    public required DataTestKind Kind { get; init; }
    public required DatasetName Dataset { get; init; }

    /// <summary>The column, or the expression of a test at the model's level.</summary>
    public required string Column { get; init; }

    /// <summary>accepted_values: the values as text.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>accepted_values: false where the values are SQL literals as they stand (<c>quote: false</c>).</summary>
    public bool QuoteValues { get; init; } = true;

    /// <summary>relationships: the dataset and column that must hold the value.</summary>
    public DatasetName? To { get; init; }
    public string? Field { get; init; }

    public Severity Severity { get; init; } = Severity.Error;

    /// <summary>Predicate that limits the rows tested.</summary>
    public string? Where { get; init; }

    /// <summary>At most so many failing rows are counted and shown.</summary>
    public long? Limit { get; init; }

    /// <summary>Its predicate or expression may use now(), current_date, …: another day may answer otherwise.</summary>
    public bool IsTimeDependent => Sql.FunctionStability.SpeaksOfTime(FailingRowsSql);
    public string? Description { get; init; }
    public required string File { get; init; }
    public required FilePosition Position { get; init; }

    /// <summary>DuckDB SQL that returns the failing rows; names datasets as <c>layer.name</c>.</summary>
    public required string FailingRowsSql { get; init; }
}

/// <summary>A file of tests/: its query must return no rows.</summary>
public sealed record SqlTest(string Name, string File, DatasetQuery Query, Severity Severity);
