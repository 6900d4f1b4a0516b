using System.Text;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>The clauses of a MERGE as SQL: what becomes of each pair, and the values of the rows that are updated or inserted.</summary>
internal sealed class MergeClauses
{
    private readonly DmlAttempt _attempt;
    private readonly MergeCommand _command;
    private readonly List<(MergeClause Clause, Dictionary<string, string>? Values)> _matched = [], _notMatched = [], _bySource = [];
    private readonly List<DeltaField> _fields;
    private readonly string _sourceTable;

    /// <exception cref="DmlRefusedException">A column is not there, or the schema cannot take the source's.</exception>
    internal MergeClauses(DmlAttempt attempt, MergeCommand command, MergeSource source)
    {
        (_attempt, _command, _sourceTable) = (attempt, command, source.Table);
        if (attempt.Options.SchemaEvolution)
            Evolve(source);
        foreach (var clause in command.Clauses)
        {
            if (clause.Condition is { } condition && VolatileFunctions.Uses(attempt.Connection, SqlExpression.Parse(attempt.Connection, condition)))
                throw new DmlRefusedException(DmlRefusal.NotSupported, $"the condition '{condition}' gives another answer each time it is asked; put its value into a column of the source");
            ListOf(clause).Add((clause, ValuesOf(clause, source)));
        }
        var values = _matched.Concat(_notMatched).Concat(_bySource).Where(static c => c.Values is not null).Select(static c => c.Values!).ToList();
        _fields = WrittenFields.Of(attempt.Metadata, f => values.Count > 0 && values.TrueForAll(v => v.ContainsKey(f.Name)));
        foreach (var field in attempt.Metadata.Schema.Fields.Where(f => WrittenFields.IsGenerated(f) && !_fields.Contains(f) && values.Exists(v => v.ContainsKey(f.Name))))
            throw new DmlRefusedException(DmlRefusal.NotSupported, $"the generated column '{field.Name}' is assigned by some of the clauses only; leave it out of all, and it is computed");
        IsLate = !HasBySource && source.Find("rowid") is null && _matched.Concat(_notMatched).All(c => IsOfSource(c.Clause, c.Values, source));
    }

    /// <summary>
    /// Whether all new values are made of the source alone. Then pairs are kept without them, and they are looked up when they are written: less memory while the pairs
    /// are found.
    /// </summary>
    internal bool IsLate { get; }

    internal string Target => SqlText.Identifier(_attempt.Options.Alias);

    internal string Source => SqlText.Identifier(_command.SourceAlias);

    internal bool HasMatched => _matched.Count > 0;

    internal bool HasBySource => _bySource.Count > 0;

    /// <summary>Unmatched rows of the source are kept where they may be inserted; a MERGE that only inserts needs nothing else.</summary>
    internal string JoinKind => _notMatched.Count == 0 ? "JOIN" : IsInsertOnly ? "ANTI JOIN" : "LEFT JOIN";

    private bool IsInsertOnly => !HasMatched && !HasBySource;

    internal ChangedRows Changes(string table) => new() { Table = table, IsStaged = true, Alias = _attempt.Options.Alias, Fields = _fields };

    /// <summary>Which pairs are kept: where all clauses are of matched rows, those that a clause takes.</summary>
    internal string IsKept(string row) => _notMatched.Count + _bySource.Count == 0
        ? $"{row}.{ChangedRows.Change} <> {(int)RowChange.None}"
        : $"{row}.{RowPlace.Column} IS NOT NULL OR {row}.{ChangedRows.Change} <> {(int)RowChange.None}";

    /// <summary>The pairs with their new values, looked up in the source.</summary>
    internal string LateSql(string pairs)
    {
        const string of = "__smelt_pairs";
        var columns = new List<string> { $"{of}.{RowPlace.Column}", $"{of}.{ChangedRows.Change}" };
        foreach (var field in _fields)
        {
            var type = ParquetSql.TypeOf(_attempt.Table.Folder, field.Type);
            var written = _matched.Concat(_notMatched).Where(static c => c.Values is not null).ToList();
            var values = written.Select(c => $" WHEN {Number(c.Clause)} THEN {Value(c.Clause, c.Values, field, type)}");
            columns.Add($"{(written.Count == 0 ? $"CAST(NULL AS {type})" : $"CASE {of}.{Clause}{string.Concat(values)} END")} AS {SqlText.Identifier(field.Name)}");
        }
        if (_attempt.TracksRows)
            columns.Add($"{of}.{RowPlace.RowId}");
        return $"SELECT {string.Join(", ", columns)} FROM {pairs} AS {of} JOIN {_sourceTable} AS {Source} ON {Source}.rowid = {of}.{SourceRow}";
    }

    private const string Clause = "__smelt_clause", SourceRow = "__smelt_source_row";

    private int Number(MergeClause clause) => Enumerable.Range(0, _command.Clauses.Count).First(i => ReferenceEquals(_command.Clauses[i], clause)) + 1;

    private bool IsOfSource(MergeClause clause, Dictionary<string, string>? values, MergeSource source)
    {
        if (values is null)
            return true;
        var parsed = values.Values.Select(v => SqlExpression.Parse(_attempt.Connection, v)).ToList();
        return (clause is MergeClause.Insert || _fields.TrueForAll(f => values.ContainsKey(f.Name)))
            && parsed.TrueForAll(v => v.IsAbout(_command.SourceAlias, n => source.Find(n) is not null && _attempt.Metadata.Schema.Find(n) is null) && !VolatileFunctions.Changes(_attempt.Connection, v));
    }

    /// <summary>Columns of a pair's row: place, change, id, and the new values or where they are found.</summary>
    internal string PairColumns()
    {
        var place = IsInsertOnly ? "CAST(NULL AS BIGINT)" : $"{Target}.{RowPlace.Column}";
        var isMatched = IsInsertOnly ? "false" : $"{place} IS NOT NULL";
        string Case(Func<MergeClause, Dictionary<string, string>?, string> then, string otherwise)
        {
            if (_notMatched.Count == 0) return Choice(_matched, then, otherwise);
            if (_matched.Count == 0 && IsInsertOnly) return Choice(_notMatched, then, otherwise);
            return $"CASE WHEN {isMatched} THEN {Choice(_matched, then, otherwise)} ELSE {Choice(_notMatched, then, otherwise)} END";
        }
        return Columns(place, Case, IsInsertOnly ? "CAST(NULL AS BIGINT)" : $"{Target}.{RowPlace.RowId}");
    }

    /// <summary>The same for rows of the target without a partner.</summary>
    internal string BySourceColumns() =>
        Columns($"{Target}.{RowPlace.Column}", (then, otherwise) => Choice(_bySource, then, otherwise), $"{Target}.{RowPlace.RowId}");

    private string Columns(string place, Func<Func<MergeClause, Dictionary<string, string>?, string>, string, string> choose, string rowId)
    {
        var sql = new StringBuilder($"{place} AS {RowPlace.Column}, CAST({choose(static (c, _) => ((int)ChangeOf(c)).ToString(), "0")} AS TINYINT) AS {ChangedRows.Change}");
        if (IsLate)
            sql.Append($", {Source}.rowid AS {SourceRow}, {choose((c, _) => Number(c).ToString(), "0")} AS {Clause}");
        foreach (var field in IsLate ? [] : _fields)
        {
            var type = ParquetSql.TypeOf(_attempt.Table.Folder, field.Type);
            var value = choose((c, values) => Value(c, values, field, type), $"CAST(NULL AS {type})");
            sql.Append($", {value} AS {SqlText.Identifier(field.Name)}");
        }
        if (_attempt.TracksRows)
            sql.Append($", {rowId} AS {RowPlace.RowId}");
        return sql.ToString();
    }

    private string Value(MergeClause clause, Dictionary<string, string>? values, DeltaField field, string type)
    {
        if (values is null)
            return $"CAST(NULL AS {type})";
        if (values.TryGetValue(field.Name, out var value))
            return value;
        return clause is MergeClause.Insert ? new AssignedValues(_attempt).Default(field) : $"{Target}.{SqlText.Identifier(field.Name)}";
    }

    /// <summary>The first clause whose condition holds.</summary>
    private static string Choice(List<(MergeClause Clause, Dictionary<string, string>? Values)> clauses, Func<MergeClause, Dictionary<string, string>?, string> then, string otherwise)
    {
        var sql = new StringBuilder();
        foreach (var (clause, values) in clauses)
        {
            var result = then(clause, values);
            if (clause.Condition is not { } condition)
                return sql.Length == 0 ? result : $"CASE{sql} ELSE {result} END";
            sql.Append($" WHEN ({condition}\n) THEN {result}");
        }
        return sql.Length == 0 ? otherwise : $"CASE{sql} ELSE {otherwise} END";
    }

    private static RowChange ChangeOf(MergeClause clause) => clause switch
    {
        MergeClause.Update or MergeClause.UpdateBySource => RowChange.Update,
        MergeClause.Insert => RowChange.Insert,
        _ => RowChange.Delete,
    };

    private List<(MergeClause, Dictionary<string, string>?)> ListOf(MergeClause clause) => clause switch
    {
        MergeClause.Update or MergeClause.Delete => _matched,
        MergeClause.Insert => _notMatched,
        _ => _bySource,
    };

    private Dictionary<string, string>? ValuesOf(MergeClause clause, MergeSource source) => clause switch
    {
        MergeClause.Update u => new AssignedValues(_attempt).Of(u.Assignments ?? All(source, "UPDATE SET *", isInsert: false), updates: true),
        MergeClause.UpdateBySource u => new AssignedValues(_attempt).Of(u.Assignments, updates: true),
        MergeClause.Insert i => new AssignedValues(_attempt).Of(i.Assignments ?? All(source, "INSERT *", isInsert: true), updates: false),
        _ => null,
    };

    /// <summary>Every column of the table from the source's of the same name. One that the source lacks is an error, but where the schema evolves.</summary>
    private List<Assignment> All(MergeSource source, string clause, bool isInsert)
    {
        var assignments = new List<Assignment>();
        foreach (var field in _attempt.Metadata.Schema.Fields.Where(static f => f.Type != DeltaType.Void))
        {
            if (source.Find(field.Name) is { } column && !(WrittenFields.IsIdentity(field) && !isInsert))
                assignments.Add(new Assignment(new ColumnPath([field.Name]).ToString(), $"{Source}.{SqlText.Identifier(column.Name)}"));
            else if (!_attempt.Options.SchemaEvolution && !WrittenFields.IsGenerated(field) && !WrittenFields.IsIdentity(field) && field.Metadata.Text(ColumnDuty.Default) is null)
                throw new DmlRefusedException(DmlRefusal.Column, $"{clause}: the source has no column '{field.Name}'; name the columns, or merge with schema evolution");
        }
        return assignments;
    }

    /// <summary>Gives the table the source's columns that a clause assigns and the table lacks; wider structs get their fields.</summary>
    private void Evolve(MergeSource source)
    {
        var takesAll = _command.Clauses.Any(static c => c is MergeClause.Update { Assignments: null } or MergeClause.Insert { Assignments: null });
        var named = _command.Clauses.SelectMany(static c => c switch { MergeClause.Update u => u.Assignments ?? [], MergeClause.Insert i => i.Assignments ?? [], _ => [] })
            .Select(static a => ColumnPath.Parse(a.Column).Names[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var wanted = source.Columns.Where(c => (takesAll || named.Contains(c.Name)) && IsNew(c)).ToList();
        TableEvolution.Grow(_attempt, wanted);

        bool IsNew(DuckDbColumn column) => _attempt.Metadata.Schema.Find(column.Name) is not { } field || field.Type.Any(static t => t is StructType);
    }

    /// <exception cref="DmlRefusedException">The clauses contradict each other.</exception>
    internal static void Check(IReadOnlyList<MergeClause> clauses)
    {
        if (clauses.Count == 0)
            throw new DmlRefusedException(DmlRefusal.Clauses, "a MERGE has at least one WHEN clause");
        foreach (var kind in clauses.GroupBy(static c => c switch { MergeClause.Update or MergeClause.Delete => "WHEN MATCHED", MergeClause.Insert => "WHEN NOT MATCHED", _ => "WHEN NOT MATCHED BY SOURCE" }))
            if (kind.SkipLast(1).Any(static c => c.Condition is null))
                throw new DmlRefusedException(DmlRefusal.Clauses, $"only the last {kind.Key} clause may be without a condition: what stands after it would never be done");
    }
}

/// <summary>New columns of a table that come with rows.</summary>
internal static class TableEvolution
{
    /// <summary>The attempt's table with these columns too; the commit carries the schema.</summary>
    /// <exception cref="DmlRefusedException">A column has a type that a table cannot have, or one that does not fit.</exception>
    internal static void Grow(DmlAttempt attempt, IReadOnlyList<DuckDbColumn> columns)
    {
        if (columns.Count == 0)
            return;
        var (specs, problems) = ColumnTyping.OfAll(columns);
        if (problems.Count > 0)
            throw Refused(problems);
        var named = specs.Select(static s => s.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var kept = attempt.Metadata.Schema.Fields.Where(f => !named.Contains(f.Name)).Select(static f => new ColumnSpec(f.Name, f.Type, f.Nullable));
        switch (attempt.Definition.Grow([.. kept, .. specs], new TableOptions()))
        {
            case DefinitionResult.Defined { Changed: true } grown:
                attempt.Become(grown.Definition);
                break;
            case DefinitionResult.Refused refused:
                throw Refused(refused.Problems);
        }
    }

    private static DmlRefusedException Refused(IEnumerable<SchemaProblem> problems) => new(DmlRefusal.Schema, string.Join("; ", problems.Select(static p => p.Message)));
}
