namespace Smelt.Lake;

/// <summary>Some rows of a table, column by column: what is read from tables and what is written to them.</summary>
public sealed class RowBatch
{
    /// <param name="schema">Names and types of the columns.</param>
    /// <param name="columns">Their values, in the schema's order, all of one count.</param>
    /// <exception cref="ArgumentException">Columns and schema do not fit.</exception>
    public RowBatch(StructType schema, IReadOnlyList<ColumnValues> columns)
    {
        if (columns.Count != schema.Fields.Count || columns.Count == 0)
            throw new ArgumentException($"{columns.Count} columns for {schema.Fields.Count} fields", nameof(columns));
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Count != columns[0].Count || !ColumnRules.SameShape(columns[i].Type, schema.Fields[i].Type))
                throw new ArgumentException($"column '{schema.Fields[i].Name}' is {columns[i].Count} values of {columns[i].Type}, not {columns[0].Count} of {schema.Fields[i].Type}", nameof(columns));
        (Schema, Columns) = (schema, columns);
    }

    public StructType Schema { get; }

    public int RowCount => Columns[0].Count;

    /// <summary>The columns, in the schema's order.</summary>
    public IReadOnlyList<ColumnValues> Columns { get; }

    /// <summary>A column by its name, compared without case.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ColumnValues this[string name]
    {
        get
        {
            for (var i = 0; i < Columns.Count; i++)
                if (string.Equals(Schema.Fields[i].Name, name, StringComparison.OrdinalIgnoreCase))
                    return Columns[i];
            throw new KeyNotFoundException($"there is no column '{name}'");
        }
    }
}
