using System.Globalization;
using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Days between a table's first and its last of which it has no row, for datasets that declare a day column.</summary>
public static class MissingDays
{
    private const int MostTold = 5;

    /// <returns>Ranges without rows, in order; empty where nothing is missing or nothing is declared.</returns>
    public static async Task<IReadOnlyList<DayRange>> OfAsync(UpdateContext context, Dataset dataset, CancellationToken cancel)
    {
        // What AUTO CDC keeps are rows of keys and not of days.
        if (dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc) || !dataset.Properties.Keys.Any(static k => k.Equals(DayColumn.Property, StringComparison.OrdinalIgnoreCase))) return [];
        var column = DayColumn.Of(dataset, context.Pipeline.Project)!;
        if (await context.Tables.FindAsync(dataset.Name, cancel) is not { } table || table.Snapshot.Schema.Find(column) is null) return [];
        using var catalog = new StepCatalog(context.Database());
        await catalog.BindTableAsync(dataset.Name.Schema, dataset.Name.Name, table, cancel);
        var day = $"CAST({SqlText.Identifier(column)} AS DATE)";
        var gaps = catalog.Connection.Rows($"""
            SELECT (before + 1)::VARCHAR, (day - 1)::VARCHAR FROM (SELECT day, lag(day) OVER (ORDER BY day) AS before FROM (
              SELECT DISTINCT {day} AS day FROM {SqlText.Identifier(dataset.Name.Schema, dataset.Name.Name)} WHERE {SqlText.Identifier(column)} IS NOT NULL)) WHERE day - before > 1 ORDER BY 1
            """);
        return gaps.ConvertAll(static g => new DayRange(DateOnly.Parse((string)g[0]!, CultureInfo.InvariantCulture), DateOnly.Parse((string)g[1]!, CultureInfo.InvariantCulture)));
    }

    /// <summary>The ranges as a sentence; null for none.</summary>
    public static string? Note(Dataset dataset, IReadOnlyList<DayRange> missing) => missing.Count == 0 ? null
        : $"no rows of {string.Join(", ", missing.Take(MostTold))}{(missing.Count > MostTold ? $" and {missing.Count - MostTold} more ranges" : "")}: `smelt backfill {dataset.Name} --start {missing[0].First:yyyy-MM-dd} --end {missing[^1].Last:yyyy-MM-dd}` makes them again";
}
