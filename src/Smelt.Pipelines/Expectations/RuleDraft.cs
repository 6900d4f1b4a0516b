using Smelt.Pipelines.Sql;
using Smelt.Pipelines.Syntax;

namespace Smelt.Pipelines;

/// <summary>A dataset's rule while it is compiled: a CONSTRAINT of its statement, or one of a rule set in YAML.</summary>
internal sealed record RuleDraft(ConstraintClause Clause, QueryUnit Unit)
{
    /// <summary>What its lookups read.</summary>
    public QueryDraft Query { get; } = new(Unit);

    /// <summary>Where it stands in its file.</summary>
    public required FilePosition Position { get; init; }

    /// <summary>What it asks for in words; null where the predicate says it best.</summary>
    public string? Words { get; init; }
    public string? Description { get; init; }
    public string? Severity { get; init; }
    public string? Owner { get; init; }

    public Expectation Build() => new(Clause.Name.Name, Words ?? Unit.Mask.Text, Clause.Action, Position)
    {
        Sql = QueryRendering.RenderSql(Query.Build(), QueryBindings.Qualified),
        LooksUp = Query.References.Count > 0,
        Description = Description, Severity = Severity, Owner = Owner,
    };
}
