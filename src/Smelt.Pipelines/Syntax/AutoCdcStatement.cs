namespace Smelt.Pipelines.Syntax;

/// <summary>AUTO CDC INTO target FROM … with its clauses, as written.</summary>
internal sealed class AutoCdcStatement
{
    public IReadOnlyList<PlacedName> Target { get; set; } = [];
    public bool IsSnapshot { get; set; }

    /// <summary>Tokens from FROM to before KEYS, which DuckDB reads as a query: <c>FROM s</c> is <c>SELECT * FROM s</c>.</summary>
    public Range Source { get; set; }

    /// <summary>Where the first clause begins.</summary>
    public int Start { get; set; }
    public List<PlacedName> Keys { get; } = [];
    public List<PlacedName> SequenceBy { get; } = [];
    public bool IsStruct { get; set; }
    public PlacedColumns? IgnoreNulls { get; set; }
    public Range? DeleteWhen { get; set; }
    public Range? TruncateWhen { get; set; }
    public PlacedColumns? Columns { get; set; }

    /// <summary>1 or 2.</summary>
    public int Type { get; set; } = 1;

    public PlacedColumns? TrackHistory { get; set; }
    public Dictionary<string, int> Clauses { get; } = [];
}

/// <summary>A list of columns, or all but them.</summary>
internal sealed record PlacedColumns(IReadOnlyList<PlacedName> Names, bool IsExcept)
{
    public ColumnChoice Choice => new([.. Names.Select(static n => n.Name)], IsExcept);
}
