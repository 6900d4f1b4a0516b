using Smelt.DuckDb;

namespace Smelt.Pipelines;

/// <summary>Turns a streaming table's query into the one the engine runs.</summary>
public static class StreamingRewriter
{
    /// <summary>Rewrites <paramref name="dataset"/>'s query; see <see cref="RewrittenQuery"/>.</summary>
    /// <param name="connection">Used to parse and print SQL only; nothing needs to be bound in it.</param>
    public static RewrittenQuery Rewrite(Dataset dataset, StreamingRewriteOptions options, DuckDbConnection connection) =>
        throw new NotImplementedException();
}
