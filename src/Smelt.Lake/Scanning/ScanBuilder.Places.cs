using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>Rows with their places and ids, for what changes them.</content>
internal sealed partial class ScanBuilder
{
    private IEnumerable<string> Places(List<AddFile> files, bool constant)
    {
        if (NumberOf is null)
            yield break;
        yield return $"{RowPlace.Sql(FileNumber(files), "smelt_r.file_row_number")} AS {RowPlace.Column}";
        if (RowTrackingColumns.Of(_metadata) is not { } names)
            yield break;
        var owner = _metadata.ColumnMapping == ColumnMappingMode.Id ? "smelt_i" : "smelt_r";
        var (first, version) = constant ? (Id(files[0].BaseRowId), Id(files[0].DefaultRowCommitVersion)) : ("smelt_p.base", "smelt_p.version");
        yield return $"coalesce({owner}.{SqlText.Identifier(names.RowId)}, {first} + smelt_r.file_row_number) AS {RowPlace.RowId}";
        yield return $"coalesce({owner}.{SqlText.Identifier(names.CommitVersion)}, {version}) AS {RowPlace.CommitVersion}";
    }

    /// <summary>SQL of the number of a row's file: the reader's own index where the numbers follow each other, else looked up.</summary>
    private string FileNumber(List<AddFile> files)
    {
        var numbers = files.ConvertAll(f => NumberOf!(f));
        var first = numbers[0];
        var follow = numbers.Select((n, i) => n == first + i).All(static same => same);
        return follow
            ? string.Create(CultureInfo.InvariantCulture, $"(smelt_r.file_index + {first})")
            : $"([{string.Join(", ", numbers)}])[CAST(smelt_r.file_index AS BIGINT) + 1]";
    }

    private IEnumerable<string> RowIdColumns()
    {
        var names = RowTrackingColumns.Of(_metadata)!;
        foreach (var name in (string[])[names.RowId, names.CommitVersion])
            yield return $"{SqlText.Literal(name)}: {{name: {SqlText.Literal(name)}, type: 'BIGINT', default_value: NULL}}";
    }

    /// <summary>Hidden columns have no field ids, so where columns are found by id they are read beside.</summary>
    private string ReadRowIds(List<AddFile> files) =>
        $"read_parquet([{Paths(files)}], schema=MAP {{{string.Join(", ", RowIdColumns())}}}, hive_partitioning=false)";

    private static string Id(long? id) => id is { } number ? $"CAST({number.ToString(CultureInfo.InvariantCulture)} AS BIGINT)" : "CAST(NULL AS BIGINT)";
}

/// <summary>Where a row is: the number of its file and its own in it, in one BIGINT, as a join on one number is half the work of one on two.</summary>
internal static class RowPlace
{
    /// <summary>Column of the place.</summary>
    internal const string Column = "__smelt_place";

    /// <summary>Column of the row's id, where the table tracks rows.</summary>
    internal const string RowId = "__smelt_row_id";

    /// <summary>Column of the version that last changed the row, where the table tracks rows.</summary>
    internal const string CommitVersion = "__smelt_row_version";

    private const int RowBits = 40;

    internal static string Sql(string file, string row) => $"((CAST({file} AS BIGINT) << {RowBits}) | {row})";

    /// <summary>SQL of the file's number, from a place.</summary>
    internal static string FileSql(string place) => $"({place} >> {RowBits})";

    internal static int FileOf(long place) => (int)(place >> RowBits);

    internal static long RowOf(long place) => place & ((1L << RowBits) - 1);
}

/// <summary>Hidden columns that keep ids of rows that moved (PROTOCOL.md, "Row Tracking").</summary>
/// <param name="RowId">Physical name of the row id's column.</param>
/// <param name="CommitVersion">Physical name of the column of the row's commit version.</param>
internal sealed record RowTrackingColumns(string RowId, string CommitVersion)
{
    /// <summary>Null where the table does not track rows.</summary>
    /// <exception cref="DeltaLogException">It does, and does not say in which columns.</exception>
    internal static RowTrackingColumns? Of(TableMetadata metadata)
    {
        if (!metadata.IsOn(RowTracking.Enabled))
            return null;
        return metadata.Property(RowTracking.IdColumn) is { } id && metadata.Property(RowTracking.VersionColumn) is { } version ? new RowTrackingColumns(id, version)
            : throw new DeltaLogException(DeltaLogFault.Corrupt, metadata.Id, $"the table tracks rows and lacks {RowTracking.IdColumn} or {RowTracking.VersionColumn}");
    }
}
