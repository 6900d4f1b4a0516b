namespace Smelt.Pipelines.Syntax;

/// <summary>The clauses of AS AUTO CDC INTO.</summary>
internal static class AutoCdcParser
{
    /// <param name="cursor">After <c>AUTO CDC</c>.</param>
    public static void Parse(ParsedFile file, TokenCursor cursor, FlowStatement flow) =>
        throw new StatementSyntaxException(DiagnosticCodes.NotYet, flow.Start, $"AUTO CDC ({flow.Name.Name} of {file.Source.File}, at {cursor.Found}) is not in this version yet.", "Write a materialized view that keeps the latest row of a key.");
}
