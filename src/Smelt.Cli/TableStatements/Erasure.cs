using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>Deletes that are to forget somebody (<c>smelt sql --erasure</c>): marked, so that streams pass them over, and let through by bronze.</summary>
internal static class Erasure
{
    public static async Task<DmlResult> RunAsync(PipelineSession session, StatementTarget target, DmlOperation operation, DmlOptions options, DuckDbConnection connection, CancellationToken cancel)
    {
        var context = session.NewContext("sql", FaultPoints.FromEnvironment());
        options = options with { Tags = CommitMarks.Of(CommitMarks.Erasure), AlsoTransactions = table => [ErasureMark.Next(table, context.Clock)], LiftsAppendOnly = target.Dataset is not null };
        var pinned = new PinnedTable(target.Table, target.Snapshot);
        return await PurposefulDelete.RunAsync(context, target.Dataset?.ToString() ?? target.Table.Folder, pinned, () => target.Table.ChangeAsync(operation, options, connection, options.ReadsTarget ? target.Snapshot : null, cancel), cancel);
    }

    /// <summary>
    /// Where the statement would only seem to forget it is refused: AUTO CDC's memory beside the table would go on knowing what was deleted, a refresh of a view would bring it back, and a stream that
    /// has not read all of the table would read it afterwards.
    /// </summary>
    /// <returns>The target, a dataset's table also where it is named by its folder.</returns>
    /// <exception cref="StatementFailedException">The table is of one of these kinds, or append-only and no dataset's.</exception>
    public static async Task<StatementTarget> AllowedAsync(PipelineSession session, TableName named, StatementTarget target, CancellationToken cancel)
    {
        var context = session.NewContext("sql");
        target = await ResolvedAsync(session, context, named, target, cancel);
        if (target.Dataset is null && AppendOnlyProperty.IsOn(target.Snapshot))
            throw StatementFailedException.Usage($"--erasure: {named} is append-only and no dataset of this pipeline. Whoever owns it unsets {AppendOnlyProperty.Name} first: ALTER TABLE … UNSET TBLPROPERTIES ('{AppendOnlyProperty.Name}').");
        if (target.Dataset is { } name && session.Pipeline.Graph.Find(name) is { } dataset) Refuse(session, name, dataset);
        foreach (var reader in await TableReaders.FindAsync(context, target.Dataset, target.Snapshot, cancel))
        {
            if (reader.Behind is { } behind)
                throw StatementFailedException.Usage($"--erasure: {reader.Dataset.Name} {behind}, and would bring the rows in after they are erased from {Told(target, named)}. Run it first (`smelt run --select {reader.Dataset.Name}`). Nothing was deleted.");
        }
        return target;
    }

    private static string Told(StatementTarget target, TableName named) => target.Dataset?.ToString() ?? named.ToString();

    /// <summary>A folder that is a dataset's table, by its path or (through links) by the table's id.</summary>
    private static async Task<StatementTarget> ResolvedAsync(PipelineSession session, UpdateContext context, TableName named, StatementTarget target, CancellationToken cancel)
    {
        if (target.Dataset is not null || !named.IsPath) return target;
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(named.Parts[0], session.Pipeline.Folder));
        foreach (var dataset in session.Pipeline.Graph.Datasets.Where(static d => d.IsStored))
        {
            if (path == session.Layout.PathOf(dataset.Name) || await context.Tables.FindAsync(dataset.Name, cancel) is { } table && table.Snapshot.Metadata.Id == target.Snapshot.Metadata.Id)
                return target with { Dataset = dataset.Name };
        }
        return target;
    }

    private static void Refuse(PipelineSession session, DatasetName name, Dataset dataset)
    {
        if (dataset.Kind == DatasetKind.MaterializedView)
            throw StatementFailedException.Usage($"--erasure: {name} is a materialized view, which always equals its query. Erase the rows in {string.Join(", ", StoredInputs.Of(session.Pipeline.Graph, dataset))}; the next update follows.");
        if (!dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc)) return;
        var expiring = dataset.Queries.SelectMany(static q => q.StreamedDatasets).Distinct().Where(n => session.Pipeline.Graph.Find(n) is { } source && RetentionPolicy.Of(source, session.Pipeline.Project, session.Pipeline.Target) is not null).ToList();
        throw StatementFailedException.Usage($"--erasure: AUTO CDC keeps {name}, whose memory would go on knowing the rows. Erase them in {Inputs(dataset)} and rebuild it with --full-refresh {name}."
            + (expiring.Count == 0 ? "" : $" Where retention took rows out of {string.Join(", ", expiring)}, these cannot be read again, and the full refresh stops rather than lose what {name} knows of them."));
    }

    /// <summary>Where more of the same may be: this statement is about one table.</summary>
    public static async Task<List<string>> NotesAsync(PipelineSession session, StatementTarget target, CancellationToken cancel)
    {
        var notes = new List<string> { "older versions of the table hold the rows until VACUUM removes their files (168 hours, or as the table says)" };
        var streams = await TableReaders.StreamsAsync(session.NewContext("sql"), target.Dataset, target.Snapshot, cancel);
        if (streams.Count > 0) notes.Add($"{string.Join(", ", streams.Select(static d => d.Name))} stream{(streams.Count == 1 ? "s" : "")} {target.Dataset?.ToString() ?? "the table"}, pass{(streams.Count == 1 ? "es" : "")} this over and may hold copies: erase there too");
        if (target.Dataset is not { } name || session.Pipeline.Graph.Find(name) is not { } dataset) return notes;
        if (StoredInputs.AndStreams(session.Pipeline.Graph, dataset).Select(static d => d.ToString()).ToList() is { Count: > 0 } inputs)
            notes.Add($"{name} is made of {string.Join(", ", inputs)}, which may hold the rows too: erase there first, or a full refresh brings them back");
        if (dataset.Queries.Any(static q => q.FileSources.Any())) notes.Add($"the files that {name} reads hold the rows too: a full refresh would read them again");
        if (dataset.Kind == DatasetKind.StreamingTable) notes.Add($"rows that rules refused are in {session.Pipeline.Project.QuarantineOf(name)}, where it is there");
        if (dataset.Tests.Any(static t => t.StoresFailures)) notes.Add($"rows that failed its tests are in {LakeLayout.SystemSchema}.test_failures (store_failures)");
        return notes;
    }

    private static string Inputs(Dataset dataset) => dataset.Queries.SelectMany(static q => q.StreamedDatasets).Distinct().Select(static d => d.ToString()).DefaultIfEmpty("its source").Aggregate(static (a, b) => $"{a}, {b}");
}
