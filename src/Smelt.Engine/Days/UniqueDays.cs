using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// Days of a table of one row a key, made again: which of repeated rows came first nobody remembers, so the row that the table holds stays where the query still gives it, and
/// only where it does not the query's own order decides. A key of a row of other days comes no second time. So an unchanged query changes nothing, and made twice it changes nothing.
/// </summary>
internal sealed class UniqueDays(StepPreparation step, StepCatalog catalog, OutputShape shape)
{
    private const string Came = "smelt_of_days", Other = "smelt_of_other_days", Free = "smelt_free", Stays = "smelt_stays", HeldName = "unique_held";

    private readonly Deduplication _unique = step.Query.Unique!;
    private readonly DeduplicationWindow? _window = DeduplicationWindow.Of(step.Dataset.Properties);

    private DuckDbConnection Connection => catalog.Connection;

    private string Names => string.Join(", ", shape.Names.Select(static n => SqlText.Identifier(n)));

    private string Keys => string.Join(", ", _unique.Keys.Select(static k => SqlText.Identifier(k)));

    private string Time => SqlText.Identifier(_window!.TimeColumn);

    private string Width => string.Create(CultureInfo.InvariantCulture, $"INTERVAL {(long)_window!.Width.TotalSeconds} SECONDS");

    /// <summary>The query's own order, then the columns' values: no two rows that differ are equal in it.</summary>
    private string Order => string.Join(", ", _unique.Order.Select(static o => $"{SqlText.Identifier(o.Column)}{(o.Descending ? " DESC" : "")}")
        .Concat(shape.Columns.Select(static c => c.Type.Any(static t => t is MapType) ? $"{SqlText.Identifier(c.Name)}::VARCHAR" : SqlText.Identifier(c.Name))));

    /// <summary>Runs the query once and chooses.</summary>
    /// <param name="rows">SQL of the judged rows of these days.</param>
    /// <param name="where">Condition over the table's rows (as <see cref="RowDifference.Target"/>) that are made again.</param>
    /// <param name="target">The table as it will be.</param>
    /// <param name="others">SQL of the rows of other days that the rules let through, of which a window asks what came shortly before.</param>
    /// <returns>The query of those that the table is to have.</returns>
    public async Task<string> ChooseAsync(string rows, string where, TargetTable target, string others, CancellationToken cancel)
    {
        Connection.Execute($"CREATE TEMP TABLE {Came} AS SELECT {Names} FROM ({rows}\n) AS a");
        await catalog.BindScanAsync(StepCatalog.OwnSchema, HeldName, new ScanBuilder(target.Table, target.Definition.Metadata).Build([.. step.Target!.Snapshot.Files]), cancel);
        var held = $"{SqlText.Identifier(StepCatalog.OwnSchema, HeldName)} AS {RowDifference.Target}";
        Connection.Execute($"CREATE TEMP TABLE {Other} AS SELECT DISTINCT {Keys}{(_window is null ? "" : ", " + Time)} FROM {held} WHERE ({where}) IS NOT TRUE");
        Connection.Execute($"CREATE TEMP TABLE {Free} AS SELECT {Names} FROM {Came} AS n WHERE {IsNew(Other)}");
        var kept = $"(SELECT {Names} FROM {Free} INTERSECT SELECT {Names} FROM {held} WHERE {where}) AS k";
        return _window is null ? OneOfEach(kept) : OneWithin(kept, others);
    }

    private string OneOfEach(string kept)
    {
        var first = $"QUALIFY row_number() OVER (PARTITION BY {Keys} ORDER BY {Order}) = 1";
        Connection.Execute($"CREATE TEMP TABLE {Stays} AS SELECT {Names} FROM {kept} {first}");
        return $"SELECT {Names} FROM {Stays} UNION ALL SELECT {Names} FROM (SELECT * FROM {Free} AS n WHERE {IsNew(Stays)} {first}) AS f";
    }

    /// <summary>
    /// Within a window a row repeats one that came no more than its width before, itself a repeat or not: of all that was read, as nobody knows any more which came together. Rows without a time repeat none.
    /// </summary>
    private string OneWithin(string kept, string others)
    {
        string Before(string rows) => $"SELECT *, lag({Time}) OVER (PARTITION BY {Keys} ORDER BY {Time}, {Order}) AS __smelt_before FROM {rows} WHERE {Time} IS NOT NULL";
        var isFirst = $"(__smelt_before IS NULL OR {Time} > __smelt_before + {Width})";
        Connection.Execute($"CREATE TEMP TABLE {Stays} AS SELECT {Names} FROM ({Before(kept)}) AS b WHERE {isFirst}");
        var all = $"(SELECT {Names}, true AS __smelt_came FROM {Came} UNION ALL SELECT {Names}, false FROM ({others}) AS o SEMI JOIN {Came} AS c ON {Same("o", "c")}) AS r";
        return $"SELECT {Names} FROM {Free} WHERE {Time} IS NULL UNION ALL SELECT {Names} FROM {Stays} "
            + $"UNION ALL SELECT {Names} FROM ({Before(all)}) AS n WHERE __smelt_came AND {isFirst} AND {IsNew(Other)} AND {IsNew(Stays)}";
    }

    /// <summary>Condition that no row of a table has the key of <c>n</c>, or none near it in time.</summary>
    private string IsNew(string table)
    {
        var near = _window is null ? "" : $" AND t.{Time} BETWEEN n.{Time} - {Width} AND n.{Time} + {Width}";
        return $"NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {Same("t", "n")}{near})";
    }

    private string Same(string a, string b) => string.Join(" AND ", _unique.Keys.Select(k => $"{a}.{SqlText.Identifier(k)} IS NOT DISTINCT FROM {b}.{SqlText.Identifier(k)}"));
}
