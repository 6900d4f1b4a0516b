using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// The keys that a part of a table is made again for: those with an event on the days that were asked for, under today's query. They are made from all their events as if nothing were known of
/// them, so that they come to what a full refresh gives; the other keys stay.
/// </summary>
/// <param name="typed">SQL of all events' columns.</param>
internal sealed class RestatedKeys(Dataset dataset, CdcBatch batch, AutoCdc clauses, OutputShape shape, string typed)
{
    /// <summary>All keys of the events, with whether they have one on the days; and the keys chosen.</summary>
    private const string All = StepCatalog.OwnSchema + ".cdc_all_keys";

    public const string Chosen = StepCatalog.OwnSchema + ".cdc_restated";

    private CdcLayout Layout => batch.Layout;

    private IEnumerable<string> KeyNames => Layout.Keys.Select(k => SqlText.Identifier(Layout.Columns[k].Name));

    private string Named => string.Join(", ", KeyNames);

    private string Numbered => string.Join(", ", Layout.Keys.Select(static k => $"c{k}"));

    /// <summary>SQL of whether a row with the key's columns is of a chosen one.</summary>
    public string IsChosen => $"({Named}) IN (SELECT {(Layout.Keys.Count == 1 ? Numbered : $"({Numbered})")} FROM {Chosen})";

    /// <summary>The chosen keys' events; truncations, which are about all keys, among them.</summary>
    public string Events => $"SELECT * FROM ({typed}) AS {SqlText.Identifier(dataset.Name.Original.Name)} WHERE {IsChosen}{(clauses.TruncateWhen is { } truncates ? $" OR ({truncates}\n)" : "")}";

    /// <summary>Makes the table of keys.</summary>
    /// <param name="declared">The day column; null: the sequence's first column.</param>
    /// <returns>What was chosen, for people.</returns>
    public string Find(DayRange days, string? declared)
    {
        var column = shape.Columns.FirstOrDefault(c => c.Name.Equals(declared ?? clauses.SequenceBy[0], StringComparison.OrdinalIgnoreCase))
            ?? throw Refused($"its events have no column {declared}");
        if (declared is null && column.Type is not PrimitiveType { Name: "date" or "timestamp" or "timestamp_ntz" })
            throw Refused($"it declares no day column, and {column.Name}, by which its events are ordered, is no date and no time. Write TBLPROPERTIES ('{DayColumn.Property}' = 'column'), a column of its events");
        var keys = string.Join(", ", Layout.Keys.Select(k => $"{SqlText.Identifier(Layout.Columns[k].Name)} AS c{k}"));
        var isKey = string.Join(" AND ", KeyNames.Select(static k => $"{k} IS NOT NULL"));
        batch.Run($"CREATE TABLE {All} AS SELECT {keys}, coalesce(bool_or({days.Holds(SqlText.Identifier(column.Name))}), false) AS chosen FROM ({typed}) AS e WHERE {isKey} GROUP BY ALL");
        batch.Run($"CREATE TABLE {Chosen} AS SELECT {Numbered} FROM {All} WHERE chosen");
        return $"{batch.Count(Chosen)} keys with events of {days} made again{(declared is null ? $", days being those of {column.Name}" : "")}";
    }

    /// <exception cref="EngineException">The table has rows of keys that no event has any more.</exception>
    public async Task HoldAsync(CancellationToken cancel)
    {
        if (batch.Attempt is null) return;
        var without = batch.Connection.Rows($"SELECT DISTINCT concat_ws(', ', {string.Join(", ", Layout.Keys.Select(static k => $"t.c{k}::VARCHAR"))}) FROM ({await CdcTarget.AllAsync(batch, cancel)}) AS t ANTI JOIN {All} AS a ON {batch.Sql.SameKey("t", "a")} LIMIT 4")
            .ConvertAll(static r => (string)r[0]!);
        if (without.Count == 0) return;
        throw new EngineException(EngineCodes.DayLoses, $"A part of {dataset.Name} cannot be made again: the table has rows of keys that no event has under today's query ({string.Join("; ", without.Take(3))}{(without.Count > 3 ? "; …" : "")}). "
            + $"Nothing was changed. Bring the events back; where the query makes other keys of them, rebuild with --full-refresh {dataset.Name}.");
    }

    /// <summary>Takes refused events of other keys out: they are in quarantine already.</summary>
    public void Judged()
    {
        if (clauses.TruncateWhen is null) return;
        var keys = string.Join(", ", Layout.Keys.Select(k => $"r.c{shape.Columns.Select(static c => c.Name).ToList().FindIndex(n => n.Equals(Layout.Columns[k].Name, StringComparison.OrdinalIgnoreCase))}"));
        batch.Run($"DELETE FROM {Judge.SetAsideTable} WHERE (({keys}) IN (SELECT {(Layout.Keys.Count == 1 ? Numbered : $"({Numbered})")} FROM {Chosen})) IS NOT TRUE");
    }

    /// <exception cref="EngineException">The truncations that hold are not those that the table was made with: they are about all keys.</exception>
    public void HoldTruncations()
    {
        var same = batch.Connection.Scalar($"SELECT (SELECT max(seq) FROM {CdcBatch.Events} WHERE op = {(int)CdcOperation.Truncate}) IS NOT DISTINCT FROM (SELECT max(seq) FROM {CdcMemory.Marks} WHERE kind = {CdcMemory.TruncateMark})");
        if (same is not true) throw Refused($"its last truncation is another under today's query and rules, and a truncation is about all keys. Rebuild it with --full-refresh {dataset.Name}");
    }

    /// <summary>The keys' events by their inputs: one that was refused without a key may have one now.</summary>
    public AcceptedInputs? Inputs => shape.CarriedRow is { } row ? new AcceptedInputs(row, $"({typed}) AS e", IsChosen) : null;

    private EngineException Refused(string why) => new(EngineCodes.DayRefused, $"A part of {dataset.Name} cannot be made again: {why}.");
}
