namespace Smelt.Lake;

/// <summary>One change of what a table is (ALTER TABLE).</summary>
public abstract record TableChange
{
    private TableChange()
    {
    }

    /// <summary>New columns, at the end. A field of a struct has its path as name.</summary>
    public sealed record AddColumns(IReadOnlyList<(ColumnPath Path, ColumnSpec Column)> Columns) : TableChange;

    /// <summary>Another name for a column or field; its files stay. Needs column mapping.</summary>
    public sealed record RenameColumn(ColumnPath Path, string Name) : TableChange;

    /// <summary>A column or field away; its files stay. Needs column mapping.</summary>
    public sealed record DropColumns(IReadOnlyList<ColumnPath> Paths) : TableChange;

    /// <summary>A wider type; files stay. Needs <c>delta.enableTypeWidening</c>.</summary>
    public sealed record ChangeType(ColumnPath Path, DeltaType Type) : TableChange;

    /// <summary>NOT NULL off, or on, where no row is NULL.</summary>
    public sealed record SetNullable(ColumnPath Path, bool Nullable) : TableChange;

    /// <summary>A column's description; null removes it.</summary>
    public sealed record CommentColumn(ColumnPath Path, string? Comment) : TableChange;

    /// <summary>A column's default for rows to come, in Spark's SQL; null removes it. Needs <c>delta.feature.allowColumnDefaults</c>.</summary>
    public sealed record SetDefault(ColumnPath Path, string? Expression) : TableChange;

    /// <summary>The table's description; null removes it.</summary>
    public sealed record CommentTable(string? Comment) : TableChange;

    /// <summary>Properties set, or removed where null.</summary>
    public sealed record SetProperties(IReadOnlyDictionary<string, string?> Properties) : TableChange;

    /// <summary>A CHECK constraint, in Spark's SQL; every row there must satisfy it.</summary>
    public sealed record AddConstraint(string Name, string Expression) : TableChange;

    /// <summary>A CHECK constraint away.</summary>
    public sealed record DropConstraint(string Name, bool IfExists) : TableChange;

    /// <summary>Other clustering columns; none ends clustering. Files there stay as they are until OPTIMIZE.</summary>
    public sealed record ClusterBy(IReadOnlyList<string> Columns) : TableChange;
}
