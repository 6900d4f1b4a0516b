using Smelt.DuckDb;
using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>Deletes that are to forget somebody (<c>smelt sql --erasure</c>): marked, so that streams pass them over, and let through by bronze.</summary>
internal static class Erasure
{
    public static async Task<DmlResult> RunAsync(PipelineSession session, StatementTarget target, DmlOperation operation, DmlOptions options, DuckDbConnection connection, CancellationToken cancel)
    {
        options = options with { Tags = CommitMarks.Of(CommitMarks.Erasure), LiftsAppendOnly = true };
        var context = session.NewContext("sql", FaultPoints.FromEnvironment());
        var pinned = new PinnedTable(target.Table, target.Snapshot);
        return await PurposefulDelete.RunAsync(context, target.Dataset?.ToString() ?? target.Table.Folder, pinned, () => target.Table.ChangeAsync(operation, options, connection, options.ReadsTarget ? target.Snapshot : null, cancel), cancel);
    }

    /// <summary>AUTO CDC's memory beside the table would go on knowing what was deleted, and a refresh of a view would bring it back: there the statement would only seem to forget.</summary>
    /// <exception cref="StatementFailedException">The table is of one of these kinds.</exception>
    public static void Refuse(PipelineSession session, StatementTarget target)
    {
        if (target.Dataset is not { } name || session.Pipeline.Graph.Find(name) is not { } dataset) return;
        if (dataset.Kind == DatasetKind.MaterializedView)
            throw StatementFailedException.Usage($"--erasure: {name} is a materialized view, which always equals its query. Erase the rows in {string.Join(", ", StoredInputs.Of(session.Pipeline.Graph, dataset))}; the next update follows.");
        if (dataset.Flows.Any(static f => f.Kind == FlowKind.AutoCdc))
            throw StatementFailedException.Usage($"--erasure: AUTO CDC keeps {name}, whose memory would go on knowing the rows. Erase them in {Inputs(dataset)} and rebuild it with --full-refresh {name}.");
    }

    /// <summary>Where more of the same may be: this statement is about one table.</summary>
    public static List<string> Notes(PipelineSession session, StatementTarget target)
    {
        var notes = new List<string> { "older versions of the table hold the rows until VACUUM removes their files (168 hours, or as the table says)" };
        if (target.Dataset is not { } name || session.Pipeline.Graph.Find(name) is not { } dataset) return notes;
        var streams = session.Pipeline.Graph.Datasets.Where(d => d.Queries.Any(q => q.StreamedDatasets.Contains(name))).Select(static d => d.Name.ToString()).ToList();
        if (streams.Count > 0) notes.Add($"{string.Join(", ", streams)} stream{(streams.Count == 1 ? "s" : "")} {name}, pass{(streams.Count == 1 ? "es" : "")} this over and may hold copies: erase there too");
        if (dataset.Queries.Any(static q => q.FileSources.Any())) notes.Add($"the files that {name} reads hold the rows too: a full refresh would read them again");
        if (dataset.Kind == DatasetKind.StreamingTable) notes.Add($"rows that rules refused are in {session.Pipeline.Project.QuarantineOf(name)}, where it is there");
        return notes;
    }

    private static string Inputs(Dataset dataset) => dataset.Queries.SelectMany(static q => q.StreamedDatasets).Distinct().Select(static d => d.ToString()).DefaultIfEmpty("its source").Aggregate(static (a, b) => $"{a}, {b}");
}
