using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>Everything that comes to be known of a query while it is compiled.</summary>
internal sealed class QueryDraft(QueryUnit unit)
{
    public QueryUnit Unit { get; } = unit;
    public ReferenceCollector? Seen { get; set; }
    public Dictionary<int, TableReference> References { get; } = [];
    public List<SourceCall> Sources { get; } = [];
    public List<MacroDraft> Macros { get; set; } = [];

    /// <summary>What the rules of its dataset look up: read whole, like what macros read.</summary>
    public List<DatasetName> RuleReads { get; } = [];
    public BoundQuery Bound { get; set; } = BoundQuery.Unknown;
    public bool IsTimeDependent { get; set; }
    public bool IsVolatile { get; set; }
    public bool ReadsUntracked { get; set; }
    public string AstHash { get; set; } = "";
    public Deduplication? Unique { get; set; }

    /// <summary>What rows of each table have to pass, by offset; found on first look.</summary>
    public Dictionary<int, ReadCondition> Conditions => _conditions ??= ReadConditions.Of(Unit);

    private Dictionary<int, ReadCondition>? _conditions;

    public IEnumerable<DatasetName> MacroReads => Macros.SelectMany(m => m.Reads).Concat(RuleReads).Distinct();
    public bool ReadsStream => Unit.Mask.Streams.Count > 0;

    public DatasetQuery Build() => Build(Bound);

    /// <param name="output">What its rows bring to the table.</param>
    public DatasetQuery Build(BoundQuery output) => new()
    {
        Text = Unit.Mask.Text,
        References = [.. References.Values.OrderBy(r => r.Span.Start)],
        MacroReferences = [.. MacroReads],
        Sources = Sources,
        Macros = [.. Macros.Select(m => m.Macro)],
        Columns = [.. output.Columns.Select(c => new OutputColumn(c.Name, c.Origins))],
        IsOpen = output.Openness == Openness.Open,
        IsTimeDependent = IsTimeDependent,
        IsVolatile = IsVolatile,
        ReadsUntracked = ReadsUntracked,
        Unique = Unique,
        MultipliesRows = Macros.SelectMany(static m => m.Bodies).Select(static b => b.Seen).Append(Seen).Any(static s => s is not null && (s.Functions.Overlaps(s_unnesting) || s.Calls.Exists(static c => s_unnesting.Contains(c.Function)))),
    };

    private static readonly string[] s_unnesting = ["unnest", "unlist", "generate_series", "range"];
}

/// <summary>A dataset while it is compiled.</summary>
internal sealed class DatasetDraft
{
    public required DatasetName Name { get; init; }
    public required int NameOffset { get; init; }
    public required ParsedFile File { get; init; }
    public required DatasetStatement Statement { get; init; }

    /// <summary>Its own query first, where it has one; then flows by name.</summary>
    public List<FlowDraft> Flows { get; } = [];

    public IEnumerable<QueryDraft> Queries => Flows.Select(static f => f.Query);
    public List<RuleDraft> Constraints { get; } = [];

    public DatasetKind Kind => Statement.Kind ?? (Flows[0].Query.ReadsStream ? DatasetKind.StreamingTable : DatasetKind.MaterializedView);
    public bool IsSink => Statement.Kind == DatasetKind.Sink;
    public SinkSettings? Sink { get; set; }
    public bool IsStored => Kind is DatasetKind.StreamingTable or DatasetKind.MaterializedView;

    /// <summary>The columns of all its flows together.</summary>
    public BoundQuery Output { get; set; } = BoundQuery.Unknown;

    /// <summary>What readers see: the query's columns and those that Smelt adds.</summary>
    public BoundQuery Schema { get; set; } = BoundQuery.Unknown;
    public bool IsInCycle { get; set; }
    public string DefinitionHash { get; set; } = "";

    // From properties.yml.
    public string? Description { get; set; }
    public List<string> Tags { get; } = [];
    public List<DeclaredColumn> PropertyColumns { get; } = [];
    public List<DataTest> Tests { get; } = [];

    public IEnumerable<DatasetName> Inputs =>
        Queries.SelectMany(static q => q.References.Values.Where(r => r.Dataset is not null).Select(r => r.Dataset!).Concat(q.MacroReads)
            .Concat(q.Sources.Where(s => s.Dataset is not null).Select(s => s.Dataset!))).Distinct();

    public void Report(string code, int offset, string message, string? hint = null, Severity severity = Severity.Error) =>
        File.Report(code, offset, message, hint, severity);
}

/// <summary>A macro while it is compiled.</summary>
internal sealed class MacroDraft
{
    public required MacroStatement Statement { get; init; }
    public required ParsedFile File { get; init; }
    public required IReadOnlyList<QueryDraft> Bodies { get; init; }
    public string Name => Statement.Name.Name;

    /// <summary>Datasets it reads, other macros' included.</summary>
    public List<DatasetName> Reads { get; set; } = [];

    /// <summary>Macros it calls, transitively, before itself.</summary>
    public List<MacroDraft> Calls { get; set; } = [];
    public Macro Macro { get; set; } = null!;
    public bool IsTimeDependent { get; set; }
    public bool IsVolatile { get; set; }
    public bool ReadsUntracked { get; set; }
}
