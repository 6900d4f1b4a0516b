namespace Smelt.Lake;

/// <summary>A MERGE as a value: what to merge, on which condition, and what to do with each row.</summary>
public sealed record MergeCommand
{
    /// <summary>The source's rows: a SELECT, say over an input (<see cref="DmlOptions.Inputs"/>).</summary>
    public required string Source { get; init; }

    /// <summary>Name that conditions and expressions may put before the source's columns.</summary>
    public string SourceAlias { get; init; } = "source";

    /// <summary>SQL condition over columns of the target and the source.</summary>
    public required string On { get; init; }

    /// <summary>In order; of each kind the first whose condition holds for a row is what is done with it.</summary>
    public required IReadOnlyList<MergeClause> Clauses { get; init; }
}

/// <summary>A clause of a MERGE.</summary>
/// <param name="Condition">SQL condition that has to hold besides, or null.</param>
public abstract record MergeClause(string? Condition)
{
    /// <summary>WHEN MATCHED THEN UPDATE SET …; null assignments are UPDATE SET *: every column from the source's of the same name.</summary>
    public sealed record Update(IReadOnlyList<Assignment>? Assignments, string? Condition = null) : MergeClause(Condition);

    /// <summary>WHEN MATCHED THEN DELETE.</summary>
    public sealed record Delete(string? Condition = null) : MergeClause(Condition);

    /// <summary>WHEN NOT MATCHED THEN INSERT (…) VALUES (…); null assignments are INSERT *.</summary>
    public sealed record Insert(IReadOnlyList<Assignment>? Assignments, string? Condition = null) : MergeClause(Condition);

    /// <summary>WHEN NOT MATCHED BY SOURCE THEN UPDATE SET …: only the target's columns may be named.</summary>
    public sealed record UpdateBySource(IReadOnlyList<Assignment> Assignments, string? Condition = null) : MergeClause(Condition);

    /// <summary>WHEN NOT MATCHED BY SOURCE THEN DELETE.</summary>
    public sealed record DeleteBySource(string? Condition = null) : MergeClause(Condition);
}
