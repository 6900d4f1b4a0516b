namespace Smelt.Lake;

/// <summary>How the type of new rows fits into a column that is there.</summary>
internal static class TypeRules
{
    /// <summary>
    /// The column's type after it takes rows of another type: the same where those are cast to it without loss, with more struct fields where the rows have more;
    /// null where they do not fit.
    /// </summary>
    internal static DeltaType? Merge(DeltaType table, DeltaType rows) => (table, rows) switch
    {
        _ when table.Equals(rows) => table,
        (ArrayType t, ArrayType r) => Merge(t.Element, r.Element) is { } element ? t with { Element = element } : null,
        (MapType t, MapType r) => Merge(t.Key, r.Key) is { } key && Merge(t.Value, r.Value) is { } value ? t with { Key = key, Value = value } : null,
        (StructType t, StructType r) => MergeFields(t, r),
        (DecimalType t, DecimalType r) => t.Scale >= r.Scale && t.Precision - t.Scale >= r.Precision - r.Scale ? t : null,
        (DecimalType t, PrimitiveType r) => Digits(r) is > 0 and var digits && t.Precision - t.Scale >= digits ? t : null,
        (PrimitiveType t, PrimitiveType r) => Widens(r.Name, t.Name) ? t : null,
        _ => null,
    };

    private static StructType? MergeFields(StructType table, StructType rows)
    {
        var fields = table.Fields.ToList();
        foreach (var field in rows.Fields)
        {
            var at = fields.FindIndex(f => string.Equals(f.Name, field.Name, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
                fields.Add(field with { Nullable = true });
            else if (Merge(fields[at].Type, field.Type) is { } type)
                fields[at] = fields[at] with { Type = type };
            else
                return null;
        }
        return fields.SequenceEqual(table.Fields) ? table : new StructType(fields);
    }

    private static int Digits(PrimitiveType type) => type.Name switch { "byte" => 3, "short" => 5, "integer" => 10, "long" => 19, _ => 0 };

    private static bool Widens(string from, string to) => (from, to) switch
    {
        ("byte", "short" or "integer" or "long" or "float" or "double") => true,
        ("short", "integer" or "long" or "float" or "double") => true,
        ("integer", "long" or "double") => true,
        ("float", "double") => true,
        ("date", "timestamp_ntz") => true,
        // Everything has a text; a column of text takes it as DuckDB writes it.
        ("byte" or "short" or "integer" or "long" or "boolean" or "date" or "timestamp_ntz", "string") => true,
        _ => false,
    };
}
