namespace Smelt.Lake;

/// <summary>An INSERT as a value. Columns that the rows lack get their default, or NULL; a value that does not fit its column is an error.</summary>
public sealed record InsertCommand
{
    /// <summary>The rows: a SELECT or VALUES.</summary>
    public required string Source { get; init; }

    /// <summary>The table's columns in the order of the rows'; null: the table's own order.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Whether the rows' columns are found by their names.</summary>
    public bool ByName { get; init; }

    /// <summary>What goes.</summary>
    public InsertTarget Replaces { get; init; } = new InsertTarget.Nothing();
}

/// <summary>What of a table new rows replace.</summary>
public abstract record InsertTarget
{
    private InsertTarget()
    {
    }

    /// <summary>Nothing: an append.</summary>
    public sealed record Nothing : InsertTarget;

    /// <summary>Every row.</summary>
    public sealed record Everything : InsertTarget;

    /// <summary>The rows of the partitions that new rows are in (dynamic partition overwrite); every row where the table has no partitions.</summary>
    public sealed record Partitions : InsertTarget;

    /// <summary>The rows of a condition (replaceWhere). New rows that do not satisfy it are refused.</summary>
    public sealed record Rows(string Condition) : InsertTarget;
}
