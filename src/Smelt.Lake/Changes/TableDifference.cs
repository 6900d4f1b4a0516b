namespace Smelt.Lake;

/// <summary>The rows that came to a table and went from it between two versions of it.</summary>
internal sealed record TableDifference
{
    private const string Columns = $"{ChangeFeedColumns.ChangeType}, {ChangeFeedColumns.CommitVersion}, {ChangeFeedColumns.CommitTimestamp}";

    /// <summary>Whether a name is one of the change feed's columns, by which rows that came and went are told.</summary>
    public static bool IsOwn(string name) => Columns.Split(", ").Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Every row that came or went, with the change feed's three columns. A row that a file's rewriting moved may both go and come.</summary>
    public required TableScan Scan { get; init; }

    /// <summary>Whether rows only came.</summary>
    public required bool OnlyAppends { get; init; }

    /// <summary>Bytes of the files that tell.</summary>
    public required long Bytes { get; init; }

    /// <summary>Data files that tell.</summary>
    public required IReadOnlyList<AddFile> Files { get; init; }

    /// <summary>A SELECT of the rows that came from a view of <see cref="Scan"/>.</summary>
    public static string CameSql(string view) => Sql(view, ChangeFeedColumns.Insert, ChangeFeedColumns.UpdatePostimage);

    /// <summary>A SELECT of the rows that went.</summary>
    public static string WentSql(string view) => Sql(view, ChangeFeedColumns.Delete, ChangeFeedColumns.UpdatePreimage);

    /// <summary>A SELECT of both.</summary>
    public static string AllSql(string view) => $"SELECT * EXCLUDE ({Columns}) FROM {view}";

    private static string Sql(string view, string one, string other) => $"{AllSql(view)} WHERE {ChangeFeedColumns.ChangeType} IN ('{one}', '{other}')";
}

/// <summary>Whether a difference can still be told.</summary>
internal abstract record DifferenceResult
{
    private DifferenceResult()
    {
    }

    internal sealed record Found(TableDifference Difference) : DifferenceResult;

    /// <summary>What is missing, as a clause.</summary>
    internal sealed record Lost(string Reason) : DifferenceResult;
}
