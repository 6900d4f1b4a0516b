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
    public BoundQuery Output => Cdc is null ? Query.Bound : CdcOutput.Of(this, Query.Bound);

    /// <summary>The clauses of AUTO CDC; null for other flows.</summary>
    public AutoCdcStatement? Cdc => Statement?.Cdc;

    /// <summary>Columns that ingestion adds to rows: they say how an event came, not what happened, and AUTO CDC stores them only where they are named.</summary>
    public IReadOnlyList<string> Ingestion { get; set; } = [];

    /// <summary>APPLY AS DELETE WHEN and APPLY AS TRUNCATE WHEN, where they are written.</summary>
    public QueryUnit? DeleteWhen { get; init; }

    /// <inheritdoc cref="DeleteWhen"/>
    public QueryUnit? TruncateWhen { get; init; }

    public IEnumerable<QueryUnit> Conditions => new[] { DeleteWhen, TruncateWhen }.OfType<QueryUnit>();

    public Flow Build(DatasetKind dataset) => new()
    {
        Name = Name,
        Kind = Kind(dataset),
        IsDefault = IsDefault,
        Query = Query.Build(Output),
        Cdc = Cdc is null ? null : CdcOutput.Build(this),
        File = File.Source.File,
        Position = File.Source.Position(Start),
        Comment = Statement?.Comment,
        DefinitionHash = DefinitionHash,
    };
}
