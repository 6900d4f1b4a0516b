namespace Smelt.Lake;

/// <summary>A type of a Delta schema (PROTOCOL.md, "Schema Serialization Format"). Values are equal by structure. <c>ToString</c> is the short form Spark prints, e.g. <c>struct&lt;a:bigint&gt;</c>.</summary>
public abstract record DeltaType
{
    public static readonly PrimitiveType String = new("string");
    public static readonly PrimitiveType Long = new("long");
    public static readonly PrimitiveType Integer = new("integer");
    public static readonly PrimitiveType Short = new("short");
    public static readonly PrimitiveType Byte = new("byte");
    public static readonly PrimitiveType Float = new("float");
    public static readonly PrimitiveType Double = new("double");
    public static readonly PrimitiveType Boolean = new("boolean");
    public static readonly PrimitiveType Binary = new("binary");
    public static readonly PrimitiveType Date = new("date");
    public static readonly PrimitiveType Timestamp = new("timestamp");
    public static readonly PrimitiveType TimestampNtz = new("timestamp_ntz");

    /// <summary>A column that holds only NULL and is in no data file.</summary>
    public static readonly PrimitiveType Void = new("void");

    /// <summary>Whether the type, or one nested in it, satisfies <paramref name="test"/>.</summary>
    public bool Any(Func<DeltaType, bool> test) => test(this) || this switch
    {
        ArrayType a => a.Element.Any(test),
        MapType m => m.Key.Any(test) || m.Value.Any(test),
        StructType s => s.Fields.Any(f => f.Type.Any(test)),
        _ => false,
    };
}

/// <summary>A type without parameters, by its name in the protocol.</summary>
public sealed record PrimitiveType(string Name) : DeltaType
{
    public override string ToString() => Name switch { "long" => "bigint", "integer" => "int", "short" => "smallint", "byte" => "tinyint", _ => Name };
}

/// <summary><c>decimal(p,s)</c>, 1 to 38 digits.</summary>
public sealed record DecimalType(int Precision, int Scale) : DeltaType
{
    public override string ToString() => $"decimal({Precision},{Scale})";
}

/// <summary>A list of one type.</summary>
public sealed record ArrayType(DeltaType Element, bool ContainsNull = true) : DeltaType
{
    public override string ToString() => $"array<{Element}>";
}

/// <summary>A map; keys are never null.</summary>
public sealed record MapType(DeltaType Key, DeltaType Value, bool ValueContainsNull = true) : DeltaType
{
    public override string ToString() => $"map<{Key},{Value}>";
}

/// <summary>Named fields in order; a table's schema is one. Names are unique without case.</summary>
public sealed record StructType(IReadOnlyList<DeltaField> Fields) : DeltaType
{
    /// <summary>The field of that name, compared without case, or null.</summary>
    public DeltaField? Find(string name)
    {
        foreach (var field in Fields)
            if (string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
                return field;
        return null;
    }

    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var field in Fields)
            hash.Add(field);
        return hash.ToHashCode();
    }

    public override string ToString() => $"struct<{string.Join(",", Fields.Select(f => $"{f.Name}:{f.Type}"))}>";
}

/// <summary>A field of a struct.</summary>
/// <param name="Name">Logical name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Nullable">Whether NULL is allowed.</param>
/// <param name="Metadata">The protocol's column metadata: key to raw JSON text. Everything unknown is kept.</param>
public sealed record DeltaField(string Name, DeltaType Type, bool Nullable, FieldMetadata Metadata)
{
    public DeltaField(string name, DeltaType type, bool nullable = true) : this(name, type, nullable, FieldMetadata.Empty)
    {
    }

    /// <summary>The column's description, or null.</summary>
    public string? Comment => Metadata.Text("comment");

    /// <summary>The name in data files, statistics and partition values: the mapped one where the column has one, else <see cref="Name"/>.</summary>
    public string PhysicalName => Metadata.Text("delta.columnMapping.physicalName") ?? Name;

    /// <summary>The column mapping's id, which is the Parquet field id, or null.</summary>
    public int? Id => Metadata.Integer("delta.columnMapping.id");
}
