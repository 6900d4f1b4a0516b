using Smelt.DuckDb;
using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>A column that a CDC flow stores.</summary>
internal sealed record CdcColumn(string Name, DeltaType Type, string? Comment = null)
{
    /// <summary>DuckDB's type.</summary>
    public string Sql => ParquetSql.TypeOf(Name, Type);
}

/// <summary>
/// What a CDC flow stores and by what rules. Within its queries column <c>i</c> is called <c>c&lt;i&gt;</c>, so that no name of the user's meets one of ours; an event is
/// (<c>c0</c>, <c>c1</c>, …, <c>seq</c>, <c>op</c>).
/// </summary>
internal sealed record CdcLayout
{
    /// <summary>The stored columns in order, keys included, those of history excluded.</summary>
    public required IReadOnlyList<CdcColumn> Columns { get; init; }

    /// <summary>Indexes of the key's columns.</summary>
    public required IReadOnlyList<int> Keys { get; init; }

    public required DeltaType Sequence { get; init; }

    /// <summary>SCD type 2: every version of a row, from <c>__START_AT</c> up to <c>__END_AT</c>.</summary>
    public bool KeepsHistory { get; init; }

    /// <summary>Columns that a NULL leaves as they are (IGNORE NULL UPDATES); no keys.</summary>
    public IReadOnlyList<int> Ignoring { get; init; } = [];

    /// <summary>Columns whose change opens a new version; no keys.</summary>
    public IReadOnlyList<int> Tracked { get; init; } = [];

    /// <summary>Whether events may come late, so that what they are held against is remembered. Snapshots come in order.</summary>
    public bool Remembers { get; init; } = true;

    public string SequenceSql => ParquetSql.TypeOf("sequence", Sequence);

    public IReadOnlyList<int> All => [.. Enumerable.Range(0, Columns.Count)];

    /// <summary>Columns that are no keys.</summary>
    public IReadOnlyList<int> Values => [.. All.Except(Keys)];

    /// <summary>Columns that an event brings whole: neither keys nor ignoring.</summary>
    public IReadOnlyList<int> Whole => [.. Values.Except(Ignoring)];
}

/// <summary>What an event does; of equal sequences the greater comes last.</summary>
internal enum CdcOperation
{
    Upsert,
    Delete,
    Truncate,
}

/// <summary>Pieces of SQL over events and rows of a layout.</summary>
internal sealed class CdcSql(CdcLayout layout)
{
    public const string Start = "__START_AT", End = "__END_AT";

    /// <summary>The key's columns, with an owner before each where one is given.</summary>
    public string Keys(string? of = null) => List(layout.Keys, of);

    public string All(string? of = null) => List(layout.All, of);

    public static string List(IEnumerable<int> columns, string? of = null) => string.Join(", ", columns.Select(c => Column(c, of)));

    public static string Column(int column, string? of = null) => of is null ? $"c{column}" : $"{of}.c{column}";

    /// <summary>Keys are never NULL, so a plain comparison is one that joins by hash.</summary>
    public string SameKey(string a, string b) => string.Join(" AND ", layout.Keys.Select(k => $"{a}.c{k} = {b}.c{k}"));

    /// <summary>Whether the columns are the same, NULL being the same as NULL.</summary>
    public static string Same(string a, string b, IEnumerable<int> columns) =>
        string.Join(" AND ", columns.Select(c => $"{a}.c{c} IS NOT DISTINCT FROM {b}.c{c}").DefaultIfEmpty("true"));

    /// <summary>Whether <paramref name="a"/>'s columns, compared in order with NULL least, are greater than <paramref name="b"/>'s. This settles events of equal sequence.</summary>
    public string Greater(string a, string b, IEnumerable<int> columns) => Greater(columns.Select(c => (Ordered(c, a), Ordered(c, b))));

    public static string Greater(IEnumerable<(string A, string B)> pairs)
    {
        var cases = string.Concat(pairs.Select(static p => $" WHEN {p.A} IS DISTINCT FROM {p.B} THEN {p.B} IS NULL OR ({p.A} IS NOT NULL AND {p.A} > {p.B})"));
        return cases.Length == 0 ? "false" : $"(CASE{cases} ELSE false END)";
    }

    /// <summary>Order in which the greatest comes first.</summary>
    public string GreatestFirst(IEnumerable<int> columns) => string.Concat(columns.Select(c => $", {Ordered(c)} DESC NULLS LAST"));

    /// <summary>A column as it is compared: a map, which has no order, by its text.</summary>
    public string Ordered(int column, string? of = null) =>
        layout.Columns[column].Type.Any(static t => t is MapType) ? Column(column, of) + "::VARCHAR" : Column(column, of);

    /// <summary>The columns from what bears their own names.</summary>
    public string Renamed(string of) => string.Join(", ", layout.Columns.Select((c, i) => $"{of}.{SqlText.Identifier(c.Name)} AS c{i}"));

    /// <summary>The columns under their own names.</summary>
    public string Named(string of) => string.Join(", ", layout.Columns.Select((c, i) => $"{of}.c{i} AS {SqlText.Identifier(c.Name)}"));
}
