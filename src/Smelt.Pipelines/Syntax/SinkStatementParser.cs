namespace Smelt.Pipelines.Syntax;

/// <summary>CREATE SINK name [COMMENT 'text'] OPTIONS (path = 'folder', format = 'json', file = 'daily-{date}.json').</summary>
internal static class SinkStatementParser
{
    /// <param name="cursor">After <c>CREATE SINK</c>.</param>
    public static DatasetStatement Parse(ParsedFile file, TokenCursor cursor, int start)
    {
        var statement = new DatasetStatement { Start = start, Kind = DatasetKind.Sink, Name = DatasetStatementParser.QualifiedName(cursor) };
        if (cursor.Take("COMMENT")) statement.Comment = cursor.Text("the comment");
        cursor.Expect("OPTIONS");
        DatasetStatementParser.Properties(file.Text, cursor, statement, equalsIsLeftOut: true);
        if (!cursor.IsAtEnd) throw cursor.Wrong($"Expected the statement's end, found {cursor.Found}.", "A sink has no query: write CREATE FLOW … AS INSERT INTO it BY NAME SELECT ….");
        return statement;
    }
}
