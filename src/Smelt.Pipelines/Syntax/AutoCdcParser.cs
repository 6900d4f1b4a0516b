namespace Smelt.Pipelines.Syntax;

/// <summary>The clauses of AS AUTO CDC INTO.</summary>
internal static class AutoCdcParser
{
    /// <param name="cursor">After <c>AUTO CDC</c>.</param>
    public static void Parse(TokenCursor cursor, FlowStatement flow)
    {
        var cdc = AutoCdcClauses.Parse(cursor);
        (flow.Kind, flow.Cdc, flow.Target, flow.Body) = (FlowKind.AutoCdc, cdc, cdc.Target, cdc.Source);
    }
}
