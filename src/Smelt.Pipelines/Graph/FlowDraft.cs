using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>A flow while it is compiled.</summary>
internal sealed class FlowDraft
{
    public required string Name { get; init; }
    public required int NameOffset { get; init; }
    public required ParsedFile File { get; init; }
    public required QueryDraft Query { get; init; }

    /// <summary>Null for a dataset's own query.</summary>
    public FlowStatement? Statement { get; init; }

    /// <summary>Where its statement begins.</summary>
    public required int Start { get; init; }

    public bool IsDefault => Statement is null;
    public string DefinitionHash { get; set; } = "";

    public FlowKind Kind(DatasetKind dataset) => Statement?.Kind ?? (dataset == DatasetKind.StreamingTable ? FlowKind.Append : FlowKind.Complete);

    /// <summary>What the flow brings to its table.</summary>
    public BoundQuery Output => Query.Bound;

    public Flow Build(DatasetKind dataset) => new()
    {
        Name = Name,
        Kind = Kind(dataset),
        IsDefault = IsDefault,
        Query = Query.Build(),
        File = File.Source.File,
        Position = File.Source.Position(Start),
        Comment = Statement?.Comment,
        DefinitionHash = DefinitionHash,
    };
}
