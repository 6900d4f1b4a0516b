using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>
/// What a table's metadata obliges a writer to fill in and to check (PROTOCOL.md, "Column Invariants", "CHECK Constraints", "Generated Columns", "Default Columns",
/// "Identity Columns"), as one query around the rows: it gives every column of the table by its logical name, and fails at the first row that breaks a rule.
/// </summary>
internal sealed class WriteDuties
{
    private readonly DeltaTable _table;
    private readonly StructType _schema;
    private readonly List<string> _refused = [];
    private readonly List<(string Sql, string Message)> _checks = [];
    private readonly List<(DeltaField Field, string Sql)> _generated = [];
    private readonly Dictionary<string, string> _defaults = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="table">The table.</param>
    /// <param name="metadata">What it will be when the rows are committed.</param>
    /// <exception cref="UnsupportedProtocolException">One of its expressions cannot be evaluated here; all such are named.</exception>
    internal WriteDuties(DeltaTable table, TableMetadata metadata)
    {
        (_table, _schema) = (table, metadata.Schema);
        using var connection = table.Lake.Connect();
        foreach (var (name, expression) in ColumnDuty.Constraints(metadata))
            if (Translate(connection, expression, $"checkConstraints ({name})") is { } sql)
                _checks.Add((sql, $"the constraint {name} CHECK ({expression})"));
        foreach (var field in _schema.Fields)
            Read(connection, field);
        if (_refused.Count > 0)
            throw new UnsupportedProtocolException(table.Folder, forWriting: true, _refused);
    }

    /// <summary>Columns that number their rows.</summary>
    internal IEnumerable<(DeltaField Field, Identity Identity)> Identities() => _schema.Fields.Select(f => (f, ColumnDuty.IdentityOf(f)!)).Where(f => f.Item2 is not null);

    /// <summary>The rows of a query with every column of the table, checked.</summary>
    /// <param name="query">A SELECT.</param>
    /// <param name="given">The query's columns by the table's names.</param>
    /// <param name="rows">Where the rows come from.</param>
    /// <param name="carried">Columns of the query that are not the table's and go along.</param>
    /// <exception cref="DataValueException">The query brings values of a column that only the table itself may number.</exception>
    internal string Around(string query, IReadOnlyDictionary<string, string> given, RowOrigin rows, IEnumerable<string> carried)
    {
        var missing = _generated.Where(g => !given.ContainsKey(g.Field.Name)).ToList();
        var columns = _schema.Fields.Where(f => !missing.Exists(m => m.Field == f)).Select(f => $"{Value(f, given, rows)} AS {SqlText.Identifier(f.Name)}")
            .Concat(carried.Select(c => $"smelt_rows.{SqlText.Identifier(c)}"));
        var filled = $"SELECT {string.Join(", ", columns)} FROM ({query}) AS smelt_rows";
        if (missing.Count > 0)
            filled = $"SELECT *, {string.Join(", ", missing.Select(m => $"CAST({m.Sql} AS {TypeOf(m.Field)}) AS {SqlText.Identifier(m.Field.Name)}"))} FROM ({filled}) AS smelt_filled";
        var checks = _checks.Concat(_generated.Except(missing).Select(g => ($"{SqlText.Identifier(g.Field.Name)} IS NOT DISTINCT FROM CAST({g.Sql} AS {TypeOf(g.Field)})",
            $"the column {g.Field.Name} GENERATED ALWAYS AS ({g.Field.Metadata.Text(ColumnDuty.Generation)})"))).ToList();
        return checks.Count == 0 || rows == RowOrigin.Changes ? filled
            : $"SELECT * FROM ({filled}) AS smelt_checked WHERE CASE {string.Join(" ", checks.Select(c => $"WHEN ({c.Item1}) IS NOT TRUE THEN {Error(c.Item2)}"))} ELSE true END";
    }

    private string Error(string rule) => $"error({SqlText.Literal($"{rule} of the table '{_table.Folder}' does not hold for a row")})";

    private string Value(DeltaField field, IReadOnlyDictionary<string, string> given, RowOrigin rows)
    {
        var identity = ColumnDuty.IdentityOf(field);
        if (given.TryGetValue(field.Name, out var column))
            return identity is { AllowExplicit: false } && rows == RowOrigin.New
                ? throw new DataValueException(field.Name, "the table numbers it itself (GENERATED ALWAYS AS IDENTITY); leave it out")
                : $"CAST(smelt_rows.{SqlText.Identifier(column)} AS {TypeOf(field)})";
        if (identity is not null)
            return $"CAST({identity.Next} + (row_number() OVER () - 1) * {identity.Step} AS BIGINT)";
        return $"CAST({_defaults.GetValueOrDefault(field.Name, "NULL")} AS {TypeOf(field)})";
    }

    private void Read(DuckDbConnection connection, DeltaField field)
    {
        if (ColumnDuty.InvariantOf(field) is { } invariant && Translate(connection, invariant, $"invariants (column {field.Name})") is { } check)
            _checks.Add((check, $"the invariant {invariant} of column {field.Name}"));
        if (field.Metadata.Text(ColumnDuty.Generation) is { } generation && Translate(connection, generation, $"generatedColumns (column {field.Name})") is { } generated)
            _generated.Add((field, generated));
        if (field.Metadata.Text(ColumnDuty.Default) is { } value && Translate(connection, value, $"allowColumnDefaults (column {field.Name})") is { } filled)
            _defaults[field.Name] = filled;
        if (field.Type.Any(t => t is StructType s && s.Fields.Any(f => f.Metadata.Raw.ContainsKey(ColumnDuty.Invariant))))
            _refused.Add($"invariants (within column {field.Name})");
    }

    private string? Translate(DuckDbConnection connection, string expression, string duty)
    {
        try
        {
            return DutyExpression.Translate(connection, _table.Folder, _schema, expression);
        }
        catch (ExpressionException e)
        {
            _refused.Add($"{duty}: {expression}: {e.Message}");
            return null;
        }
    }

    private string TypeOf(DeltaField field) => ParquetSql.TypeOf(_table.Folder, field.Type);
}

/// <summary>Where rows to be written come from.</summary>
internal enum RowOrigin
{
    /// <summary>They are new to the table.</summary>
    New,

    /// <summary>They were in the table, changed or not: what the table numbered stays.</summary>
    Table,

    /// <summary>They tell of changes: the rules were held when the rows were written.</summary>
    Changes,
}
