namespace Smelt.Pipelines;

/// <summary>The clauses of AUTO CDC INTO as compiled; names are Lakeflow's. Columns are those of the flow's query, named as written and compared without case.</summary>
public sealed record AutoCdc
{
    /// <summary>Whether the input is a series of full extracts (FROM SNAPSHOT), not of changes.</summary>
    public bool IsSnapshot { get; init; }

    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>One column, or the fields of a STRUCT in order. Empty for snapshots that are ordered by their files' names or the table's versions.</summary>
    public IReadOnlyList<string> SequenceBy { get; init; } = [];

    /// <summary>Whether the sequence is written as STRUCT(…).</summary>
    public bool IsStruct { get; init; }

    /// <summary>Columns that a NULL leaves as they are; none without IGNORE NULL UPDATES.</summary>
    public ColumnChoice IgnoreNulls { get; init; } = ColumnChoice.None;

    /// <summary>What the memory and the table are made for: with other keys, another order or another kind of history they would be misread.</summary>
    public string Identity => string.Join(';', IsSnapshot ? "snapshot" : "changes", KeepsHistory ? "type 2" : "type 1", "keys " + string.Join(',', Keys), "sequence " + string.Join(',', SequenceBy),
        IgnoreNulls == ColumnChoice.None ? "all values" : "values given").ToLowerInvariant();

    /// <summary>SQL over an event's columns; null where nothing deletes.</summary>
    public string? DeleteWhen { get; init; }

    /// <summary>SQL over an event's columns; null where nothing truncates.</summary>
    public string? TruncateWhen { get; init; }

    /// <summary>Columns to store.</summary>
    public ColumnChoice Columns { get; init; } = ColumnChoice.All;

    /// <summary>SCD type 2: rows keep their former versions.</summary>
    public bool KeepsHistory { get; init; }

    /// <summary>Columns whose change opens a new version; a change of others alone changes the current one in place.</summary>
    public ColumnChoice TrackHistory { get; init; } = ColumnChoice.All;
}

/// <summary>A list of columns, or all but a list.</summary>
public sealed record ColumnChoice(IReadOnlyList<string> Names, bool IsExcept)
{
    public static readonly ColumnChoice All = new([], true), None = new([], false);

    public bool Has(string column) => Names.Contains(column, StringComparer.OrdinalIgnoreCase) != IsExcept;

    public override string ToString() => IsExcept ? $"* EXCEPT ({string.Join(", ", Names)})" : string.Join(", ", Names);
}
