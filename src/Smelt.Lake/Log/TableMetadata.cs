namespace Smelt.Lake;

/// <summary>What a table is (PROTOCOL.md, "Change Metadata").</summary>
public sealed record TableMetadata
{
    // The text goes with the parsed schema, as a copy made by "with" takes this field along and may have another text.
    private Parsed? _parsed;

    /// <summary>Identifies the table: another id under the same path is another table.</summary>
    public required string Id { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>The schema as JSON text.</summary>
    public required string SchemaString { get; init; }

    /// <summary>Partition columns by logical name, in order.</summary>
    public IReadOnlyList<string> PartitionColumns { get; init; } = [];

    /// <summary>Table properties.</summary>
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = EmptyMap.Texts;

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long? CreatedTime { get; init; }

    /// <summary>Parquet reader's options; empty today.</summary>
    public IReadOnlyDictionary<string, string> FormatOptions { get; init; } = EmptyMap.Texts;

    /// <summary>The schema, parsed on first use.</summary>
    /// <exception cref="DeltaLogException">The text is not a schema.</exception>
    public StructType Schema
    {
        get
        {
            var parsed = _parsed;
            if (parsed is null || !ReferenceEquals(parsed.Text, SchemaString))
                _parsed = parsed = new Parsed(SchemaString, ParseSchema());
            return parsed.Schema;
        }
    }

    private sealed record Parsed(string Text, StructType Schema);

    private StructType ParseSchema()
    {
        try
        {
            return SchemaJson.Parse(SchemaString);
        }
        catch (FormatException e)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, Id, e.Message, inner: e);
        }
    }

    /// <summary>A property's value, or null.</summary>
    public string? Property(string name) => Configuration.GetValueOrDefault(name);

    /// <summary>Whether the property says true, in any case.</summary>
    public bool IsOn(string name) => string.Equals(Property(name), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>How columns are found in data files.</summary>
    public ColumnMappingMode ColumnMapping => Property("delta.columnMapping.mode")?.ToLowerInvariant() switch
    {
        "name" => ColumnMappingMode.Name,
        "id" => ColumnMappingMode.Id,
        _ => ColumnMappingMode.None,
    };

    public bool Equals(TableMetadata? other) => other is not null && Id == other.Id && Name == other.Name && Description == other.Description
        && SchemaString == other.SchemaString && PartitionColumns.SequenceEqual(other.PartitionColumns)
        && Configuration.Count == other.Configuration.Count
        && Configuration.All(e => other.Configuration.TryGetValue(e.Key, out var v) && v == e.Value);

    public override int GetHashCode() => HashCode.Combine(Id, SchemaString, Configuration.Count);
}

/// <summary>How columns are found in data files (PROTOCOL.md, "Column Mapping").</summary>
public enum ColumnMappingMode
{
    /// <summary>By their own names.</summary>
    None,

    /// <summary>By their physical names.</summary>
    Name,

    /// <summary>By Parquet field ids.</summary>
    Id,
}
