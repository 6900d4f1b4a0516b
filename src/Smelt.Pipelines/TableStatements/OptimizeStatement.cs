namespace Smelt.Pipelines.TableStatements;

/// <summary><c>OPTIMIZE table [FULL] [WHERE condition] [ZORDER BY (columns)]</c>.</summary>
public sealed record OptimizeStatement(TableName Target, bool IsFull, string? Condition, IReadOnlyList<string> ZOrderBy) : TableStatement(Target)
{
    public override string Verb => "OPTIMIZE";

    internal static TableStatement Read(StatementReader reader)
    {
        var target = reader.Table();
        var full = reader.Cursor.Take("FULL");
        var condition = reader.Cursor.Take("WHERE") ? reader.Expression("a condition", false, "ZORDER").Text : null;
        return new OptimizeStatement(target, full, condition, reader.Cursor.Take("ZORDER", "BY") ? reader.ListOfNames() : []);
    }
}
