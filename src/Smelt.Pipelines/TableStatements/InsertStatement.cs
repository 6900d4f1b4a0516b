namespace Smelt.Pipelines.TableStatements;

/// <summary>
/// <c>INSERT INTO | OVERWRITE [TABLE] table [(columns) | BY NAME] query</c>, <c>INSERT INTO table REPLACE WHERE condition query</c> and
/// <c>INSERT INTO table REPLACE USING (partition columns) query</c>.
/// </summary>
public sealed record InsertStatement(TableName Target, IReadOnlyList<string>? Columns, bool ByName, SqlPiece Source) : TableStatement(Target)
{
    private static readonly string[] s_queryWords = ["SELECT", "WITH", "FROM", "VALUES", "TABLE"];

    public override string Verb => "INSERT";

    /// <summary>Whether every row is replaced.</summary>
    public bool Overwrites { get; init; }

    /// <summary>Rows that are replaced, or null.</summary>
    public SqlPiece? ReplaceWhere { get; init; }

    /// <summary>The partition columns whose partitions are replaced where new rows come, or null.</summary>
    public IReadOnlyList<string>? ReplaceUsing { get; init; }

    internal static TableStatement Read(StatementReader reader)
    {
        var cursor = reader.Cursor;
        var overwrites = cursor.Take("OVERWRITE");
        if (!overwrites) cursor.Expect("INTO");
        _ = cursor.Take("TABLE");
        var target = reader.Table();
        if (cursor.Peek("PARTITION")) throw cursor.Wrong("INSERT … PARTITION is not in this version.", "Write the partition's value as a column of the query, with REPLACE WHERE for what it replaces.");
        var columns = !cursor.PeekSymbol('(') || IsQuery(cursor, 1) ? null : ColumnList(reader);
        var byName = cursor.Take("BY", "NAME");
        var (where, partitions) = overwrites ? (null, null) : Replaced(reader);
        _ = cursor.Take("TABLE");
        return new InsertStatement(target, columns, byName, reader.Rest("a query or VALUES")) { Overwrites = overwrites, ReplaceWhere = where, ReplaceUsing = partitions };
    }

    private static List<string> ColumnList(StatementReader reader)
    {
        reader.Cursor.ExpectSymbol('(');
        return reader.Names();
    }

    private static (SqlPiece? Where, IReadOnlyList<string>? Using) Replaced(StatementReader reader)
    {
        if (reader.Cursor.Take("REPLACE", "WHERE")) return (reader.Expression("a condition", false, s_queryWords), null);
        if (!reader.Cursor.Take("REPLACE", "USING")) return (null, null);
        return (null, ColumnList(reader));
    }

    private static bool IsQuery(Syntax.TokenCursor cursor, int ahead) => Array.Exists(s_queryWords, w => cursor.Peek(w, ahead)) || cursor.PeekSymbol('(', ahead);
}
