using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// The names in the clauses of AUTO CDC, held against the columns that are really there: where the source's columns are known by its files alone, no compiler saw them. A name that the table has
/// from earlier batches is one of its columns, whatever today's files lack.
/// </summary>
/// <param name="events">Columns of the batch's events.</param>
/// <param name="table">Columns of the table as it is.</param>
internal sealed class CdcNames(Dataset dataset, AutoCdc clauses, IReadOnlyList<string> events, IReadOnlyList<string> table)
{
    /// <summary>KEYS and SEQUENCE BY: no event is one without them, whatever the table has.</summary>
    public void HoldKeys()
    {
        foreach (var key in clauses.Keys)
        {
            if (!Has(events, key)) throw Unknown("KEYS", key);
            if (!clauses.Columns.Has(key)) throw Refused(dataset, $"KEYS names '{key}', which COLUMNS leaves out. Store it too");
        }
        foreach (var column in clauses.SequenceBy.Where(c => !Has(events, c))) throw Unknown("SEQUENCE BY", column);
    }

    /// <param name="stored">Columns that the table will have.</param>
    /// <param name="ingestion">Columns that ingestion adds: these are left out without being named.</param>
    /// <param name="isReplay">Whether the events are rows of a quarantine, which say nothing of columns that were NULL.</param>
    public void HoldLists(IReadOnlyList<string> stored, IReadOnlyList<string> ingestion, bool isReplay)
    {
        Hold("COLUMNS", clauses.Columns, stored, ingestion, isReplay);
        Hold("IGNORE NULL UPDATES ON", clauses.IgnoreNulls, stored, ingestion, isReplay);
        Hold("TRACK HISTORY ON", clauses.TrackHistory, stored, ingestion, isReplay);
    }

    private void Hold(string clause, ColumnChoice choice, IReadOnlyList<string> stored, IReadOnlyList<string> ingestion, bool isReplay)
    {
        if (choice.IsExcept && isReplay) return;
        foreach (var name in choice.Names.Where(n => !Has(stored, n) && !(choice.IsExcept && Has(ingestion, n))))
        {
            var isThere = Has(events, name) || Has(table, name);
            if (!isThere) throw Unknown(clause, name);
            if (!choice.IsExcept) throw Refused(dataset, $"{clause} names '{name}', which COLUMNS leaves out. Store it too");
        }
    }

    private EngineException Unknown(string clause, string name) =>
        Refused(dataset, $"{clause} names '{name}', which the source does not have{(NearestName.Of(name, events.Concat(table)) is { } near ? $". Did you mean '{near}'?" : ".")}", "");

    public static EngineException Refused(Dataset dataset, string why, string end = ".") => new(EngineCodes.SchemaRefused, $"{dataset.Name} cannot be kept by AUTO CDC: {why}{end}");

    private static bool Has(IReadOnlyList<string> names, string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
