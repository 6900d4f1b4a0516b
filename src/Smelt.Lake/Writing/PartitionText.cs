namespace Smelt.Lake;

/// <summary>Partition values as the log writes them (PROTOCOL.md, "Partition Value Serialization"), from the texts that DuckDB returns.</summary>
internal static class PartitionText
{
    internal static IReadOnlyDictionary<string, string?> Of(TableMetadata metadata, Dictionary<string, string?> keys)
    {
        if (metadata.PartitionColumns.Count == 0)
            return EmptyMap.Values;
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var column in metadata.PartitionColumns)
        {
            var field = metadata.Schema.Find(column)!;
            values[field.PhysicalName] = keys.GetValueOrDefault(field.PhysicalName) is { } text ? Value(field, text) : null;
        }
        return values;
    }

    private static string? Value(DeltaField field, string text)
    {
        if (text.Length == 0)
            return null;
        var isTime = field.Type == DeltaType.Date || field.Type == DeltaType.Timestamp || field.Type == DeltaType.TimestampNtz;
        if (isTime && (text.EndsWith("(BC)", StringComparison.Ordinal) || text.Contains("infinity", StringComparison.Ordinal)))
            throw new DataValueException(field.Name, $"'{text}' cannot be a partition value");
        if (field.Type == DeltaType.Timestamp)
            return Instant(text);
        if (field.Type == DeltaType.Float || field.Type == DeltaType.Double)
            return text switch { "inf" => "Infinity", "-inf" => "-Infinity", "nan" => "NaN", _ => text };
        return text;
    }

    /// <summary>ISO 8601 in UTC with microseconds, which no reader takes for its own time zone.</summary>
    private static string Instant(string text)
    {
        var local = text.AsSpan(0, text.Length - "+00".Length);
        var point = local.IndexOf('.');
        var fraction = point < 0 ? "" : local[(point + 1)..].ToString();
        var seconds = point < 0 ? local.ToString() : local[..point].ToString();
        return $"{seconds.Replace(' ', 'T')}.{fraction.PadRight(6, '0')}Z";
    }
}

/// <summary>A row has a value that a Delta table cannot hold. The rows' author is to mend it; nothing was committed.</summary>
public sealed class DataValueException(string column, string message) : LakeException("data-value", $"column '{column}': {message}")
{
    /// <summary>The column.</summary>
    public string Column { get; } = column;
}
