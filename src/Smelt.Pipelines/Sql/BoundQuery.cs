namespace Smelt.Pipelines.Sql;

/// <summary>How much is known of a relation's columns; the greater, the less.</summary>
internal enum Openness
{
    /// <summary>These columns and no others.</summary>
    Closed,
    /// <summary>These columns, and perhaps more with the next files.</summary>
    MayGrow,
    /// <summary>Nobody knows.</summary>
    Open,
}

/// <summary>A column with what it comes from.</summary>
internal readonly record struct BoundColumn(string Name, ColumnOrigin[] Origins);

/// <summary>The output of a query, or the schema of a dataset.</summary>
internal sealed class BoundQuery
{
    public List<BoundColumn> Columns { get; init; } = [];
    public Openness Openness { get; set; }

    /// <summary>For a dataset whose columns are open: any column asked for is its own.</summary>
    public DatasetName? Dataset { get; init; }

    public static BoundQuery Unknown { get; } = new() { Openness = Openness.Open };

    public void Widen(Openness other) => Openness = other > Openness ? other : Openness;
}

/// <summary>A table in FROM as its columns are seen.</summary>
internal sealed class BoundRelation
{
    public string? Alias { get; init; }
    public string? Schema { get; init; }
    public required List<BoundColumn> Columns { get; init; }
    public Openness Openness { get; init; }
    public DatasetName? Dataset { get; init; }

    /// <summary>Columns merged into another relation's by USING: seen only with a qualifier.</summary>
    public HashSet<string>? Hidden { get; set; }

    /// <summary>What a column that is not listed comes from (a table function's arguments).</summary>
    public ColumnOrigin[] DefaultOrigins { get; init; } = [];

    public int Find(string name)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return i;
        }
        return -1;
    }

    public bool IsHidden(string name) => Hidden is not null && Hidden.Contains(name);

    public void Hide(string name) => (Hidden ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(name);

    /// <summary>Origins of a column that this relation may have without listing it.</summary>
    public ColumnOrigin[] Guess(string name) => Dataset is { } dataset ? [new ColumnOrigin(dataset, name, LineageKind.Direct)] : DefaultOrigins;
}

/// <summary>The relations and aliases that a query's expressions see.</summary>
internal sealed class BindScope(BindScope? outer)
{
    public BindScope? Outer { get; } = outer;
    public List<BoundRelation> Relations { get; init; } = [];

    /// <summary>Aliases of the select list so far.</summary>
    public List<BoundColumn> Aliases { get; } = [];
}

/// <summary>A CTE in sight.</summary>
internal sealed record BoundCte(string Name, BoundQuery Query, BoundCte? Outer)
{
    public static BoundQuery? Find(BoundCte? ctes, string name)
    {
        for (; ctes is not null; ctes = ctes.Outer)
        {
            if (ctes.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return ctes.Query;
        }
        return null;
    }
}

/// <summary>The origins of an expression, each once.</summary>
internal sealed class OriginSet
{
    private readonly List<ColumnOrigin> _origins = [];

    public void Add(ColumnOrigin[] origins)
    {
        foreach (var origin in origins)
        {
            var derived = origin with { Kind = LineageKind.Derived };
            if (!_origins.Contains(derived)) _origins.Add(derived);
        }
    }

    public ColumnOrigin[] ToArray() => _origins.Count == 0 ? [] : [.. _origins];
}
