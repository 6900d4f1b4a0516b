namespace Smelt.Pipelines.Syntax;

/// <summary>CREATE FLOW name [COMMENT 'text'] AS INSERT INTO [ONCE] table BY NAME query, or AS AUTO CDC INTO table FROM ….</summary>
internal static class FlowStatementParser
{
    /// <param name="cursor">After <c>CREATE FLOW</c>.</param>
    public static FlowStatement Parse(ParsedFile file, TokenCursor cursor, int start)
    {
        var flow = new FlowStatement { Start = start, Name = cursor.Name("the flow's name") };
        if (cursor.Take("COMMENT")) flow.Comment = cursor.Text("the comment");
        cursor.Expect("AS");
        if (cursor.Take("AUTO", "CDC") || cursor.Take("APPLY", "CHANGES")) AutoCdcParser.Parse(cursor, flow);
        else if (cursor.Take("INSERT")) Insert(cursor, flow);
        else throw cursor.Wrong($"Expected INSERT INTO or AUTO CDC INTO, found {cursor.Found}.");
        return flow;
    }

    private static void Insert(TokenCursor cursor, FlowStatement flow)
    {
        var once = cursor.Take("ONCE");
        cursor.Expect("INTO");
        flow.Kind = cursor.Take("ONCE") || once ? FlowKind.Once : FlowKind.Append;
        flow.Target = DatasetStatementParser.QualifiedName(cursor);
        if (!cursor.Take("BY", "NAME")) throw cursor.Wrong($"Expected BY NAME, found {cursor.Found}.", "A flow's columns go to the table's by their names: INSERT INTO t BY NAME SELECT ….");
        if (cursor.IsAtEnd) throw new StatementSyntaxException(DiagnosticCodes.NoQuery, flow.Start, $"The flow {flow.Name.Name} has no query.", "End the statement with BY NAME SELECT ….");
        flow.Body = cursor.At..cursor.End;
    }
}
