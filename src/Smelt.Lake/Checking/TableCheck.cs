namespace Smelt.Lake;

/// <summary>What looking at every part of a table found.</summary>
public sealed record TableCheck
{
    /// <summary>The newest version, or null where the log cannot be read.</summary>
    public long? Version { get; init; }

    /// <summary>Live files that were looked at.</summary>
    public int Files { get; init; }

    /// <summary>Deletion vectors that were read.</summary>
    public int DeletionVectors { get; init; }

    /// <summary>Files below the table's folder that neither the version nor retention needs: left by writers that failed, or waiting for VACUUM. No fault.</summary>
    public int OrphanFiles { get; init; }

    /// <summary>Their bytes.</summary>
    public long OrphanBytes { get; init; }

    /// <summary>What is wrong; empty where the table is whole.</summary>
    public IReadOnlyList<TableFinding> Findings { get; init; } = [];
}

/// <summary>Something wrong with a table.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="File">The file it shows at, as a path below the table, or null.</param>
/// <param name="Message">A sentence.</param>
public sealed record TableFinding(TableFindingKind Kind, string? File, string Message);

/// <summary>Kinds of <see cref="TableFinding"/>.</summary>
public enum TableFindingKind
{
    /// <summary>The log cannot be read, or needs features that are not supported.</summary>
    Log,

    /// <summary>Versions are missing between others.</summary>
    Gap,

    /// <summary>A checkpoint is incomplete or cannot be read, though the commits give the version.</summary>
    Checkpoint,

    /// <summary>The version's checksum file says something else than the log.</summary>
    Checksum,

    /// <summary>A live data file is not there.</summary>
    MissingFile,

    /// <summary>A live data file has another size than the log says.</summary>
    FileSize,

    /// <summary>A data file is no Parquet file.</summary>
    UnreadableFile,

    /// <summary>A deletion vector is not there, or not what its descriptor says.</summary>
    DeletionVector,

    /// <summary>The statistics count other rows than the file has.</summary>
    RowCount,
}
