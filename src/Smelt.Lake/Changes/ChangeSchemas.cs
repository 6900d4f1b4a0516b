namespace Smelt.Lake;

/// <summary>Whether rows of one version go under the columns of a later one, which the change data feed gives them.</summary>
internal static class ChangeSchemas
{
    /// <summary>What does not go; null where all does: columns may be added, and types be widened.</summary>
    internal static string? Difference(TableMetadata before, TableMetadata after)
    {
        if (ReferenceEquals(before, after) || before.SchemaString == after.SchemaString && before.PartitionColumns.SequenceEqual(after.PartitionColumns))
            return null;
        if (before.Id != after.Id)
            return "it is another table";
        if (!before.PartitionColumns.SequenceEqual(after.PartitionColumns, StringComparer.Ordinal))
            return "it has other partition columns";
        return Difference(before.Schema, after.Schema, "");
    }

    private static string? Difference(StructType before, StructType after, string prefix)
    {
        foreach (var field in before.Fields)
        {
            var name = prefix + field.Name;
            if (after.Find(field.Name) is not { } now)
                return $"the column '{name}' was dropped or renamed";
            if (now.PhysicalName != field.PhysicalName)
                return $"the column '{name}' is another one of the same name";
            if (!Goes(field.Type, now.Type, name, out var inner))
                return inner ?? $"the column '{name}' was {field.Type} and is {now.Type}";
        }
        return null;
    }

    private static bool Goes(DeltaType before, DeltaType after, string name, out string? difference)
    {
        difference = null;
        switch (before, after)
        {
            case (StructType b, StructType a):
                difference = Difference(b, a, name + ".");
                return difference is null;
            case (ArrayType b, ArrayType a):
                return Goes(b.Element, a.Element, name + ".element", out difference);
            case (MapType b, MapType a):
                return Goes(b.Key, a.Key, name + ".key", out difference) && Goes(b.Value, a.Value, name + ".value", out difference);
            default:
                return before.Equals(after) || (after is not PrimitiveType { Name: "string" } && after.Equals(TypeRules.Merge(after, before)));
        }
    }
}
