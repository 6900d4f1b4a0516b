using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A stream's range as a view in the step's catalog.</summary>
internal readonly record struct BoundStream(string View, long Rows, long Bytes);

/// <summary>Binds the ranges of streamed tables: the files that the intent names, or the changes, each row with itself along as a struct.</summary>
internal sealed class StreamBinding(UpdateContext context, StepPreparation step, StepCatalog catalog)
{
    private readonly StreamStop _stop = new(context, step);

    public async Task<BoundStream> BindAsync(StreamSource source, StreamRange range, int index, CancellationToken cancel)
    {
        var table = source.Table(context);
        try
        {
            var (scan, added) = await ScanAsync(table, source, range, cancel);
            await catalog.BindScanAsync(StepCatalog.OwnSchema, $"scan_{index}", scan, cancel);
            catalog.BindSql(StepCatalog.OwnSchema, $"batch_{index}", $"SELECT *{added} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"scan_{index}")}");
            var columns = catalog.Describe($"SELECT * FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"batch_{index}")}").Select(static c => c.Name).ToList();
            catalog.BindSql(StepCatalog.OwnSchema, $"stream_{index}", $"SELECT *{Stamps(columns)}, {BoundSources.Row(columns)} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"batch_{index}")}");
            return new BoundStream(SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{index}"), scan.Files.Sum(static f => f.LiveRecords ?? 0), scan.Files.Sum(static f => f.Size));
        }
        catch (DeltaLogException gone) when (source.IsChanges && _stop.Of(source, gone) is { } stop)
        {
            throw stop;
        }
    }

    /// <summary>The rows of a range, and SQL of columns to add to them.</summary>
    public async Task<(TableScan Scan, string Added)> ScanAsync(DeltaTable table, StreamSource source, StreamRange range, CancellationToken cancel) =>
        source.IsChanges ? await ChangesAsync(table, source, range, cancel) : (await RowsAsync(table, source, range, cancel), "");

    private async Task<TableScan> RowsAsync(DeltaTable table, StreamSource source, StreamRange range, CancellationToken cancel)
    {
        var last = range is { From: not null, ToFile: not null } ? range.To + 1 : range.To;
        if (range.IsEmpty) last = (await table.SnapshotAsync(cancel: cancel)).Version;
        var snapshot = await _stop.SnapshotAsync(table, last, source, cancel);
        return table.Scan(snapshot, await StreamFiles.ReadAsync(table, snapshot, range, source, _stop, cancel));
    }

    /// <summary>The changes of a range of versions; the table as it is comes as inserts of its version.</summary>
    private async Task<(TableScan Scan, string Added)> ChangesAsync(DeltaTable table, StreamSource source, StreamRange range, CancellationToken cancel)
    {
        if (range.From is { } from && !range.IsEmpty) return (await table.ChangesAsync(from + 1, range.To, cancel), "");
        var snapshot = range.IsEmpty ? await table.SnapshotAsync(cancel: cancel) : await _stop.SnapshotAsync(table, range.To, source, cancel);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(snapshot.TimestampMs).ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture);
        return (table.Scan(snapshot, range.IsEmpty ? [] : null), $", 'insert' AS _change_type, {snapshot.Version}::BIGINT AS _commit_version, TIMESTAMPTZ '{time}+00' AS _commit_timestamp");
    }

    /// <summary>What rows of files bring and those of a table do not, where a bronze flow reads both.</summary>
    public string Stamps(List<string> columns)
    {
        if (step.Dataset.Name.Layer != Layer.Bronze || !step.Query.FileSources.Any()) return "";
        var names = context.Pipeline.Project.MetadataColumns;
        var absent = new[] { names.SourceFile, names.RescuedData }.OfType<string>().Where(n => !columns.Contains(n, StringComparer.OrdinalIgnoreCase)).ToList();
        columns.AddRange(absent);
        return string.Concat(absent.Select(static n => $", NULL::VARCHAR AS {SqlText.Identifier(n)}"));
    }
}
