namespace Smelt.Lake;

/// <summary>
/// SQL that gives a table's rows: the logical columns in schema order with exact types. Where <see cref="NeedsSetup"/>, deletion vectors are to be loaded into the
/// connection before, and the SQL is valid on that connection only.
/// </summary>
public sealed partial record TableScan
{
    /// <summary>A SELECT without a trailing semicolon.</summary>
    public required string Sql { get; init; }

    /// <summary>The columns, in the order the SQL gives them.</summary>
    public required StructType Schema { get; init; }

    /// <summary>The files it reads.</summary>
    public required IReadOnlyList<AddFile> Files { get; init; }

    /// <summary>Whether deletion vectors have to be loaded, or footers looked at, first.</summary>
    public bool NeedsSetup => Vectors.Count > 0 || Suspects.Count > 0;

    /// <summary>Files that may hold values in a legacy calendar; looked into before the scan runs.</summary>
    internal IReadOnlyList<AddFile> Suspects { get; init; } = [];

    internal TableMetadata Metadata { get; init; } = null!;

    internal IReadOnlyList<ScanVector> Vectors { get; init; } = [];

    /// <summary>Temporary table that the SQL anti-joins: (file BIGINT, row BIGINT). Made only where there are vectors.</summary>
    internal string VectorTable { get; init; } = "";
}

/// <summary>A set of rows that a scan needs: of a deletion vector, or of the difference of two.</summary>
/// <param name="FileNumber">Number of the file in the scan's SQL.</param>
/// <param name="Vector">Where it is; null for no rows.</param>
/// <param name="But">Rows to be taken out of it, or null.</param>
internal sealed record ScanVector(int FileNumber, DeletionVector? Vector, DeletionVector? But = null);

/// <summary>Rows of a file that are in one deletion vector (none where null) and not in another.</summary>
internal sealed record RowPick(AddFile File, DeletionVector? Rows, DeletionVector? But);
