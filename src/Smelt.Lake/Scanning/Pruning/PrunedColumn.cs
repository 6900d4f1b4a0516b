using System.Text.Json;

namespace Smelt.Lake;

/// <summary>A column of a predicate, found in the schema: where its values and bounds are in a file's <c>add</c> action.</summary>
internal sealed class PrunedColumn
{
    private readonly string[] _physical;
    private readonly DeltaField _field;

    private PrunedColumn(string[] physical, DeltaField field, bool isPartition) => (_physical, _field, IsPartition) = (physical, field, isPartition);

    internal bool IsPartition { get; }

    internal DeltaType Type => _field.Type;

    /// <summary>Null where the schema has no such leaf column, or one of a type that has no order.</summary>
    internal static PrunedColumn? Find(TableMetadata metadata, IReadOnlyList<string> path)
    {
        var physical = new string[path.Count];
        DeltaField? field = null;
        for (var i = 0; i < path.Count; i++)
        {
            field = (i == 0 ? metadata.Schema : field!.Type as StructType)?.Find(path[i]);
            if (field is null)
                return null;
            physical[i] = field.PhysicalName;
        }
        if (field is null || field.Type is StructType or ArrayType or MapType || field.Type == DeltaType.Void)
            return null;
        return new PrunedColumn(physical, field, path.Count == 1 && metadata.PartitionColumns.Contains(field.Name, StringComparer.Ordinal));
    }

    /// <summary>What the file says of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stats">Its statistics, parsed; undefined where it has none that can be read.</param>
    internal ColumnRange RangeIn(AddFile file, JsonElement stats) => IsPartition ? OfPartition(file) : OfStatistics(file, stats);

    private ColumnRange OfPartition(AddFile file)
    {
        // A file that does not name the column at all is not as the protocol demands: nothing is concluded from it.
        if (!file.PartitionValues.TryGetValue(_physical[0], out var text))
            return ColumnRange.Unknown;
        if (string.IsNullOrEmpty(text))
            return new ColumnRange { MayBeValue = false, MayBeNaN = false };
        if (PartitionBounds.Of(text, Type) is not { } bounds)
            return new ColumnRange { MayBeNull = false };
        return new ColumnRange { Low = bounds.Low, High = bounds.High, MayBeNull = false, MayBeNaN = false, IsSingle = Type == DeltaType.Float };
    }

    private ColumnRange OfStatistics(AddFile file, JsonElement stats)
    {
        if (stats.ValueKind != JsonValueKind.Object)
            return ColumnRange.Unknown;
        var (nulls, rows) = (Count(Leaf(stats, "nullCount"u8)), Count(stats.TryGetProperty("numRecords"u8, out var n) ? n : default));
        // Wide bounds (tightBounds=false, after deletions) keep both conclusions: a count of none or of all rows is exact even then.
        if (nulls is not null && rows is not null && nulls == rows && rows > 0)
            return new ColumnRange { MayBeValue = false, MayBeNaN = false };
        return new ColumnRange
        {
            Low = StatBounds.Of(Leaf(stats, "minValues"u8), _field, isLow: true),
            High = StatBounds.Of(Leaf(stats, "maxValues"u8), _field, isLow: false),
            // Not all writers count a nested column's NULLs where its struct is NULL.
            MayBeNull = _physical.Length > 1 || nulls != 0,
            // Writers that take bounds from Parquet leave NaN out of them; this one then writes no bounds.
            MayBeNaN = Bound.IsReal(Type) && file.Tags?.ContainsKey(PhysicalColumns.Tag) != true,
            IsSingle = StatBounds.IsSingle(_field),
        };
    }

    private JsonElement Leaf(JsonElement stats, ReadOnlySpan<byte> section)
    {
        if (!stats.TryGetProperty(section, out var at))
            return default;
        foreach (var name in _physical)
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return default;
        return at;
    }

    private static long? Count(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) ? count : null;
}
