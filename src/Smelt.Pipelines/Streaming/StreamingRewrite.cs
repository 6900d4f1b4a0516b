using Smelt.DuckDb;

namespace Smelt.Pipelines;

/// <summary>What to put in place of the references of a dataset's query.</summary>
public sealed record QueryBindings
{
    /// <summary>SQL text of a table name (quoted as needed) for a reference; null leaves it as it stands.</summary>
    public Func<TableReference, string?> Table { get; init; } = _ => null;

    /// <summary>SQL text of a table name for a source call; null leaves it.</summary>
    public Func<SourceCall, string?> Source { get; init; } = _ => null;

    /// <summary>Gives every reference its layer, and changes nothing else.</summary>
    public static QueryBindings Qualified { get; } = new() { Table = QualifiedName };

    /// <summary>The quoted full name of a reference written without its layer; null for others.</summary>
    public static string? QualifiedName(TableReference reference) =>
        reference.Parts.Count == 1 && reference.Dataset is { } dataset ? SqlText.Identifier(dataset.Schema, dataset.Name) : null;
}

/// <summary>How to rewrite a streaming table's query.</summary>
public sealed record StreamingRewriteOptions
{
    public required QueryBindings Bindings { get; init; }

    /// <summary>Hidden columns of every streamed relation that each output row brings along, as last columns under these names.</summary>
    public IReadOnlyList<string> Carry { get; init; } = [];

    /// <summary>Whether output expressions that can raise are wrapped in TRY.</summary>
    public bool WrapErrors { get; init; } = true;
}

/// <summary>The query the engine runs for a streaming table.</summary>
/// <param name="Sql">
/// Output: the original columns in order and under their names, then the carried columns. The wrapped ones are <c>STRUCT(v T)</c>, NULL where the expression raised, or,
/// for a cast of a column, <c>STRUCT(v T, given BOOLEAN)</c>: it raised where v is NULL and the column was given.
/// </param>
/// <param name="Wrapped">Names of the wrapped output columns.</param>
/// <param name="CarriesRows">False where one output row does not come from one streamed row, and nothing is carried.</param>
public sealed record RewrittenQuery(string Sql, IReadOnlyList<string> Wrapped, bool CarriesRows);
