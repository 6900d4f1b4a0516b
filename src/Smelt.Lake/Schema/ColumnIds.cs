namespace Smelt.Lake;

/// <summary>Ids and physical names of mapped columns (PROTOCOL.md, "Column Mapping": both for every field, nested ones too, and neither used twice).</summary>
internal static class ColumnIds
{
    private const string IdKey = "delta.columnMapping.id", NameKey = "delta.columnMapping.physicalName";

    /// <summary>Gives every field that has no id the next one.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="last">The highest id given so far.</param>
    /// <param name="keepNames">
    /// Whether physical names may be the fields' own: in new tables, where they never meant another column, and where mapping is turned on over files that have them.
    /// Names that Parquet readers refuse are replaced always.
    /// </param>
    internal static (StructType Schema, int Last) Assign(StructType schema, int last, bool keepNames)
    {
        var assigned = (StructType)Type(schema, ref last, keepNames);
        return (assigned, last);
    }

    internal static int Highest(StructType schema)
    {
        var highest = 0;
        _ = schema.Any(t =>
        {
            if (t is StructType s)
                foreach (var field in s.Fields)
                    highest = Math.Max(highest, field.Id ?? 0);
            return false;
        });
        return highest;
    }

    private static DeltaType Type(DeltaType type, ref int last, bool keepNames)
    {
        switch (type)
        {
            case ArrayType a:
                return a with { Element = Type(a.Element, ref last, keepNames) };
            case MapType m:
                return m with { Key = Type(m.Key, ref last, keepNames), Value = Type(m.Value, ref last, keepNames) };
            case StructType s:
                var fields = new List<DeltaField>(s.Fields.Count);
                foreach (var field in s.Fields)
                    fields.Add(Field(field, ref last, keepNames));
                return new StructType(fields);
            default:
                return type;
        }
    }

    private static DeltaField Field(DeltaField field, ref int last, bool keepNames)
    {
        var metadata = field.Metadata;
        if (field.Id is null)
            metadata = metadata.WithInteger(IdKey, ++last);
        if (metadata.Text(NameKey) is null)
            metadata = metadata.WithText(NameKey, keepNames && !ColumnRules.IsRefused(field.Name) ? field.Name : $"col-{Guid.NewGuid()}");
        return field with { Metadata = metadata, Type = Type(field.Type, ref last, keepNames) };
    }
}
