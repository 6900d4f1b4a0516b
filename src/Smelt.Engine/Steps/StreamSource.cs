using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A Delta table that a query streams: a dataset, a table by its path, or the changes of one.</summary>
/// <param name="Name">What its offsets are kept under, and what people are told.</param>
internal sealed record StreamSource(string Name, DatasetName? Dataset, string? Path, bool IsChanges, StreamOptions Options)
{
    /// <summary>The references and calls that stream, each with its source, in text order. The same table read twice is one source with one offset.</summary>
    public static IReadOnlyList<(TableReference? Reference, SourceCall? Call, StreamSource Source)> Of(DatasetQuery query) =>
    [
        .. query.References.Where(static r => r is { IsStream: true, Dataset: not null })
            .Select(static r => ((TableReference?)r, (SourceCall?)null, new StreamSource(r.Dataset!.ToString(), r.Dataset, null, false, r.Stream))),
        .. query.Sources.Where(static s => s is { IsStream: true, Function: "read_delta" or "table_changes" }).Select(static s => ((TableReference?)null, (SourceCall?)s, Of(s))),
    ];

    /// <summary>The same, each once.</summary>
    public static IReadOnlyList<StreamSource> Each(DatasetQuery query) => [.. Of(query).Select(static s => s.Source).DistinctBy(static s => s.Name, StringComparer.OrdinalIgnoreCase)];

    /// <returns>Null where there is no table yet.</returns>
    public Task<PinnedTable?> FindAsync(UpdateContext context, UpdateTables tables, CancellationToken cancel) =>
        Dataset is { } dataset ? tables.FindAsync(dataset, cancel) : tables.FindAtAsync(Path!, () => Table(context), cancel);

    public DeltaTable Table(UpdateContext context) => Dataset is { } dataset ? context.Layout.Table(dataset)
        : new DeltaLake(new LocalObjectStore(System.IO.Path.GetFullPath(Path!, context.Pipeline.Folder)), context.Database().Connect, context.Clock).Table("");

    /// <summary>How far a flow has read it; null where it has not.</summary>
    /// <param name="done">The flow's last batch.</param>
    /// <param name="tableId">The table's metaData.id, by which one that got another name is found.</param>
    public StreamRange? LastOf(DoneRecord done, string tableId) => RangeOf(done.Streams, tableId);

    /// <summary>What of it a batch read; null where that one read it not.</summary>
    public StreamRange? RangeOf(IReadOnlyList<StreamRange> ranges, string tableId) =>
        ranges.FirstOrDefault(s => s.Name.Equals(Name, StringComparison.OrdinalIgnoreCase))
        ?? ranges.FirstOrDefault(s => s.TableId == tableId && s.Name.StartsWith("table_changes(", StringComparison.Ordinal) == IsChanges);

    private static StreamSource Of(SourceCall call)
    {
        var isChanges = call.Function == "table_changes";
        var path = call.Dataset is null ? call.Arguments[0].Text : null;
        var table = call.Dataset?.ToString() ?? path!;
        return new StreamSource(isChanges ? $"table_changes({table})" : table, call.Dataset, path, isChanges, call.Stream);
    }
}
