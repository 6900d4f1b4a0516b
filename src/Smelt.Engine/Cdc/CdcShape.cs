using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The clauses of AUTO CDC over the columns that a batch's events really have.</summary>
internal sealed class CdcShape
{
    private readonly AutoCdc _clauses;
    private readonly OutputShape _events;
    private readonly List<OutputColumn> _stored;

    /// <param name="dataset">The target, for messages.</param>
    /// <param name="clauses">As compiled.</param>
    /// <param name="events">The events' columns.</param>
    /// <param name="isOfFiles">Whether they come from files: extracts without a sequence of their own are then ordered by name, else by time.</param>
    /// <param name="target">The table as it is; null where it is made new.</param>
    /// <exception cref="EngineException">A clause names a column that the events do not have, or one of a type that cannot be ordered.</exception>
    public CdcShape(Dataset dataset, AutoCdc clauses, OutputShape events, bool isOfFiles, StructType? target)
    {
        (_clauses, _events) = (clauses, events);
        Names = new CdcNames(dataset, clauses, events.Names, [.. (target?.Fields ?? []).Select(static f => f.Name)]);
        Names.HoldKeys();
        var stored = events.Columns.Where(c => clauses.Columns.Has(c.Name)).Select(static c => c with { Sql = SqlText.Identifier(c.Name) }).ToList();
        // A column that events no longer bring stays with the rows that have it; new events say NULL.
        var absent = (target?.Fields ?? []).Where(f => !stored.Exists(c => Is(c.Name, f.Name)) && !(clauses.KeepsHistory && (Is(f.Name, CdcSql.Start) || Is(f.Name, CdcSql.End)))).ToList();
        stored.AddRange(absent.Select(static f => new OutputColumn(f.Name, $"CAST(NULL AS {ParquetSql.TypeOf(f.Name, f.Type)})", f.Type, null, f.Comment)));
        (_stored, Absent) = (stored, [.. absent.Select(static f => f.Name)]);
        Layout = new CdcLayout
        {
            Columns = [.. stored.Select(static c => new CdcColumn(c.Name, c.Type, c.Comment))],
            Keys = [.. clauses.Keys.Select(k => stored.FindIndex(c => Is(c.Name, k)))],
            Sequence = SequenceType(isOfFiles),
            KeepsHistory = clauses.KeepsHistory,
            Ignoring = Of(stored, clauses.IgnoreNulls),
            Tracked = Of(stored, clauses.TrackHistory),
            Remembers = !clauses.IsSnapshot,
        };
        foreach (var key in Layout.Keys.Select(k => Layout.Columns[k])) Comparable(dataset, key);
        if (Layout.Sequence.Any(static t => t is MapType or ArrayType)) throw CdcNames.Refused(dataset, "its sequence is a list or map, which has no order");
    }

    public CdcLayout Layout { get; }

    public CdcNames Names { get; }

    /// <summary>Columns of the table that the events do not bring.</summary>
    public IReadOnlyList<string> Absent { get; }

    /// <summary>The table's columns.</summary>
    public OutputShape Stored
    {
        get
        {
            var columns = Layout.Columns.Select(static c => new OutputColumn(c.Name, SqlText.Identifier(c.Name), c.Type, null, c.Comment)).ToList();
            if (Layout.KeepsHistory) columns.AddRange([new OutputColumn(CdcSql.Start, CdcSql.Start, Layout.Sequence), new OutputColumn(CdcSql.End, CdcSql.End, Layout.Sequence)]);
            return OutputShape.Of(columns);
        }
    }

    /// <summary>The events of judged rows, as <see cref="CdcBatch.Events"/> has them.</summary>
    /// <param name="judged">SQL of the events' columns by their names.</param>
    /// <param name="extra">More columns to keep, or nothing.</param>
    public string EventsSql(string judged, string extra)
    {
        var columns = _stored.Select(static (c, i) => $"{c.Sql} AS c{i}");
        if (_clauses.IsSnapshot) return $"SELECT {string.Join(", ", columns)}, {(_clauses.SequenceBy.Count == 0 ? Extract : Sequence)} AS seq FROM ({judged}) AS smelt_events";
        return $"SELECT {string.Join(", ", columns)}, {Sequence} AS seq, CAST({Operation} AS TINYINT) AS op{extra} FROM ({judged}) AS smelt_events";
    }

    /// <summary>Hidden column of a row of an extract: which one it is of.</summary>
    public const string Extract = "__smelt_extract";

    /// <summary>What a row must have to be an event: rows without are refused.</summary>
    /// <param name="retention">How long deletes are remembered; null where none was forgotten yet.</param>
    public IReadOnlyList<Rule> Rules(TimeSpan? retention)
    {
        static string NotNull(IEnumerable<string> names) => string.Join(" AND ", names.Select(static n => $"{SqlText.Identifier(n)} IS NOT NULL"));
        var truncates = _clauses.TruncateWhen is { } t ? $" OR ({t}\n)" : "";
        var rules = new List<Rule> { new("cdc:keys", $"{string.Join(", ", _clauses.Keys)} IS NOT NULL", $"(({NotNull(_clauses.Keys)}){truncates})", ViolationAction.QuarantineRow, IsBuiltIn: true) };
        if (_clauses.SequenceBy.Count > 0)
            rules.Add(new Rule("cdc:sequence", $"{string.Join(", ", _clauses.SequenceBy)} IS NOT NULL", $"({NotNull(_clauses.SequenceBy)})", ViolationAction.QuarantineRow, IsBuiltIn: true));
        // Passed by all while they are judged: what came before is only looked up for events that are left.
        if (retention is { } held)
            rules.Add(new Rule(Late, $"no delete that was applied more than {held.TotalDays.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)} days ago is newer", "true", ViolationAction.QuarantineRow, IsBuiltIn: true));
        return rules;
    }

    /// <summary>Name of the rule that late events break.</summary>
    public const string Late = "cdc:late";

    /// <summary>SQL of an event's sequence, where a clause names its columns.</summary>
    public string Sequence => !_clauses.IsStruct ? SqlText.Identifier(_clauses.SequenceBy[0])
        : $"{{{string.Join(", ", _clauses.SequenceBy.Select(static s => $"{SqlText.Literal(s)}: {SqlText.Identifier(s)}"))}}}";

    private string Operation
    {
        get
        {
            var truncate = _clauses.TruncateWhen is { } t ? $" WHEN ({t}\n) THEN {(int)CdcOperation.Truncate}" : "";
            var delete = _clauses.DeleteWhen is { } d ? $" WHEN ({d}\n) THEN {(int)CdcOperation.Delete}" : "";
            return truncate.Length + delete.Length == 0 ? "0" : $"CASE{truncate}{delete} ELSE {(int)CdcOperation.Upsert} END";
        }
    }

    private DeltaType SequenceType(bool isOfFiles)
    {
        if (_clauses.SequenceBy.Count == 0) return isOfFiles ? DeltaType.String : DeltaType.Timestamp;
        var columns = _clauses.SequenceBy.Select(s => _events.Columns.First(c => Is(c.Name, s))).ToList();
        return _clauses.IsStruct ? new StructType([.. columns.Select((c, i) => new DeltaField(_clauses.SequenceBy[i], c.Type))]) : columns[0].Type;
    }

    private int[] Of(List<OutputColumn> stored, ColumnChoice choice) =>
        [.. Enumerable.Range(0, stored.Count).Where(i => choice.Has(stored[i].Name) && !_clauses.Keys.Any(k => Is(k, stored[i].Name)))];

    private static void Comparable(Dataset dataset, CdcColumn key)
    {
        var way = key.Type switch
        {
            StructType type => $"a struct. Select its fields as columns in the source's query (FROM (SELECT {key.Name}.{type.Fields[0].Name} AS {key.Name}_{type.Fields[0].Name}, …)) and name these in KEYS",
            ArrayType => "a list. Make a column of one value of it in the source's query, and name that in KEYS",
            MapType => "a map. Select the values that tell rows apart as columns in the source's query, and name these in KEYS",
            _ => null,
        };
        if (way is not null) throw CdcNames.Refused(dataset, $"its key column '{key.Name}' is {way}");
        if (key.Type is not (PrimitiveType or DecimalType)) throw CdcNames.Refused(dataset, $"its key column '{key.Name}' is of the type {key.Type}. Cast it in the source's query");
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
