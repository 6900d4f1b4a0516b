using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>SQL of what assigned columns become: every value cast to its column's type, a value that does not fit being an error.</summary>
internal sealed class AssignedValues(DmlAttempt attempt)
{
    internal static bool IsDefault(Assignment assignment) => assignment.Value.Trim().Equals("DEFAULT", StringComparison.OrdinalIgnoreCase);

    /// <summary>Column to SQL of its value.</summary>
    /// <param name="assignments">Each column at most once; fields of structs by their paths.</param>
    /// <param name="updates">Whether rows that are there change, so that fields not named stay; else they are NULL.</param>
    /// <exception cref="DmlRefusedException">A column is not there, is named twice, or cannot be assigned.</exception>
    internal Dictionary<string, string> Of(IReadOnlyList<Assignment> assignments, bool updates)
    {
        if (assignments.Count == 0)
            throw new DmlRefusedException(DmlRefusal.Column, "no column is assigned");
        var paths = assignments.Select(a => (Path: Names(a.Column), Assignment: a)).ToList();
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var group in paths.GroupBy(p => p.Path[0], StringComparer.OrdinalIgnoreCase))
        {
            var field = attempt.Metadata.Schema.Find(group.Key)
                ?? throw new DmlRefusedException(DmlRefusal.Column, $"the table has no column '{group.Key}'; it has {string.Join(", ", attempt.Metadata.Schema.Fields.Select(static f => f.Name))}");
            if (updates && WrittenFields.IsIdentity(field))
                throw new DmlRefusedException(DmlRefusal.Column, $"the column '{field.Name}' is an identity: its values are given once and not changed");
            var old = $"{SqlText.Identifier(attempt.Options.Alias)}.{SqlText.Identifier(field.Name)}";
            values[field.Name] = Value(field, old, [.. group.Select(static g => (g.Path[1..], g.Assignment))], updates, field.Name);
        }
        return values;
    }

    /// <summary>What a column is where no value is given.</summary>
    internal string Default(DeltaField field)
    {
        var type = ParquetSql.TypeOf(attempt.Table.Folder, field.Type);
        if (field.Metadata.Text(ColumnDuty.Default) is not { } expression)
            return $"CAST(NULL AS {type})";
        return $"CAST({DutyExpression.Translate(attempt.Connection, attempt.Table.Folder, attempt.Metadata.Schema, expression)} AS {type})";
    }

    private static string[] Names(string path) => [.. ColumnPath.Parse(path).Names];

    private string Value(DeltaField field, string old, List<(string[] Inner, Assignment Assignment)> parts, bool updates, string name)
    {
        var type = ParquetSql.TypeOf(attempt.Table.Folder, field.Type);
        if (parts.Exists(static p => p.Inner.Length == 0))
        {
            if (parts.Count > 1)
                throw new DmlRefusedException(DmlRefusal.Column, $"the column '{name}' is assigned twice, as a whole or in parts");
            return IsDefault(parts[0].Assignment) ? Default(field) : $"CAST(({parts[0].Assignment.Value}\n) AS {type})";
        }
        if (field.Type is not StructType nested)
            throw new DmlRefusedException(DmlRefusal.Column, $"'{parts[0].Assignment.Column}': '{name}' is no struct");
        var groups = parts.ToLookup(p => nested.Find(p.Inner[0])?.Name
            ?? throw new DmlRefusedException(DmlRefusal.Column, $"the struct '{name}' has no field '{p.Inner[0]}'; it has {string.Join(", ", nested.Fields.Select(static f => f.Name))}"));
        var fields = nested.Fields.Select(f => $"{SqlText.Identifier(f.Name)} := {Part(f)}");
        return $"CAST(struct_pack({string.Join(", ", fields)}) AS {type})";

        string Part(DeltaField f)
        {
            var inner = $"({old}).{SqlText.Identifier(f.Name)}";
            return groups.Contains(f.Name) ? Value(f, inner, [.. groups[f.Name].Select(static g => (g.Inner[1..], g.Assignment))], updates, $"{name}.{f.Name}")
                : updates ? inner : $"CAST(NULL AS {ParquetSql.TypeOf(attempt.Table.Folder, f.Type)})";
        }
    }
}
