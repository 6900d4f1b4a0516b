namespace Smelt.Pipelines.TableStatements;

/// <summary><c>UPDATE table [AS alias] SET column = value, … [WHERE condition]</c>.</summary>
public sealed record UpdateStatement(TableName Target, string? Alias, IReadOnlyList<SetColumn> Assignments, SqlPiece? Condition) : TableStatement(Target)
{
    public override string Verb => "UPDATE";

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        var alias = reader.Alias("SET");
        reader.Cursor.Expect("SET");
        var assignments = reader.Assignments([alias ?? target.Parts[^1]], "WHERE", "FROM");
        if (reader.Cursor.Peek("FROM")) throw reader.Cursor.Wrong("UPDATE … FROM is no statement of Delta's.", "Write MERGE INTO … USING …, or a subquery.");
        return new UpdateStatement(target, alias, assignments, reader.Cursor.Take("WHERE") ? reader.Rest("a condition") : null);
    }
}
