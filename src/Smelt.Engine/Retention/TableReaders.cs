using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A dataset that reads a table.</summary>
/// <param name="Dataset">The reader.</param>
/// <param name="Behind">Why it would still read rows as they were before a delete, as the end of a sentence; null where it would not.</param>
public sealed record TableReader(Dataset Dataset, string? Behind);

/// <summary>
/// Who holds copies of a table's rows or is about to make them: a stream passes a marked delete over, so that rows which were appended before it and not read yet would come in after it.
/// </summary>
public static class TableReaders
{
    /// <summary>The datasets that stream a table, by name or by path; those of its change feed, which get deletes as any others, are left out.</summary>
    /// <param name="context">Of the work.</param>
    /// <param name="name">The dataset that the table is; null: a table in some folder.</param>
    /// <param name="table">At its newest version.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <param name="stopping">Without those that pass changes over (<c>skipChangeCommits</c>).</param>
    public static async Task<IReadOnlyList<Dataset>> StreamsAsync(UpdateContext context, DatasetName? name, Snapshot table, CancellationToken cancel, bool stopping = false)
    {
        var streams = new List<Dataset>();
        foreach (var dataset in Candidates(context))
        {
            foreach (var flow in dataset.Flows)
                if (streams.LastOrDefault() != dataset && await SourcesAsync(context, flow, name, table, cancel) is { Count: > 0 } sources && !(stopping && sources.TrueForAll(static s => s.Options.SkipChangeCommits))) streams.Add(dataset);
        }
        return streams;
    }

    /// <summary>Those that stream a table, and those that would still look its rows up, or are about to write it, as they were.</summary>
    /// <inheritdoc cref="StreamsAsync"/>
    public static async Task<IReadOnlyList<TableReader>> FindAsync(UpdateContext context, DatasetName? name, Snapshot table, CancellationToken cancel)
    {
        var readers = new List<TableReader>();
        foreach (var dataset in Candidates(context))
        {
            var (streams, behind) = (false, (string?)null);
            foreach (var flow in dataset.Flows)
            {
                var sources = await SourcesAsync(context, flow, name, table, cancel);
                streams |= sources.Count > 0;
                // A batch that looks rows of it up reads them as its intent says.
                var reads = sources.Count > 0 || name is { } joined && StepInputs.Stored(context.Pipeline.Graph, flow.Query).Contains(joined);
                if (reads || dataset.Name == name) behind ??= await BehindAsync(context, dataset, flow, reads, sources, table, cancel);
            }
            if (streams || behind is not null) readers.Add(new TableReader(dataset, behind));
        }
        return readers;
    }

    private static IEnumerable<Dataset> Candidates(UpdateContext context) => context.Pipeline.Graph.Datasets.Where(static d => d.Kind is DatasetKind.StreamingTable or DatasetKind.Sink);

    private static async Task<List<StreamSource>> SourcesAsync(UpdateContext context, Flow flow, DatasetName? name, Snapshot table, CancellationToken cancel)
    {
        var sources = new List<StreamSource>();
        foreach (var source in StreamSource.Each(flow.Query))
            if (!source.IsChanges && await IsAsync(context, source, name, table, cancel)) sources.Add(source);
        return sources;
    }

    private static async Task<bool> IsAsync(UpdateContext context, StreamSource source, DatasetName? name, Snapshot table, CancellationToken cancel) =>
        source.Dataset is { } dataset ? dataset == name : await source.FindAsync(context, context.Tables, cancel) is { } found && found.Snapshot.Metadata.Id == table.Metadata.Id;

    private static async Task<string?> BehindAsync(UpdateContext context, Dataset dataset, Flow flow, bool reads, List<StreamSource> sources, Snapshot table, CancellationToken cancel)
    {
        var state = await FlowState.OpenAsync(context.Layout.State, dataset.Name, flow.IsDefault ? null : flow.Name, cancel);
        var next = state.NextBatch();
        // Of the table's own flows what is prepared is about to come in; what is only intended is in the source's files, which is told for itself.
        if (reads && state.Has(state.Generation, next, "intent") || state.Has(state.Generation, next, "prepared")) return "has a batch that is not finished";
        foreach (var source in sources)
        {
            if (state.Done is null || source.LastOf(state.Done, table.Metadata.Id) is not { } read)
            {
                // It will read the table as it is then, unless it is told to begin before that.
                if (source.Options.StartingTimestamp is not null || source.Options.StartingVersion is { } start && start >= 0 && start <= table.Version) return "begins at a version that it has not read yet";
                continue;
            }
            if (read.ToFile is not null) return "has read a part of it";
            if (await source.FindAsync(context, context.Tables, cancel) is not { } found) continue;
            // What it cannot follow stops it: its full refresh reads the table as it is then.
            if (await found.Table.AppendsBetweenAsync(read.TableId, read.To, table, source.Options.SkipChangeCommits, cancel) is ChangeRange.Appends { Versions.Count: > 0 } appends)
                return $"has not read version {appends.Versions[^1].Version} of it";
        }
        return null;
    }
}
