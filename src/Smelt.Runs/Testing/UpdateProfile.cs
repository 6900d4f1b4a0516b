using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Runs;

/// <summary>The figures that an update leaves of each dataset it changed: what files tell of all, what costs a scan where an anomaly test or <c>column_profile: all</c> asks for it.</summary>
internal static class UpdateProfile
{
    /// <param name="context">Of the update.</param>
    /// <param name="result">What it did.</param>
    /// <param name="note">Told of datasets whose figures cannot be taken: the update stands all the same.</param>
    /// <param name="cancel">Ends the scans.</param>
    public static async Task<IReadOnlyList<(DatasetName Dataset, ProfileFigure Figure)>> OfAsync(UpdateContext context, UpdateResult result, Action<string> note, CancellationToken cancel)
    {
        // Rows that were held back are no history.
        var unpublished = result.Steps.Where(static s => s.Failed).Select(static s => s.Dataset.Name).ToHashSet();
        var figures = result.Tests.Where(static t => !t.IsRemembered && t.Dataset is not null).SelectMany(static t => t.Profile.Select(f => (Dataset: t.Dataset!, Figure: f))).Where(f => !unpublished.Contains(f.Dataset)).DistinctBy(static f => (f.Dataset, f.Figure.Column, f.Figure.Metric, f.Figure.Where)).ToList();
        var measured = figures.Where(static f => f.Figure.Where is null).Select(static f => (f.Dataset, f.Figure.Column, f.Figure.Metric)).ToHashSet();
        foreach (var step in result.Steps.Where(static s => s is { Failed: false, Result: FlowResult.Completed, Dataset.IsStored: true }))
        {
            try
            {
                if (await context.Tables.FindAsync(step.Dataset.Name, cancel) is not { } table) continue;
                IEnumerable<ProfileFigure> own = context.Pipeline.Project.ProfilesAll ? await ScannedAsync(context, table, cancel) : FileFigures.Of(table.Snapshot, context.Clock.GetUtcNow());
                figures.AddRange(own.Where(f => !measured.Contains((step.Dataset.Name, f.Column, f.Metric))).Select(f => (step.Dataset.Name, f)));
            }
            catch (Exception error) when (StepFault.Of(error) is { } fault)
            {
                note($"the figures of {step.Dataset.Name} are not kept: {fault.Message}");
            }
        }
        return figures;
    }

    private static async Task<IReadOnlyList<ProfileFigure>> ScannedAsync(UpdateContext context, PinnedTable table, CancellationToken cancel)
    {
        using var connection = context.Database().Connect();
        using var interrupting = cancel.Register(connection.Interrupt);
        var scan = table.Table.Scan(table.Snapshot);
        await scan.PrepareAsync(connection, cancel);
        return AnomalyTest.Figures(connection, scan.Sql, new AnomalySettings(null, [], 0, 0)).FindAll(static f => double.IsFinite(f.Value));
    }
}
