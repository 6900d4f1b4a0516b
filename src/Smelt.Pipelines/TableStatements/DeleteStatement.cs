namespace Smelt.Pipelines.TableStatements;

/// <summary><c>DELETE FROM table [AS alias] [WHERE condition]</c>.</summary>
public sealed record DeleteStatement(TableName Target, string? Alias, SqlPiece? Condition) : TableStatement(Target)
{
    public override string Verb => "DELETE";

    internal static TableStatement Read(StatementReader reader)
    {
        reader.Cursor.Expect("FROM");
        var target = reader.Table();
        var alias = reader.Alias("WHERE");
        return new DeleteStatement(target, alias, reader.Cursor.Take("WHERE") ? reader.Rest("a condition") : null);
    }
}
