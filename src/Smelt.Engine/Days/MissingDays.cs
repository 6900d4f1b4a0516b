using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Days between a table's first and its last of which it has no row, for datasets that declare a day column.</summary>
/// <param name="Ranges">In order; none where nothing is missing or nothing is declared.</param>
/// <param name="IsWhole">Whether rows were looked into where files tell bounds only: else there may be more.</param>
public sealed record MissingDays(IReadOnlyList<DayRange> Ranges, bool IsWhole)
{
    private const int MostTold = 5;

    /// <summary>Rows of files of several days that are read without being asked for: at 4 to 25 ns a row (dates, times) some tens of milliseconds.</summary>
    private const long MostRows = 2_000_000;

    private static readonly MissingDays s_none = new([], true);

    /// <param name="context">Of the update.</param>
    /// <param name="dataset">Whose days.</param>
    /// <param name="whole">Read as many rows as there are.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async Task<MissingDays> OfAsync(UpdateContext context, Dataset dataset, bool whole, CancellationToken cancel)
    {
        // What AUTO CDC keeps are rows of keys and not of days.
        if (dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc) || !dataset.Properties.Keys.Any(static k => k.Equals(DayColumn.Property, StringComparison.OrdinalIgnoreCase))) return s_none;
        var column = DayColumn.Of(dataset, context.Pipeline.Project)!;
        if (await context.Tables.FindAsync(dataset.Name, cancel) is not { } table || table.Snapshot.Schema.Find(column) is null) return s_none;
        var files = FileDays.Of(table.Snapshot, column);
        var reads = whole || files.Wide.Sum(static f => f.LiveRecords ?? MostRows) <= MostRows;
        if (!reads && !files.IsBounded) return new MissingDays([], false);
        var days = files.Certain.Concat(reads ? await ReadAsync(context, table, files.Wide, column, cancel) : files.Possible);
        return new MissingDays(Gaps([.. days.Order()]), reads);
    }

    /// <summary>The ranges as a sentence; null for none.</summary>
    public string? Note(Dataset dataset) => Ranges.Count == 0 ? null
        : $"no rows of {string.Join(", ", Ranges.Take(MostTold))}{(Ranges.Count > MostTold ? $" and {Ranges.Count - MostTold} more ranges" : "")}{(IsWhole ? "" : " (by its files' bounds; --days looks into the rows)")}: `smelt backfill {dataset.Name} --start {Ranges[0].First:yyyy-MM-dd} --end {Ranges[^1].Last:yyyy-MM-dd}` makes them again";

    private static async Task<IEnumerable<(int, int)>> ReadAsync(UpdateContext context, PinnedTable table, IReadOnlyList<AddFile> files, string column, CancellationToken cancel)
    {
        if (files.Count == 0) return [];
        using var connection = context.Database().Connect();
        using var interrupting = cancel.Register(connection.Interrupt);
        var scan = table.Table.Scan(table.Snapshot, files);
        await scan.PrepareAsync(connection, cancel);
        var name = SqlText.Identifier(column);
        return connection.Rows($"SELECT DISTINCT CAST({name} AS DATE) - DATE '1970-01-01' FROM ({scan.Sql}) AS t WHERE {name} IS NOT NULL").ConvertAll(static r => ((int)(long)r[0]!, (int)(long)r[0]!));
    }

    private static List<DayRange> Gaps(IReadOnlyList<(int First, int Last)> days)
    {
        var gaps = new List<DayRange>();
        var reached = int.MaxValue;
        foreach (var (first, last) in days)
        {
            if (reached != int.MaxValue && first > reached + 1) gaps.Add(new DayRange(Date(reached + 1), Date(first - 1)));
            reached = reached == int.MaxValue ? last : Math.Max(reached, last);
        }
        return gaps;
    }

    private static DateOnly Date(int day) => DateOnly.FromDayNumber(Math.Clamp(day + new DateOnly(1970, 1, 1).DayNumber, DateOnly.MinValue.DayNumber, DateOnly.MaxValue.DayNumber));
}
