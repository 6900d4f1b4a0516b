namespace Smelt.Lake;

/// <summary>A column, or a field within one: names from the outermost in. <c>element</c>, <c>key</c> and <c>value</c> lead into lists and maps.</summary>
public sealed record ColumnPath(IReadOnlyList<string> Names)
{
    /// <summary>A path from text: dots between names, names with other signs in back-ticks or double quotes.</summary>
    public static ColumnPath Parse(string text)
    {
        var names = new List<string>();
        var name = new System.Text.StringBuilder();
        char? quote = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote is null && c is '`' or '"')
                quote = c;
            else if (c == quote)
            {
                if (i + 1 < text.Length && text[i + 1] == c)
                    name.Append(text[++i]);
                else
                    quote = null;
            }
            else if (c == '.' && quote is null)
            {
                names.Add(name.ToString());
                name.Clear();
            }
            else
                name.Append(c);
        }
        names.Add(name.ToString());
        return new ColumnPath(names);
    }

    /// <summary>The same path by physical names; null where the schema has no such column, or it leads into a list or map.</summary>
    internal ColumnPath? Physical(StructType schema)
    {
        var physical = new List<string>();
        DeltaType type = schema;
        foreach (var name in Names)
        {
            if ((type as StructType)?.Find(name) is not { } field)
                return null;
            physical.Add(field.PhysicalName);
            type = field.Type;
        }
        return new ColumnPath(physical);
    }

    /// <summary>The field that a path of physical names leads to, with its path of logical names; null where there is none.</summary>
    internal (DeltaField Field, ColumnPath Logical)? Resolve(StructType schema)
    {
        var logical = new List<string>();
        DeltaType type = schema;
        DeltaField? found = null;
        foreach (var name in Names)
        {
            found = (type as StructType)?.Fields.FirstOrDefault(f => f.PhysicalName == name);
            if (found is null)
                return null;
            logical.Add(found.Name);
            type = found.Type;
        }
        return found is null ? null : (found, new ColumnPath(logical));
    }

    public bool Equals(ColumnPath? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    public override int GetHashCode() => string.Join('.', Names).GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join('.', Names.Select(n => n.All(c => char.IsLetterOrDigit(c) || c == '_') ? n : $"`{n.Replace("`", "``", StringComparison.Ordinal)}`"));
}
