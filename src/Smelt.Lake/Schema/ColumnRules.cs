namespace Smelt.Lake;

/// <summary>Which columns a table may have.</summary>
internal static class ColumnRules
{
    /// <summary>What Parquet readers refuse in a column's name.</summary>
    private static readonly System.Buffers.SearchValues<char> Refused = System.Buffers.SearchValues.Create(" ,;{}()\n\t=");

    internal static List<SchemaProblem> Check(IReadOnlyList<ColumnSpec> columns)
    {
        var problems = new List<SchemaProblem>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (columns.Count == 0)
            problems.Add(new SchemaProblem(SchemaProblemKind.NoColumns, null, "there is no column"));
        foreach (var column in columns)
        {
            if (column.Name.Length == 0 || column.Name.Contains('\0'))
                problems.Add(new SchemaProblem(SchemaProblemKind.BadName, column.Name, "a column has no name; give it one with AS"));
            else if (!names.Add(column.Name))
                problems.Add(new SchemaProblem(SchemaProblemKind.DuplicateName, column.Name, $"two columns are called '{column.Name}' when case is ignored; rename one with AS"));
            if (column.Identity is { } identity && (column.Type != DeltaType.Long || identity.Step == 0))
                problems.Add(new SchemaProblem(SchemaProblemKind.TypeRefused, column.Name, $"an identity column is a BIGINT with a step that is not 0, and '{column.Name}' is {column.Type} with step {identity.Step}"));
            if (column.Identity is not null && (column.GeneratedAs ?? column.Default) is not null || column.GeneratedAs is not null && column.Default is not null)
                problems.Add(new SchemaProblem(SchemaProblemKind.BadExpression, column.Name, $"column '{column.Name}' is generated, numbered or has a default: one of them"));
        }
        return problems;
    }

    /// <summary>Whether a name, or one nested in the type, is not allowed without column mapping.</summary>
    internal static bool NeedsMapping(string name, DeltaType type) => IsRefused(name) || type.Any(t => t is StructType s && s.Fields.Any(f => IsRefused(f.Name)));

    internal static bool IsRefused(string name) => name.AsSpan().IndexOfAny(Refused) >= 0;

    internal static IReadOnlyList<string> Partitions(IReadOnlyList<ColumnSpec> columns, IReadOnlyList<string> wanted, List<SchemaProblem> problems)
    {
        var found = Named(columns, wanted, "PARTITIONED BY", problems);
        foreach (var column in found)
            if (column.Type is StructType or ArrayType or MapType || column.Type == DeltaType.Binary || column.Type == DeltaType.Void)
                problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, column.Name, $"a table cannot be partitioned by '{column.Name}', which is {column.Type}"));
        if (found.Count > 0 && found.Count == columns.Count)
            problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, null, "a table cannot be partitioned by all of its columns"));
        return [.. found.Select(c => c.Name)];
    }

    internal static IReadOnlyList<string>? Clusters(IReadOnlyList<ColumnSpec> columns, IReadOnlyList<string>? wanted, IReadOnlyList<string> partitions, List<SchemaProblem> problems)
    {
        if (wanted is null)
            return null;
        var found = Named(columns, wanted, "CLUSTER BY", problems);
        foreach (var column in found)
            if (column.Type is StructType or ArrayType or MapType || column.Type == DeltaType.Binary || column.Type == DeltaType.Boolean || column.Type == DeltaType.Void)
                problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, column.Name, $"a table cannot be clustered by '{column.Name}', which is {column.Type} and has no smallest and largest value"));
        if (found.Count > Clustering.MostColumns)
            problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, null, $"a table can be clustered by {Clustering.MostColumns} columns at most, not by {found.Count}"));
        if (found.Count > 0 && partitions.Count > 0)
            problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, null, "a table is partitioned or clustered, not both; take the partition columns into CLUSTER BY"));
        return [.. found.Select(c => c.Name)];
    }

    /// <summary>Whether types are equal when ids, comments and nullability are left out.</summary>
    internal static bool SameShape(DeltaType a, DeltaType b) => (a, b) switch
    {
        (ArrayType x, ArrayType y) => SameShape(x.Element, y.Element),
        (MapType x, MapType y) => SameShape(x.Key, y.Key) && SameShape(x.Value, y.Value),
        (StructType x, StructType y) => x.Fields.Count == y.Fields.Count
            && x.Fields.Zip(y.Fields).All(p => p.First.Name == p.Second.Name && SameShape(p.First.Type, p.Second.Type)),
        _ => a.Equals(b),
    };

    private static List<ColumnSpec> Named(IReadOnlyList<ColumnSpec> columns, IReadOnlyList<string> wanted, string clause, List<SchemaProblem> problems)
    {
        var found = new List<ColumnSpec>();
        foreach (var name in wanted)
        {
            var column = columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
            if (column is null)
                problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, name, $"{clause} names '{name}', which is no column of the table"));
            else if (found.Contains(column))
                problems.Add(new SchemaProblem(SchemaProblemKind.BadPartitionColumn, name, $"{clause} names '{name}' twice"));
            else
                found.Add(column);
        }
        return found;
    }
}
