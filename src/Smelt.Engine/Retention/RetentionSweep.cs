using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Rows of a table that are older than its dataset's rows are kept.</summary>
/// <param name="FirstKept">The first day that stays; rows without a day stay too.</param>
/// <param name="Days">How many days go.</param>
/// <param name="Rows">How many rows go.</param>
public sealed record RetentionDue(DatasetName Table, PinnedTable Pinned, string Condition, DateOnly FirstKept, long Days, long Rows)
{
    /// <summary>What goes, for people and for the commit's tag.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"{Rows} row{(Rows == 1 ? "" : "s")} of {Days} day{(Days == 1 ? "" : "s")} before {FirstKept:yyyy-MM-dd}");
}

/// <summary>
/// Takes whole days out of tables by the pipeline's retention: of bronze by ingestion date, of others by their day column, of quarantines by the day on which rows came there. Each
/// table is one commit that bears a mark, so that streams pass it over; one that is append-only is lifted in that commit and set again in the next.
/// </summary>
public sealed class RetentionSweep(UpdateContext context)
{
    /// <summary>What of a dataset's table and of its quarantine is too old today (UTC).</summary>
    /// <exception cref="EngineException">The column of the days is not in the table, or tells no days.</exception>
    public async Task<IReadOnlyList<RetentionDue>> FindAsync(Dataset dataset, CancellationToken cancel)
    {
        var due = new List<RetentionDue>();
        if (dataset.Kind != DatasetKind.StreamingTable || RetentionPolicy.Of(dataset, context.Pipeline.Project, context.Pipeline.Target) is not { Column: { } column } policy) return due;
        // Compiling said already that it keeps all.
        if (dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc)) return due;
        if (policy.Period.FirstKept(DateOnly.FromDateTime(context.Clock.GetUtcNow().UtcDateTime)) is not { } first) return due;
        foreach (var (name, days) in ((DatasetName, string)[])[(dataset.Name, column), (context.Pipeline.Project.QuarantineOf(dataset.Name), QuarantineColumns.QuarantinedAt)])
        {
            if (await FindAsync(name, days, first, cancel) is { Rows: > 0 } found) due.Add(found);
        }
        return due;
    }

    /// <summary>Takes the rows out.</summary>
    public async Task<DmlResult> RunAsync(RetentionDue due, CancellationToken cancel)
    {
        var options = new DmlOptions { Tags = CommitMarks.Of(CommitMarks.Retention, due.Words), LiftsAppendOnly = true };
        return await PurposefulDelete.RunAsync(context, due.Table.ToString(), due.Pinned, () => due.Pinned.Table.DeleteAsync(due.Condition, options, cancel), cancel);
    }

    private async Task<RetentionDue?> FindAsync(DatasetName name, string column, DateOnly first, CancellationToken cancel)
    {
        if (await context.Tables.FindAsync(name, cancel) is not { } table) return null;
        if (table.Snapshot.Schema.Find(column) is not { } field || Before(field, first) is not { } condition)
            throw new EngineException(EngineCodes.RetentionRefused, $"Old rows of {name} cannot be told: {(table.Snapshot.Schema.Find(column) is { } other ? $"its column {column} is of type {other.Type}, and days are told by a date or a time" : $"its table has no column {column}")}.");
        using var connection = context.Database().Connect();
        var scan = table.Table.Scan(table.Snapshot, new PruneFilter(table.Snapshot.Metadata, PredicateAst.Parse(connection, condition, table.Snapshot.Schema)).Select(table.Snapshot.Files));
        await scan.PrepareAsync(connection, cancel);
        var counted = connection.Rows($"SELECT count(*), count(DISTINCT CAST({SqlText.Identifier(column)} AS DATE)) FROM ({scan.Sql}) AS t WHERE {condition}")[0];
        return new RetentionDue(name, table, condition, first, (long)counted[1]!, (long)counted[0]!);
    }

    /// <summary>A comparison of the bare column, which partition values and statistics answer for most files.</summary>
    private static string? Before(DeltaField field, DateOnly first)
    {
        var day = first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var bound = (field.Type as PrimitiveType)?.Name switch
        {
            "date" => $"DATE '{day}'",
            "timestamp_ntz" => $"TIMESTAMP '{day} 00:00:00'",
            "timestamp" => $"TIMESTAMPTZ '{day} 00:00:00+00'",
            _ => null,
        };
        return bound is null ? null : $"{SqlText.Identifier(field.Name)} < {bound}";
    }
}
