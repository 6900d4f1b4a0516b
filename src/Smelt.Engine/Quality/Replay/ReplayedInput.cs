using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Quarantined rows as what a flow's query gives: their inputs through today's query, or the rows as they were kept.</summary>
internal sealed class ReplayedInput(UpdateContext context, StepPreparation step, PinnedTable quarantine, StepCatalog catalog, IntentRecord intent, IReadOnlyList<string> sourceColumns)
{
    private const string Own = StepCatalog.OwnSchema;

    /// <summary>Files of views that the query reads: held open as long as it runs.</summary>
    public IReadOnlyList<FileBinding> Bindings { get; private set; } = [];

    /// <summary>Today's query over the inputs, each of its rows with its input along; null where they cannot be told apart so.</summary>
    public async Task<(RewrittenQuery Query, IReadOnlyList<StampedColumn> Stamps)?> RerunAsync(CancellationToken cancel)
    {
        var query = step.Query;
        var binder = new InputBinder(context, catalog);
        foreach (var source in query.Sources.Where(static s => s.IsStream)) binder.Give(source, BoundSources.ViewOf(0));
        var whole = await binder.BindAsync(query, cancel) ?? throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
        Bindings = binder.Bindings;
        var stream = StreamSource.Of(query) is [var streamed] ? await BindRowsAsync(streamed.Source, cancel) : BindFiles();
        var rewritten = StreamingRewriter.Rewrite(query, new StreamingRewriteOptions
        {
            Bindings = new QueryBindings { Table = r => r.IsStream ? stream : whole.Table(r), Source = s => s.IsStream ? stream : whole.Source(s) },
            Carry = [StreamedRow.Column],
        }, catalog.Connection);
        if (!rewritten.CarriesRows) return null;
        return (rewritten, step.Dataset.Name.Layer != Layer.Bronze ? [] : StreamStamps.OfTable(context.Pipeline.Project.MetadataColumns, intent, SourceName, query.FileSources.Any()));
    }

    /// <summary>The kept rows as they would be stored; of AUTO CDC, whose table has other columns than its events, as they were judged.</summary>
    public async Task<(RewrittenQuery Query, IReadOnlyList<StampedColumn> Stamps)> KeptAsync(CancellationToken cancel)
    {
        var held = quarantine.Snapshot.Schema.Fields.Select(static f => f.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var file = context.Pipeline.Project.MetadataColumns.SourceFile is { } name && held.Contains(name) ? $", {SqlText.Literal(name)}: {SqlText.Identifier(name)}" : "";
        var columns = step.Flow.Cdc is not null ? held.Where(IsEvents).Select(static c => SqlText.Identifier(c)) : await StoredAsync(held, cancel);
        return (new RewrittenQuery($"SELECT {string.Join(", ", columns)}, {{'{ReplayBatch.Place}': {ReplayBatch.Place}{file}}} AS {StreamedRow.Column} FROM {Own}.chosen", [], true), []);
    }

    /// <summary>Whether a column is the events', and not one that the quarantine adds; of an open query the table tells.</summary>
    private bool IsEvents(string column)
    {
        if (QuarantineColumns.IsOwn(column)) return false;
        var names = context.Pipeline.Project.MetadataColumns;
        if (!Is(column, names.SourceFile ?? "_source_file") && !Is(column, names.BatchId ?? "_batch_id")) return true;
        return step.Query.Columns.Any(c => Is(c.Name, column)) || (step.Query.IsOpen && step.Target!.Snapshot.Schema.Find(column) is not null);
    }

    private async Task<IEnumerable<string>> StoredAsync(HashSet<string> held, CancellationToken cancel)
    {
        await catalog.BindScanAsync(Own, "target", step.Target!.Table.Scan(step.Target.Snapshot), cancel);
        return catalog.Describe($"SELECT * FROM {Own}.target").Select(c => $"{(held.Contains(c.Name) ? SqlText.Identifier(c.Name) : "NULL")}::{c.Type} AS {SqlText.Identifier(c.Name)}");
    }

    private string SourceName => intent.Sources.Count > 0 ? intent.Sources[0].Path : intent.Streams.Count > 0 ? intent.Streams[0].Name : step.Dataset.Name.ToString();

    /// <summary>The inputs of the chosen rows under the columns of the table, or of the changes, that the query streams.</summary>
    private async Task<string> BindRowsAsync(StreamSource source, CancellationToken cancel)
    {
        var table = await source.FindAsync(context, context.Tables, cancel) ?? throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {source.Name}, which has no data yet.");
        var version = table.Snapshot.Version;
        var nothing = await new StreamBinding(context, step, catalog).BindAsync(source, new StreamRange(source.Name, table.Snapshot.Metadata.Id, version, version), 0, cancel);
        var columns = catalog.Describe($"SELECT * EXCLUDE ({StreamedRow.Column}) FROM {nothing.View}");
        catalog.BindSql(Own, "input_rows", $"SELECT {ReplayedRow.Columns(Input, columns)}, {ReplayBatch.Place} FROM {Own}.chosen");
        catalog.BindSql(Own, "input_stream", $"SELECT * EXCLUDE ({ReplayBatch.Place}), {RowWithPlace(columns)} FROM {Own}.input_rows");
        return SqlText.Identifier(Own, "input_stream");
    }

    private string BindFiles()
    {
        var given = SourceColumnsOfInputs(Input);
        catalog.BindSql(Own, "input_rows", $"SELECT {ReplayedRow.Columns(Input, given)}, {ReplayBatch.Place} FROM {Own}.chosen");
        var hidden = given.Where(static c => c.Name is StreamStamps.HiddenFile or StreamStamps.HiddenRescued).Select(static c => SqlText.Identifier(c.Name)).Append(ReplayBatch.Place);
        var stamps = StreamStamps.OfBatch(context.Pipeline.Project.MetadataColumns, intent, SourceName).Where(s => given.All(c => !Is(c.Name, s.Name)));
        var stamped = string.Concat(stamps.Select(static s => $", {s.Sql} AS {SqlText.Identifier(s.Name)}"));
        catalog.BindSql(Own, "source_0", $"SELECT * EXCLUDE ({string.Join(", ", hidden)}){stamped}, {RowWithPlace(given)} FROM {Own}.input_rows");
        return BoundSources.ViewOf(0);
    }

    private static string Input => $"{SqlText.Identifier(QuarantineColumns.Input)}::JSON";

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static string RowWithPlace(IEnumerable<DuckDbColumn> columns) => BoundSources.Row(columns.Select(static c => c.Name).Append(ReplayBatch.Place));

    /// <summary>The columns that the inputs have, of the types that the last batch knew; the others are the texts that go with every file.</summary>
    private List<DuckDbColumn> SourceColumnsOfInputs(string json)
    {
        var known = sourceColumns.Count > 0 ? SourceSchema.ColumnsFromJson(catalog.Connection, sourceColumns[0]) : [];
        var names = catalog.Connection.Rows($"SELECT DISTINCT unnest(json_keys({json})) FROM {Own}.chosen").ConvertAll(static r => (string)r[0]!);
        var others = names.Where(n => !known.Any(k => Is(k.Name, n)) && n != ReplayBatch.Place).Order(StringComparer.Ordinal);
        return [.. known.Select(static k => new DuckDbColumn(k.Name, k.Type)), .. others.Select(static n => new DuckDbColumn(n, DuckDbType.Varchar))];
    }
}
