using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>SQL that renames nested fields between their logical and their physical names, at any depth; NULL stays NULL.</summary>
internal static class FieldRename
{
    /// <summary>Whether a type has nested fields whose names differ.</summary>
    internal static bool Needed(DeltaType type) => type.Any(t => t is StructType s && s.Fields.Any(f => f.PhysicalName != f.Name));

    /// <param name="value">SQL of a value.</param>
    /// <param name="type">Its type.</param>
    /// <param name="toPhysical">The direction.</param>
    internal static string Sql(string value, DeltaType type, bool toPhysical) => Sql(value, type, toPhysical, 0);

    private static string Sql(string value, DeltaType type, bool toPhysical, int depth)
    {
        if (!Needed(type))
            return value;
        var item = $"e{depth}";
        return type switch
        {
            StructType s => $"CASE WHEN {value} IS NULL THEN NULL ELSE struct_pack({string.Join(", ", s.Fields.Select(f => Field(value, f, toPhysical, depth)))}) END",
            ArrayType a => $"list_transform({value}, lambda {item}: {Sql(item, a.Element, toPhysical, depth + 1)})",
            MapType m => $"map_from_entries(list_transform(map_entries({value}), lambda {item}: struct_pack(key := {Sql(item + ".key", m.Key, toPhysical, depth + 1)}, value := {Sql(item + ".value", m.Value, toPhysical, depth + 1)})))",
            _ => value,
        };
    }

    private static string Field(string value, DeltaField field, bool toPhysical, int depth)
    {
        var (from, to) = toPhysical ? (field.Name, field.PhysicalName) : (field.PhysicalName, field.Name);
        return $"{SqlText.Identifier(to)} := {Sql($"({value}).{SqlText.Identifier(from)}", field.Type, toPhysical, depth)}";
    }
}
