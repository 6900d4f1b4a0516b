using System.Globalization;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>The metadata columns of a batch's rows: those of the file come with each row, the others are the batch's.</summary>
internal static class StreamStamps
{
    /// <summary>Names under which a source still gives its file and its rescued data where the user left these columns out.</summary>
    public const string HiddenFile = "__smelt_file", HiddenRescued = "__smelt_rescued";

    private static readonly DateTime Epoch = DateTime.UnixEpoch;

    /// <summary>The batch's own columns, as they stand beside a source's columns.</summary>
    public static IEnumerable<StampedColumn> OfBatch(MetadataColumns names, IntentRecord intent, string source)
    {
        var at = Epoch.AddTicks(intent.AtMicros * 10);
        if (names.IngestedAt is { } ingested)
            yield return new StampedColumn(ingested, $"TIMESTAMPTZ '{at.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'", DeltaType.Timestamp);
        if (names.IngestionDate is { } date)
            yield return new StampedColumn(date, $"DATE '{at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}'", DeltaType.Date);
        if (names.Source is { } from) yield return new StampedColumn(from, SqlText.Literal(source), DeltaType.String);
        if (names.BatchId is { } batch) yield return new StampedColumn(batch, SqlText.Literal(intent.BatchId), DeltaType.String);
    }

    /// <summary>What a bronze table stores besides the query's columns; taken from the streamed row where the query left them out.</summary>
    public static IReadOnlyList<StampedColumn> OfTable(MetadataColumns names, IntentRecord intent, string source, bool carriesRows) =>
        [.. carriesRows ? OfRow(names) : [], .. OfBatch(names, intent, source)];

    /// <summary>Those that come with each row.</summary>
    public static IEnumerable<StampedColumn> OfRow(MetadataColumns names) =>
        new[] { names.RescuedData, names.SourceFile }.OfType<string>().Select(static c => new StampedColumn(c, $"struct_extract({StreamedRow.Column}, {SqlText.Literal(c)})", DeltaType.String));
}
