using System.Text.Json;

namespace Smelt.Lake;

/// <summary>
/// Columns that take a wider type while their files stay as they are (PROTOCOL.md, "Type Widening"). Each change is written to the column's metadata, so that readers
/// know what old files hold.
/// </summary>
internal static class TypeWidening
{
    internal const string Enabled = "delta.enableTypeWidening", Changes = "delta.typeChanges";

    /// <summary>Whether a type may become another where the table allows widening.</summary>
    internal static bool IsAllowed(DeltaType from, DeltaType to) => (from, to) switch
    {
        (PrimitiveType f, PrimitiveType t) => (f.Name, t.Name) is ("byte", "short" or "integer" or "long" or "double") or ("short", "integer" or "long" or "double")
            or ("integer", "long" or "double") or ("float", "double") or ("date", "timestamp_ntz"),
        (PrimitiveType { Name: "byte" or "short" or "integer" }, DecimalType d) => d.Precision - d.Scale >= 10,
        (PrimitiveType { Name: "long" }, DecimalType d) => d.Precision - d.Scale >= 20,
        (DecimalType f, DecimalType t) => t.Scale >= f.Scale && t.Precision - t.Scale >= f.Precision - f.Scale && !f.Equals(t),
        _ => false,
    };

    /// <summary>
    /// Changes that happen without being asked, when wider rows come: within whole numbers, floats, decimals and dates. Others (say whole number to double) lose the
    /// type's meaning and are only made by ALTER.
    /// </summary>
    internal static bool IsAutomatic(DeltaType from, DeltaType to) => IsAllowed(from, to) && (from, to) switch
    {
        (PrimitiveType { Name: "byte" or "short" or "integer" }, PrimitiveType { Name: "double" }) => false,
        (PrimitiveType, DecimalType) => false,
        _ => true,
    };

    /// <summary>The column with a type that differs from its own in widened parts only, each noted; null where another part differs.</summary>
    internal static DeltaField? Widen(DeltaField field, DeltaType to, Func<DeltaType, DeltaType, bool> allowed)
    {
        var changes = new List<(string Path, DeltaType From, DeltaType To)>();
        return Type(field.Type, to, "", allowed, changes) is not { } type ? null
            : changes.Count == 0 ? field with { Type = type } : field with { Type = type, Metadata = Noted(field.Metadata, changes) };
    }

    private static DeltaType? Type(DeltaType from, DeltaType to, string path, Func<DeltaType, DeltaType, bool> allowed, List<(string, DeltaType, DeltaType)> changes)
    {
        switch (from, to)
        {
            case (ArrayType f, ArrayType t):
                return Type(f.Element, t.Element, Join(path, "element"), allowed, changes) is { } element ? f with { Element = element } : null;
            case (MapType f, MapType t):
                return Type(f.Key, t.Key, Join(path, "key"), allowed, changes) is { } key && Type(f.Value, t.Value, Join(path, "value"), allowed, changes) is { } value
                    ? f with { Key = key, Value = value } : null;
            case (StructType f, StructType t):
                return Fields(f, t, allowed);
        }
        if (TypeRules.Merge(from, to) is { } kept)
            return kept;
        if (!allowed(from, to))
            return null;
        changes.Add((path, from, to));
        return to;
    }

    /// <summary>A struct's fields carry their own changes; fields that only the rows have are added.</summary>
    private static StructType? Fields(StructType from, StructType to, Func<DeltaType, DeltaType, bool> allowed)
    {
        var fields = from.Fields.ToList();
        foreach (var wider in to.Fields)
        {
            var at = fields.FindIndex(f => string.Equals(f.Name, wider.Name, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
                fields.Add(wider with { Nullable = true });
            else if (Widen(fields[at], wider.Type, allowed) is { } field)
                fields[at] = field;
            else
                return null;
        }
        return fields.SequenceEqual(from.Fields) ? from : new StructType(fields);
    }

    private static FieldMetadata Noted(FieldMetadata metadata, List<(string Path, DeltaType From, DeltaType To)> changes)
    {
        var entries = changes.Select(c => $"{{\"toType\":{Name(c.To)},\"fromType\":{Name(c.From)}{(c.Path.Length == 0 ? "" : $",\"fieldPath\":{Quoted(c.Path)}")}}}");
        var earlier = metadata.Raw.GetValueOrDefault(Changes)?.Trim() is { Length: > 2 } list ? list[1..^1].Trim() : "";
        return metadata.WithRaw(Changes, $"[{string.Join(',', entries.Prepend(earlier).Where(e => e.Length > 0))}]");
    }

    private static string Name(DeltaType type) => Quoted(type is PrimitiveType p ? p.Name : type.ToString()!);

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, LogJson.Encoder)}\"";

    private static string Join(string path, string part) => path.Length == 0 ? part : $"{path}.{part}";
}
