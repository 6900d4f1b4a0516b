using System.Globalization;
using System.Text.Json;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// Files whose footers say that their old dates and timestamps are in the hybrid Julian calendar (Spark's <c>org.apache.spark.legacyDateTime</c> and <c>legacyINT96</c>, and
/// all that Spark wrote before 3.0). Read as they are, dates before 1582-10-15 would be days off and timestamps before 1900 minutes; so such values are refused. Footers
/// are only looked at where statistics do not rule old values out.
/// </summary>
internal static class LegacyCalendar
{
    private static readonly Bound.Exact FirstSafeDate = new((Int128)TimeText.DaysFromCivil(1582, 10, 15) * TimeText.MicrosPerDay, 0);
    private static readonly Bound.Exact FirstSafeTime = new((Int128)TimeText.DaysFromCivil(1900, 1, 1) * TimeText.MicrosPerDay, 0);

    /// <summary>The files of a table that may hold old dates or timestamps, by their statistics.</summary>
    internal static IReadOnlyList<AddFile> Suspects(TableMetadata metadata, IReadOnlyList<AddFile> files)
    {
        var columns = Columns(metadata);
        if (columns.Count == 0)
            return [];
        var hasNested = metadata.Schema.Fields.Any(f => !IsTime(f.Type) && f.Type.Any(IsTime));
        return [.. files.Where(f => f.Tags?.ContainsKey(PhysicalColumns.Tag) != true && (hasNested || !AllSafe(f, columns)))];
    }

    /// <exception cref="LegacyCalendarException">One of the files holds an old value in the legacy calendar.</exception>
    internal static void Check(DuckDbConnection connection, DeltaTable table, TableMetadata metadata, IReadOnlyList<AddFile> suspects)
    {
        foreach (var batch in suspects.Chunk(200))
        {
            var paths = batch.Select(f => FilePath.Locate(table, f.Path)).ToList();
            var list = string.Join(", ", paths.Select(p => SqlText.Literal(ParquetSql.EscapeGlob(p))));
            var rows = connection.Rows($"SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata([{list}]) WHERE decode(key) LIKE 'org.apache.spark.%'");
            foreach (var file in rows.GroupBy(r => (string)r[0]!))
                if (IsLegacy(file.ToDictionary(r => (string)r[1]!, r => r[2] as string, StringComparer.Ordinal)))
                    CheckValues(connection, table, metadata, file.Key);
        }
    }

    /// <summary>As Spark itself decides it: by its version, or by the mark that a newer one leaves.</summary>
    private static bool IsLegacy(Dictionary<string, string?> footer) => footer.ContainsKey("org.apache.spark.legacyDateTime") || footer.ContainsKey("org.apache.spark.legacyINT96")
        || (footer.GetValueOrDefault("org.apache.spark.version") is { } version && int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major < 3);

    private static void CheckValues(DuckDbConnection connection, DeltaTable table, TableMetadata metadata, string path)
    {
        using var shape = connection.Query($"SELECT * FROM read_parquet({SqlText.Literal(ParquetSql.EscapeGlob(path))}, hive_partitioning=false) LIMIT 0");
        var present = shape.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var field in metadata.Schema.Fields.Where(f => !metadata.PartitionColumns.Contains(f.Name) && f.Type.Any(IsTime) && present.Contains(f.PhysicalName)))
        {
            var limit = field.Type == DeltaType.Date ? "DATE '1582-10-15'" : "TIMESTAMP '1900-01-01 00:00:00'";
            var isOld = !IsTime(field.Type) || connection.Scalar($"SELECT bool_or({SqlText.Identifier(field.PhysicalName)}::TIMESTAMP < {limit}) FROM read_parquet({SqlText.Literal(ParquetSql.EscapeGlob(path))}, hive_partitioning=false)") is true;
            if (isOld)
                throw new LegacyCalendarException(table.Folder, field.Name, path);
        }
    }

    private static List<(PrunedColumn Column, Bound.Exact Limit)> Columns(TableMetadata metadata) =>
        [.. metadata.Schema.Fields.Where(f => f.Type.Any(IsTime) && !metadata.PartitionColumns.Contains(f.Name)).Select(f => (PrunedColumn.Find(metadata, [f.Name])!, f.Type == DeltaType.Date ? FirstSafeDate : FirstSafeTime))];

    private static bool AllSafe(AddFile file, List<(PrunedColumn Column, Bound.Exact Limit)> columns)
    {
        if (string.IsNullOrEmpty(file.Stats))
            return false;
        try
        {
            using var stats = JsonDocument.Parse(file.Stats);
            return columns.TrueForAll(c => c.Column is not null && c.Column.RangeIn(file, stats.RootElement) is var range
                && (!range.MayBeValue || (range.Low is Bound.Exact low && low.Value >= c.Limit.Value)));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsTime(DeltaType type) => Bound.IsTime(type);
}

/// <summary>A data file has dates or timestamps in the hybrid calendar that Spark before 3.0 wrote (or a newer one, told to), which are not read.</summary>
public sealed class LegacyCalendarException(string table, string column, string file) : LakeException("legacy-calendar",
    $"table '{table}': the column '{column}' of the file '{file}' has values in the legacy calendar (org.apache.spark.legacyDateTime), dates before 1582-10-15 or timestamps before 1900, which Smelt does not convert. "
    + "Rewrite them with Spark: spark.sql.parquet.datetimeRebaseModeInWrite = CORRECTED")
{
    /// <summary>The column.</summary>
    public string Column { get; } = column;

    /// <summary>Where the file is.</summary>
    public string File { get; } = file;
}
