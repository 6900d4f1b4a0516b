namespace Smelt.Pipelines;

/// <summary>A dataset's query: text, references, sources, output columns with lineage.</summary>
public sealed class DatasetQuery
{
    /// <summary>
    /// The SQL given to DuckDB: variables substituted; STREAM, LIVE., VERSION|TIMESTAMP AS OF overwritten by spaces. All spans are UTF-16 offsets
    /// into this text.
    /// </summary>
    public required string Text { get; init; }

    /// <summary>Every reference to a table in FROM, CTE names excluded, in text order. Those inside macros are in <see cref="MacroReferences"/>.</summary>
    public IReadOnlyList<TableReference> References { get; init; } = [];

    /// <summary>Datasets that used macros (transitively) and the dataset's rules read.</summary>
    public IReadOnlyList<DatasetName> MacroReferences { get; init; } = [];

    /// <summary>read_files, read_postgres, … in text order.</summary>
    public IReadOnlyList<SourceCall> Sources { get; init; } = [];

    /// <summary>Macros of functions/ it uses, transitively, in an order in which they can be created.</summary>
    public IReadOnlyList<Macro> Macros { get; init; } = [];

    /// <summary>Output columns in order. Where <see cref="IsOpen"/>, only those that are certain.</summary>
    public IReadOnlyList<OutputColumn> Columns { get; init; } = [];

    /// <summary>Some columns come from a schema nobody knows yet.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Uses now(), current_date, …: the result depends on when it runs.</summary>
    public bool IsTimeDependent { get; init; }

    /// <summary>Uses random(), uuid(), … or reads what Smelt does not track.</summary>
    public bool IsVolatile { get; init; }

    /// <summary>Reads what Smelt does not track (DuckDB's own read_csv …): nobody can tell whether it changed.</summary>
    public bool ReadsUntracked { get; init; }

    /// <summary>Has expressions that make several rows of one: UNNEST.</summary>
    public bool MultipliesRows { get; init; }

    /// <summary>Which rows of a stream are repeats; null where all stay.</summary>
    public Deduplication? Unique { get; init; }

    /// <summary>The one streamed reference or source of a streaming table without UNION ALL; several with.</summary>
    public bool ReadsStream => References.Any(r => r.IsStream) || Sources.Any(s => s.IsStream);

    /// <summary>Tables of Smelt's own that it or its macros read, each once: <c>event_log</c>.</summary>
    public IEnumerable<string> SystemTables => References.Select(r => r.SystemTable).OfType<string>().Concat(Macros.SelectMany(m => m.SystemReads)).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Datasets read, each once: references, then macros'.</summary>
    public IEnumerable<DatasetName> Inputs => References.Where(r => r.Dataset is not null).Select(r => r.Dataset!).Concat(MacroReferences)
        .Concat(Sources.Where(static s => s.Dataset is not null).Select(static s => s.Dataset!)).Distinct();

    /// <summary>Datasets that are streamed, their rows or their changes, each once.</summary>
    public IEnumerable<DatasetName> StreamedDatasets => References.Where(static r => r is { IsStream: true, Dataset: not null }).Select(static r => r.Dataset!)
        .Concat(Sources.Where(static s => s is { IsStream: true, Dataset: not null }).Select(static s => s.Dataset!)).Distinct();

    /// <summary>Calls of <c>read_files</c>, in text order.</summary>
    public IEnumerable<SourceCall> FileSources => Sources.Where(static s => s.Function == "read_files");

    /// <summary>What several queries into one table read and give, as one without text. Columns are matched by name.</summary>
    internal static DatasetQuery Together(IReadOnlyList<DatasetQuery> queries) => new()
    {
        Text = "",
        References = [.. queries.SelectMany(static q => q.References)],
        MacroReferences = [.. queries.SelectMany(static q => q.MacroReferences).Distinct()],
        Sources = [.. queries.SelectMany(static q => q.Sources)],
        Macros = [.. queries.SelectMany(static q => q.Macros).DistinctBy(static m => m.Name, StringComparer.OrdinalIgnoreCase)],
        Columns =
        [
            .. queries.SelectMany(static q => q.Columns).GroupBy(static c => c.Name, StringComparer.OrdinalIgnoreCase)
                .Select(static g => new OutputColumn(g.First().Name, [.. g.SelectMany(static c => c.Origins).Distinct()])),
        ],
        IsOpen = queries.Any(static q => q.IsOpen),
        IsTimeDependent = queries.Any(static q => q.IsTimeDependent),
        IsVolatile = queries.Any(static q => q.IsVolatile),
        ReadsUntracked = queries.Any(static q => q.ReadsUntracked),
    };

    /// <summary>Datasets of which a fixed range of changes is read.</summary>
    public IEnumerable<DatasetName> ChangeReads => Sources.Where(static s => s is { IsStream: false, Dataset: not null }).Select(static s => s.Dataset!);
}

/// <summary>A span of <see cref="DatasetQuery.Text"/> in UTF-16 units.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;
}

/// <summary>A table name in FROM.</summary>
/// <param name="Parts">The name as written, unquoted: <c>["silver", "orders"]</c> or <c>["orders"]</c>.</param>
/// <param name="Dataset">What it means; null for system tables (<c>_smelt.event_log</c>) and where it is unknown.</param>
/// <param name="SystemTable"><c>event_log</c> for <c>_smelt.event_log</c>, else null.</param>
/// <param name="Alias">Alias written after it, if any.</param>
/// <param name="Span">The name alone (qualifier included, alias and AS OF excluded).</param>
public sealed record TableReference(
    IReadOnlyList<string> Parts, DatasetName? Dataset, string? SystemTable, string? Alias, bool IsStream, TableVersion? AsOf, TextSpan Span, FilePosition Position)
{
    /// <summary>What every row read here has to pass, or null: files without such rows need not be read.</summary>
    public ReadCondition? Condition { get; init; }

    /// <summary>How it is streamed.</summary>
    public StreamOptions Stream { get; init; } = StreamOptions.None;
}

/// <summary>A WHERE clause over a table.</summary>
/// <param name="Json">The condition's node of DuckDB's syntax tree.</param>
/// <param name="Qualifier">The table's name in the query.</param>
/// <param name="IsAlone">Whether it is the only table in FROM, so that columns without a table's name are its own.</param>
/// <param name="Hidden">Names that the query gives to expressions of its own: as columns they are not taken for the table's.</param>
public sealed record ReadCondition(string Json, IReadOnlyList<string> Qualifier, bool IsAlone, IReadOnlyList<string> Hidden);

/// <summary>VERSION AS OF n, or TIMESTAMP AS OF 'text'.</summary>
public sealed record TableVersion(long? Version, string? Timestamp);

/// <summary>A call of one of Smelt's source functions.</summary>
/// <param name="Function">Lower case: <c>read_files</c>.</param>
/// <param name="Span">From the function's name to its closing parenthesis.</param>
public sealed record SourceCall(
    string Function, IReadOnlyList<ConstantValue> Arguments, IReadOnlyList<NamedArgument> Options, bool IsStream, string? Alias, TextSpan Span, FilePosition Position)
{
    /// <summary>What every row read here has to pass, or null.</summary>
    public ReadCondition? Condition { get; init; }

    /// <summary>The dataset whose changes table_changes reads; null for a path, and for other functions.</summary>
    public DatasetName? Dataset { get; init; }

    /// <summary>How it is streamed, where it is a Delta table or its changes.</summary>
    public StreamOptions Stream { get; init; } = StreamOptions.None;

    /// <summary>The option of that name without case, or null.</summary>
    public ConstantValue? Option(string name) => Options.FirstOrDefault(o => o.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;
}

/// <summary><c>format => 'csv'</c>.</summary>
public sealed record NamedArgument(string Name, ConstantValue Value, FilePosition Position);

/// <summary>What an option can be.</summary>
public enum ConstantKind { Null, Boolean, Number, Text, List, Map }

/// <summary>A constant argument. Numbers are kept as text (exact); struct literals and MAP both are <see cref="ConstantKind.Map"/>.</summary>
public sealed record ConstantValue(ConstantKind Kind, string Text, IReadOnlyList<ConstantValue> Items, IReadOnlyList<KeyValuePair<string, ConstantValue>> Entries)
{
    public bool IsTrue => Kind == ConstantKind.Boolean && Text == "true";
    public static ConstantValue OfText(string text) => new(ConstantKind.Text, text, [], []);
}

/// <summary>How an output column depends on an input column.</summary>
public enum LineageKind
{
    /// <summary>The value itself, perhaps renamed.</summary>
    Direct,
    /// <summary>An expression over it.</summary>
    Derived,
}

/// <summary>An input column that an output column depends on.</summary>
public readonly record struct ColumnOrigin(DatasetName Dataset, string Column, LineageKind Kind);

/// <summary>An output column with what it comes from.</summary>
public sealed record OutputColumn(string Name, IReadOnlyList<ColumnOrigin> Origins);

/// <summary>A macro of functions/*.sql.</summary>
/// <param name="CreateSql">The whole CREATE MACRO statement, variables substituted.</param>
public sealed record Macro(string Name, bool IsTable, string CreateSql, string File, FilePosition Position, IReadOnlyList<DatasetName> Reads)
{
    /// <summary>The parameters of each overload as CreateSql has them: <c>(a, b := 1)</c>.</summary>
    public required IReadOnlyList<string> Parameters { get; init; }

    /// <summary>Tables of Smelt's own that it reads, other macros' included.</summary>
    public IReadOnlyList<string> SystemReads { get; init; } = [];
}
