using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Leaves out rows that repeat a key: the batch's rows are set aside, of each key the first is taken, and those are held against the target's files that may hold one of
/// the keys. The commit conflicts with whoever adds rows of that range meanwhile.
/// </summary>
internal sealed class UniqueRows(StepPreparation step, StepCatalog catalog, OutputShape shape)
{
    /// <summary>Up to so many values of a key choose files one by one, above by their range.</summary>
    private const int MostListed = 200;

    private const string Arrived = "smelt_arrived", Held = "unique_held";

    private readonly Deduplication _unique = step.Query.Unique!;
    private readonly DeduplicationWindow? _window = DeduplicationWindow.Of(step.Dataset.Properties);
    private long _arrived;

    /// <summary>What of the target was read.</summary>
    public TableReads Reads { get; private set; } = TableReads.Nothing;

    private DuckDbConnection Connection => catalog.Connection;

    private string Names => string.Join(", ", shape.Names.Select(static n => SqlText.Identifier(n)));

    private string Keys => string.Join(", ", _unique.Keys.Select(static k => SqlText.Identifier(k)));

    private string Time => SqlText.Identifier(_window!.TimeColumn);

    private string Width => string.Create(CultureInfo.InvariantCulture, $"INTERVAL {(long)_window!.Width.TotalSeconds} SECONDS");

    /// <summary>Runs the query and sets its rows aside.</summary>
    /// <returns>The query of those that stay.</returns>
    public async Task<string> TakeAsync(string rows, CancellationToken cancel)
    {
        Connection.Execute($"CREATE TEMP TABLE {Arrived} AS SELECT {Names} FROM ({rows}\n) AS a");
        _arrived = Count("");
        if (step.Joined is { Files.Count: > 0 } joined && _unique.Keys.All(k => joined.Target.Definition.Metadata.Schema.Find(k) is not null))
            return await NewAsync(new ScanBuilder(joined.Target.Table, joined.Target.Definition.Metadata).Build(joined.Files), cancel);
        if (step.Mode == RefreshMode.Full || step.Target is not { } target || !_unique.Keys.All(k => target.Snapshot.Schema.Find(k) is not null)) return First(Arrived);
        var condition = Condition(target.Snapshot);
        Reads = condition is null ? TableReads.Everything : new TableReads { Condition = condition };
        var files = condition is null ? null : new PruneFilter(target.Snapshot.Metadata, PredicateAst.Parse(Connection, condition, target.Snapshot.Schema)).Select(target.Snapshot.Files).ToList();
        return await NewAsync(target.Table.Scan(target.Snapshot, files), cancel);
    }

    /// <summary>Of the rows that came those whose keys are not among the rows held.</summary>
    private async Task<string> NewAsync(TableScan held, CancellationToken cancel)
    {
        await catalog.BindScanAsync(StepCatalog.OwnSchema, Held, held, cancel);
        var same = _unique.Keys.Select(static k => $"t.{SqlText.Identifier(k)} IS NOT DISTINCT FROM n.{SqlText.Identifier(k)}").ToList();
        if (_window is not null) same.Add($"t.{Time} BETWEEN n.{Time} - {Width} AND n.{Time} + {Width}");
        return First($"(SELECT {Names} FROM {Arrived} AS n WHERE NOT EXISTS (SELECT 1 FROM {SqlText.Identifier(StepCatalog.OwnSchema, Held)} AS t WHERE {string.Join(" AND ", same)})) AS fresh");
    }

    /// <summary>How many rows were left out, for people; null where none was.</summary>
    public string? Note(long rowsOut) => (_arrived - rowsOut) switch
    {
        0 => null,
        1 => $"1 row repeated ({string.Join(", ", _unique.Keys)}) and was left out",
        var repeats => $"{repeats} rows repeated ({string.Join(", ", _unique.Keys)}) and were left out",
    };

    /// <summary>Of equal keys the first in the order asked for; with a window those that come later than it after the one before.</summary>
    private string First(string rows)
    {
        var order = _unique.Order.Select(static o => $"{SqlText.Identifier(o.Column)}{(o.Descending ? " DESC" : "")}").ToList();
        if (_window is null) return $"SELECT DISTINCT ON ({Keys}) {Names} FROM {rows}{(order.Count == 0 ? "" : $" ORDER BY {string.Join(", ", order)}")}";
        var before = $"lag({Time}) OVER (PARTITION BY {Keys} ORDER BY {string.Join(", ", order.Prepend($"{Time} NULLS FIRST"))})";
        return $"SELECT {Names} FROM (SELECT *, {before} AS __smelt_before FROM {rows}) AS b WHERE __smelt_before IS NULL OR {Time} > __smelt_before + {Width}";
    }

    /// <summary>What rows of the target are like that may be repeated; null where nothing is known of them.</summary>
    private string? Condition(Snapshot target)
    {
        var conditions = _unique.Keys.Select(k => Values(k, target.Schema.Find(k)!.Type)).OfType<string>().ToList();
        if (_window is not null && Range(_window.TimeColumn, target.Schema.Find(_window.TimeColumn)?.Type, Width) is { } times) conditions.Add(times);
        return conditions.Count == 0 ? null : string.Join(" AND ", conditions);
    }

    private string? Values(string key, DeltaType type)
    {
        var column = SqlText.Identifier(key);
        var values = Connection.Rows($"SELECT DISTINCT {column}::VARCHAR FROM {Arrived} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {MostListed + 1}").ConvertAll(r => Literal((string)r[0]!, type));
        if (values.Contains(null)) return null;
        if (values.Count == 0) return $"{column} IS NULL";
        var held = values.Count <= MostListed ? $"{column} IN ({string.Join(", ", values)})" : Range(key, type, null);
        return held is null ? null : Count($" WHERE {column} IS NULL") > 0 ? $"({held} OR {column} IS NULL)" : held;
    }

    private string? Range(string name, DeltaType? type, string? width)
    {
        if (type is null) return null;
        var column = SqlText.Identifier(name);
        // A day's window reaches into the days around it.
        var (low, high) = width is null ? ("", "") : ($" - {width} - INTERVAL 1 DAY", $" + {width} + INTERVAL 1 DAY");
        var cast = type.Equals(DeltaType.Date) ? "::DATE" : "";
        var row = Connection.Rows($"SELECT (min({column}){low}){cast}::VARCHAR, (max({column}){high}){cast}::VARCHAR FROM {Arrived}")[0];
        return row[0] is string from && row[1] is string to && Literal(from, type) is { } first && Literal(to, type) is { } last ? $"{column} BETWEEN {first} AND {last}" : null;
    }

    private long Count(string where) => Convert.ToInt64(Connection.Scalar($"SELECT count(*) FROM {Arrived}{where}"), CultureInfo.InvariantCulture);

    /// <summary>A value as the pruning of files reads it; null for types whose statistics it does not compare.</summary>
    private static string? Literal(string text, DeltaType type) => (type as PrimitiveType)?.Name switch
    {
        "byte" or "short" or "integer" or "long" => text,
        "string" => SqlText.Literal(text),
        "date" => $"DATE {SqlText.Literal(text)}",
        "timestamp" => $"TIMESTAMPTZ {SqlText.Literal(text)}",
        "timestamp_ntz" => $"TIMESTAMP {SqlText.Literal(text)}",
        _ => null,
    };
}
