using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>Figures of a table that its files' statistics tell, without reading a row: how many there are, how many values are NULL, how old the newest time is.</summary>
internal static class FileFigures
{
    /// <summary>The statistics of more files are not read for figures of columns: every update would wait for it.</summary>
    internal const int MostFiles = 2_000;

    /// <param name="table">At the version whose figures they are.</param>
    /// <param name="now">What freshness is measured from.</param>
    /// <returns>What cannot be told (a file without statistics, rows deleted by vectors, more than <see cref="MostFiles"/> files) is left out.</returns>
    public static List<ProfileFigure> Of(Snapshot table, DateTimeOffset now)
    {
        if (table.Files.Any(static f => f.LiveRecords is null)) return [];
        var rows = table.Files.Sum(static f => f.LiveRecords!.Value);
        var figures = new List<ProfileFigure> { new(null, "row_count", rows) };
        if (rows == 0 || table.Files.Count > MostFiles || table.Files.Any(static f => f.DeletionVector is not null)) return figures;
        var columns = new Dictionary<string, ColumnTotals>(StringComparer.Ordinal);
        foreach (var field in table.Schema.Fields.Where(static f => !f.Name.StartsWith('_'))) columns[field.PhysicalName] = new ColumnTotals(field, table.Metadata.PartitionColumns.Contains(field.Name, StringComparer.Ordinal));
        foreach (var file in table.Files) Add(columns, file);
        figures.AddRange(columns.Values.SelectMany(c => c.Figures(rows, now)));
        return figures;
    }

    private static void Add(Dictionary<string, ColumnTotals> columns, AddFile file)
    {
        try
        {
            using var stats = JsonDocument.Parse(file.Stats ?? "{}");
            foreach (var value in Group(stats.RootElement, "nullCount"))
                if (columns.TryGetValue(value.Name, out var column)) column.Nulls(value.Value);
            foreach (var value in Group(stats.RootElement, "maxValues"))
                if (columns.TryGetValue(value.Name, out var column)) column.Greatest(value.Value);
            foreach (var column in columns.Values) column.End(file);
        }
        catch (JsonException)
        {
            // Statistics are optional: text that cannot be read tells nothing.
            columns.Clear();
        }
    }

    private static JsonElement.ObjectEnumerator Group(JsonElement stats, string name) =>
        stats.ValueKind == JsonValueKind.Object && stats.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Object ? values.EnumerateObject() : default;
}

/// <summary>What the files told of a column so far.</summary>
internal sealed class ColumnTotals(DeltaField field, bool isPartition)
{
    private readonly bool _isTime = field.Type is PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" };
    private long? _nulls = 0;
    private Int128? _newest;
    private bool _hasNewest = true;

    private long? _fileNulls;
    private Int128? _fileNewest;

    public void Nulls(JsonElement value) => _fileNulls = value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) ? count : null;

    public void Greatest(JsonElement value) => _fileNewest = _isTime && value.ValueKind == JsonValueKind.String ? Micros(value.GetString()!) : null;

    /// <summary>All of one file was told.</summary>
    public void End(AddFile file)
    {
        var (nulls, newest) = (_fileNulls, _fileNewest);
        (_fileNulls, _fileNewest) = (null, null);
        if (isPartition)
        {
            var text = file.PartitionValues.GetValueOrDefault(field.PhysicalName);
            _nulls += string.IsNullOrEmpty(text) ? file.LiveRecords : 0;
            _hasNewest = false;
            return;
        }
        _nulls += nulls;
        if (!_isTime || nulls == file.LiveRecords) return;
        if (newest is { } there) _newest = _newest is { } known && known > there ? known : there;
        else _hasNewest = false;
    }

    public IEnumerable<ProfileFigure> Figures(long rows, DateTimeOffset now)
    {
        if (_nulls is { } nulls) yield return new ProfileFigure(field.Name, "null_rate", (double)nulls / rows);
        if (_isTime && _hasNewest && _newest is { } newest) yield return new ProfileFigure(field.Name, "freshness", now.ToUnixTimeMilliseconds() / 1000.0 - (double)newest / 1_000_000);
    }

    /// <summary>A time as its statistics have it, not moved outward as for a bound; null where it is not the column's: an instant without a zone is in its writer's, which nobody knows.</summary>
    private Int128? Micros(string text)
    {
        if (field.Type is PrimitiveType { Name: "date" }) return TimeText.Day(text) is { } day ? (Int128)day * TimeText.MicrosPerDay : null;
        if (TimeText.Time(text) is not { } time) return null;
        return field.Type is PrimitiveType { Name: "timestamp" } ? time.Zone == TimeZoneKind.None ? null : time.Micros : time.Zone == TimeZoneKind.Offset ? null : time.Micros;
    }
}
