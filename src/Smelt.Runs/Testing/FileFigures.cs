using System.Text.Json;
using Smelt.Engine;
using Smelt.Lake;

namespace Smelt.Runs;

/// <summary>Figures of a table that its files' statistics tell, without reading a row: how many there are, how many values are NULL, how old the newest time is.</summary>
internal static class FileFigures
{
    /// <param name="table">At the version whose figures they are.</param>
    /// <param name="now">What freshness is measured from.</param>
    /// <returns>What cannot be told (a file without statistics, rows deleted by vectors) is left out.</returns>
    public static List<ProfileFigure> Of(Snapshot table, DateTimeOffset now)
    {
        if (table.Files.Any(static f => f.LiveRecords is null)) return [];
        var rows = table.Files.Sum(static f => f.LiveRecords!.Value);
        var figures = new List<ProfileFigure> { new(null, "row_count", rows) };
        if (rows == 0 || table.Files.Any(static f => f.DeletionVector is not null)) return figures;
        var columns = table.Schema.Fields.Where(static f => !f.Name.StartsWith('_')).Select(f => new ColumnTotals(f, table.Metadata.PartitionColumns.Contains(f.Name, StringComparer.Ordinal))).ToList();
        foreach (var file in table.Files) Add(columns, file);
        figures.AddRange(columns.SelectMany(c => c.Figures(rows, now)));
        return figures;
    }

    private static void Add(List<ColumnTotals> columns, AddFile file)
    {
        try
        {
            using var stats = JsonDocument.Parse(file.Stats ?? "{}");
            foreach (var column in columns) column.Add(file, stats.RootElement);
        }
        catch (JsonException)
        {
            // Statistics are optional: text that cannot be read tells nothing.
            columns.Clear();
        }
    }
}

/// <summary>What the files told of a column so far.</summary>
internal sealed class ColumnTotals(DeltaField field, bool isPartition)
{
    private readonly bool _isTime = field.Type is PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" };
    private long? _nulls = 0;
    private Int128? _newest;
    private bool _hasNewest = true;

    public void Add(AddFile file, JsonElement stats)
    {
        if (isPartition)
        {
            var text = file.PartitionValues.GetValueOrDefault(field.PhysicalName);
            _nulls += string.IsNullOrEmpty(text) ? file.LiveRecords : 0;
            _hasNewest = false;
            return;
        }
        var nulls = Leaf(stats, "nullCount") is { ValueKind: JsonValueKind.Number } count && count.TryGetInt64(out var n) ? n : (long?)null;
        _nulls += nulls;
        if (!_isTime || nulls == file.LiveRecords) return;
        if (Leaf(stats, "maxValues") is { } greatest && StatBounds.Of(greatest, field, isLow: false) is Bound.Exact { Scale: 0 } bound) _newest = _newest is { } known && known > bound.Value ? known : bound.Value;
        else _hasNewest = false;
    }

    public IEnumerable<ProfileFigure> Figures(long rows, DateTimeOffset now)
    {
        if (_nulls is { } nulls) yield return new ProfileFigure(field.Name, "null_rate", (double)nulls / rows);
        if (_isTime && _hasNewest && _newest is { } newest) yield return new ProfileFigure(field.Name, "freshness", now.ToUnixTimeMilliseconds() / 1000.0 - (double)newest / 1_000_000);
    }

    private JsonElement? Leaf(JsonElement stats, string group) =>
        stats.ValueKind == JsonValueKind.Object && stats.TryGetProperty(group, out var values) && values.ValueKind == JsonValueKind.Object && values.TryGetProperty(field.PhysicalName, out var value) ? value : null;
}
