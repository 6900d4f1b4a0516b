namespace Smelt.Pipelines.TableStatements;

/// <summary><c>MERGE [WITH SCHEMA EVOLUTION] INTO table [AS alias] USING source [AS alias] ON condition WHEN …</c>.</summary>
/// <param name="Source">A query, or the name of a table.</param>
public sealed record MergeStatement(TableName Target, string? Alias, SqlPiece Source, string? SourceAlias, SqlPiece On, IReadOnlyList<WhenClause> Clauses) : TableStatement(Target)
{
    public override string Verb => "MERGE";

    public bool WithSchemaEvolution { get; init; }

    internal static TableStatement Read(StatementReader reader)
    {
        var cursor = reader.Cursor;
        var evolves = cursor.Take("WITH", "SCHEMA", "EVOLUTION");
        cursor.Expect("INTO");
        var target = reader.Table();
        var alias = reader.Alias("USING");
        cursor.Expect("USING");
        var (source, name) = cursor.TakeSymbol('(') ? (reader.Enclosed(), null) : Named(reader);
        var sourceAlias = reader.Alias("ON") ?? name;
        cursor.Expect("ON");
        var on = reader.Expression("a condition", false, "WHEN");
        var clauses = new List<WhenClause>();
        while (cursor.Take("WHEN")) clauses.Add(Clause(reader, [alias ?? target.Parts[^1]]));
        if (clauses.Count == 0) throw cursor.Wrong("A MERGE has at least one WHEN clause.");
        return new MergeStatement(target, alias, source, sourceAlias, on, clauses) { WithSchemaEvolution = evolves };
    }

    /// <summary>A table, or a table function with its arguments.</summary>
    private static (SqlPiece Source, string Name) Named(StatementReader reader)
    {
        var piece = reader.Expression("a source", false, "AS", "ON");
        var words = piece.Text.Split([' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        // table alias ON …: the alias is the last word where no parenthesis closes the source.
        var hasAlias = words.Length > 1 && !piece.Text.EndsWith(')');
        var table = hasAlias ? piece.Text[..piece.Text.LastIndexOf(words[^1], StringComparison.Ordinal)].TrimEnd() : piece.Text;
        var name = hasAlias ? words[^1] : table.EndsWith(')') ? "source" : table[(table.LastIndexOf('.') + 1)..];
        return (piece with { Text = $"SELECT * FROM {table}" }, name.Trim('"'));
    }

    private static WhenClause Clause(StatementReader reader, IReadOnlyList<string> owners)
    {
        var cursor = reader.Cursor;
        var row = cursor.Take("MATCHED") ? MergedRow.Matched
            : cursor.Take("NOT", "MATCHED", "BY", "SOURCE") ? MergedRow.NotMatchedBySource
            : cursor.Take("NOT", "MATCHED", "BY", "TARGET") || cursor.Take("NOT", "MATCHED") ? MergedRow.NotMatched
            : throw cursor.Wrong($"Expected MATCHED or NOT MATCHED [BY TARGET | BY SOURCE], found {cursor.Found}.");
        var condition = cursor.Take("AND") ? reader.Expression("a condition", false, "THEN") : null;
        cursor.Expect("THEN");
        return new WhenClause(row, condition, row == MergedRow.NotMatched ? Inserted(reader) : Change(reader, row, owners));
    }

    private static MergeAction Change(StatementReader reader, MergedRow row, IReadOnlyList<string> owners)
    {
        var cursor = reader.Cursor;
        if (cursor.Take("DELETE")) return new MergeAction.Delete();
        if (!cursor.Take("UPDATE", "SET")) throw cursor.Wrong($"Expected UPDATE SET or DELETE, found {cursor.Found}.");
        if (row == MergedRow.Matched && cursor.TakeSymbol('*')) return new MergeAction.Update(null);
        return new MergeAction.Update(reader.Assignments(owners, "WHEN"));
    }

    private static MergeAction.Insert Inserted(StatementReader reader)
    {
        var cursor = reader.Cursor;
        cursor.Expect("INSERT");
        if (cursor.TakeSymbol('*')) return new MergeAction.Insert(null);
        cursor.ExpectSymbol('(');
        var columns = new List<string>();
        do columns.Add(reader.Column());
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
        cursor.Expect("VALUES");
        cursor.ExpectSymbol('(');
        var values = new List<SqlPiece>();
        do values.Add(reader.Expression("a value", true));
        while (cursor.TakeSymbol(','));
        cursor.ExpectSymbol(')');
        if (values.Count != columns.Count) throw cursor.Wrong($"INSERT names {columns.Count} columns and gives {values.Count} values.");
        return new MergeAction.Insert([.. columns.Zip(values, static (c, v) => new SetColumn(c, v))]);
    }
}

/// <summary>Which rows a clause of a MERGE is about.</summary>
public enum MergedRow { Matched, NotMatched, NotMatchedBySource }

/// <summary>A WHEN clause.</summary>
public sealed record WhenClause(MergedRow Row, SqlPiece? Condition, MergeAction Action);

/// <summary>What a WHEN clause does.</summary>
public abstract record MergeAction
{
    private MergeAction()
    {
    }

    public sealed record Delete : MergeAction;

    /// <summary>UPDATE SET; without assignments every column from the source's of the same name.</summary>
    public sealed record Update(IReadOnlyList<SetColumn>? Assignments) : MergeAction;

    /// <summary>INSERT; without assignments every column from the source's of the same name.</summary>
    public sealed record Insert(IReadOnlyList<SetColumn>? Assignments) : MergeAction;
}
