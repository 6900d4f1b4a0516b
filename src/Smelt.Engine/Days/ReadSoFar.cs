using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// All that one flow has read so far, bound for its query: a materialized view's inputs as they are, a stream's rows up to where it was read, the files of its batches. It reads nothing
/// new: offsets stay where they are.
/// </summary>
/// <param name="flow">Number of the flow in the catalog, which it may share with others of its table.</param>
internal sealed class ReadSoFar(UpdateContext context, StepPreparation step, StepCatalog catalog, int flow)
{
    private readonly BoundSources _sources = new();
    private IReadOnlyList<FileBinding> _filesOfViews = [];

    /// <summary>The flow's query over what is bound, as a batch of it would run.</summary>
    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten { get; private set; }

    /// <summary>Bronze: what is stored besides the query's columns.</summary>
    public IReadOnlyList<StampedColumn> Stamps { get; private set; } = [];

    /// <summary>What its batches read, where rows are stamped by the batch that read them, or come from files; else null.</summary>
    public IngestedFiles? Ingested { get; private set; }

    /// <summary>Of bronze: its rows do not tell which batch brought them, as the query gives all stamps itself, those of the rows that it streams.</summary>
    public bool GivesStamps => IsBronze && Streams && Gives(context.Pipeline.Project.MetadataColumns.OfBatch);

    /// <summary>Whether it streams tables.</summary>
    public bool Streams => StreamSource.Of(step.Query).Count > 0;

    public IReadOnlyList<FileBinding> Bindings => [.. _sources.Bindings, .. _filesOfViews];

    public long TableRows { get; private set; }

    public long TableBytes { get; private set; }

    public long RowsIn => TableRows + _sources.Bindings.Sum(static b => b.RowsRead);

    public StepPreparation Step => step;

    /// <summary>Whether the query is known to give all of some columns.</summary>
    public bool Gives(IEnumerable<string> names) => names.All(n => step.Query.Columns.Any(c => c.Name.Equals(n, StringComparison.OrdinalIgnoreCase)));

    private DoneRecord Done => step.State!.Done!;

    private bool IsView => step.Flow.Kind == FlowKind.Complete;

    private bool IsBronze => step.Dataset is { Name.Layer: Layer.Bronze, Kind: DatasetKind.StreamingTable };

    private bool IsOnce => step.Flow.Kind == FlowKind.Once;

    /// <param name="ingested">What batches of these days read only; null: of all.</param>
    /// <param name="cancel">Ends the binding.</param>
    /// <exception cref="EngineException">What was read is not there any more, or cannot be told.</exception>
    public async Task BindAsync(DayRange? ingested, CancellationToken cancel)
    {
        var names = new Dictionary<object, string>(ReferenceEqualityComparer.Instance);
        if (IsBronze && !IsOnce && Streams && step.Query.FileSources.Any()) throw Refused("it reads files and tables in one query, and its rows do not tell which of them they are of. Write two flows for that");
        if (!IsView && !IsOnce && (IsBronze ? !GivesStamps : step.Query.FileSources.Any())) await FindIngestedAsync(ingested, cancel);
        var streamed = IsBronze && Ingested is { } found && Streams ? new IngestedStreams(context, step, catalog, flow, found.Read) : null;
        streamed?.Prepare();
        foreach (var (reference, call, source) in StreamSource.Of(step.Query))
            names[(object?)reference ?? call!] = streamed is null ? await StreamAsync(source, names.Count, cancel) : await streamed.BindAsync(source, names.Count, cancel);
        if (streamed is not null)
        {
            streamed.HoldAllBound();
            (TableRows, TableBytes) = (TableRows + streamed.Rows, TableBytes + streamed.Bytes);
        }
        var binder = new InputBinder(context, catalog, IsOnce ? await AsReadAsync(cancel) : context.Tables) { IsApart = IsOnce };
        foreach (var (_, call, _) in StreamSource.Of(step.Query).Where(static s => s.Call is not null)) binder.Give(call!, "");
        if (IsOnce) await OnceFilesAsync(binder, cancel);
        else if (!IsView && step.Query.FileSources.Any()) await FilesAsync(binder, cancel);
        var whole = await binder.BindAsync(step.Query, cancel)
            ?? throw new EngineException(EngineCodes.InputMissing, $"{step.Dataset.Name} reads {string.Join(", ", binder.Missing)}, which has no data yet.");
        _filesOfViews = binder.Bindings;
        var bindings = new QueryBindings { Table = r => names.GetValueOrDefault(r) ?? whole.Table(r), Source = c => names.GetValueOrDefault(c) ?? whole.Source(c) };
        if (!IsView && !IsOnce) Rewritten = StreamingRewriter.Rewrite(step.Query, new StreamingRewriteOptions { Bindings = bindings, Carry = [StreamedRow.Column] }, catalog.Connection);
        Sql = Rewritten?.Sql ?? QueryRendering.RenderSql(step.Query, bindings);
        if (IsBronze && Ingested is not null) Stamp(streamed);
    }

    /// <summary>The rows of a streamed table that were read: all but those of versions after the offset.</summary>
    private async Task<string> StreamAsync(StreamSource source, int index, CancellationToken cancel)
    {
        var range = Done.Streams.FirstOrDefault(s => s.Name.Equals(source.Name, StringComparison.OrdinalIgnoreCase)) ?? throw Refused($"it has not read {source.Name} yet");
        if (source.IsChanges || source.Options.StartingVersion is not null || source.Options.StartingTimestamp is not null)
            throw Refused($"it does not read {source.Name} from its beginning, so that what was read cannot be told");
        if (range.Passed > 0) throw Lost($"{source.Name} no longer holds rows that were read");
        if (range.ToFile is not null) throw Refused($"a batch of {source.Name} is not finished: run the update first");
        var table = await source.FindAsync(context, context.Tables, cancel) ?? throw Lost($"{source.Name} is gone");
        var unread = await table.Table.AppendsBetweenAsync(range.TableId, range.To, table.Snapshot, source.Options.SkipChangeCommits, cancel);
        if (unread is ChangeRange.Broken broken) throw new StreamStop(context, step).For(source, broken);
        var appends = (ChangeRange.Appends)unread;
        if (appends.Passed.Any(RemovedRows.AreLost)) throw Lost($"{source.Name} no longer holds rows that were read{RemovedRows.What(appends.Passed)}");
        var ahead = appends.Files.Select(static f => f.Path).ToHashSet(StringComparer.Ordinal);
        var read = table.Snapshot.Files.Where(f => !ahead.Contains(f.Path)).ToList();
        // Rows that are not read yet and were made again since lie among those that were read.
        var isMixed = appends.Versions.Count > 0 && appends.Passed.Any(p => p.Version > appends.Versions[0].Version);
        if (isMixed || table.Snapshot.Files.Count - read.Count != ahead.Count) throw Refused($"rows of {source.Name} that are not read yet were written anew with others: run the update first");
        var scan = table.Table.Scan(table.Snapshot, read);
        (TableRows, TableBytes) = (TableRows + read.Sum(static f => f.LiveRecords ?? 0), TableBytes + read.Sum(static f => f.Size));
        var name = $"{flow}_{index}";
        await catalog.BindScanAsync(StepCatalog.OwnSchema, $"batch_{name}", scan, cancel);
        catalog.BindSql(StepCatalog.OwnSchema, $"stream_{name}", $"SELECT *, {BoundSources.Row(scan.Schema.Fields.Select(static f => f.Name))} FROM {SqlText.Identifier(StepCatalog.OwnSchema, $"batch_{name}")}");
        return SqlText.Identifier(StepCatalog.OwnSchema, $"stream_{name}");
    }

    /// <summary>What its batches read, by their records.</summary>
    private async Task FindIngestedAsync(DayRange? days, CancellationToken cancel)
    {
        Ingested = await IngestedFiles.OfAsync(step.State!, days ?? Kept(), cancel);
        if (!Ingested.AreOf([.. step.Query.FileSources.Select(c => SourceOptions.Of(c, context.Pipeline.Project.MetadataColumns).Path)])) throw Refused("its batches read other sources than its query names today");
    }

    /// <summary>The files that batches have read, as they were then.</summary>
    private async Task FilesAsync(InputBinder binder, CancellationToken cancel)
    {
        var found = Ingested!;
        var calls = step.Query.FileSources.ToList();
        var options = calls.ConvertAll(c => SourceOptions.Of(c, context.Pipeline.Project.MetadataColumns));
        if (found.Repeated is [var twice, ..]) throw Refused($"{twice} was read more than once, and its rows do not tell by which batch");
        found.Bind(catalog, flow);
        for (var i = 0; i < calls.Count; i++)
        {
            var files = found.Of(i, options[i].Format);
            Hold(files, cancel);
            await TakenRows.HoldErasureAsync(context, step, files, cancel);
            var index = catalog.NextNumber();
            _sources.BindIngested(context, catalog, index, options[i], files, i < Done.SourceColumns.Count ? Done.SourceColumns[i] : null, IngestedFiles.Stamping(flow), cancel);
            binder.Give(calls[i], BoundSources.ViewOf(index));
        }
    }

    /// <summary>Of bronze, batches whose ingestion date is kept still; the rows of others are gone or are to go.</summary>
    private DayRange? Kept() => step.Dataset.Name.Layer == Layer.Bronze && TakenRows.FirstKept(context, step.Dataset) is { } first ? new DayRange(first, DateOnly.MaxValue) : null;

    /// <summary>A flow that runs once read its files whole.</summary>
    private async Task OnceFilesAsync(InputBinder binder, CancellationToken cancel)
    {
        var calls = step.Query.FileSources.ToList();
        var intent = new IntentRecord { Update = context.UpdateId, AtMicros = context.NowMicros, BatchId = Done.Update };
        for (var i = 0; i < calls.Count; i++)
        {
            var options = SourceOptions.Of(calls[i], context.Pipeline.Project.MetadataColumns);
            if (i >= Done.Sources.Count || Done.Sources[i].Path != options.Path) throw Refused($"the flow {step.Flow.Name} ran once over other sources than it names today");
            var files = FileBatch.FromJson(Done.Sources[i].Batch);
            Hold(files, cancel);
            await TakenRows.HoldErasureAsync(context, step, files, cancel);
            var index = catalog.NextNumber();
            _sources.Bind(context, catalog, index, calls[i], options, files, [], intent, withRow: false, cancel);
            binder.Give(calls[i], BoundSources.ViewOf(index));
        }
    }

    /// <summary>The tables that a flow which runs once read, at the versions that it read.</summary>
    private async Task<UpdateTables> AsReadAsync(CancellationToken cancel)
    {
        var pinned = new UpdateTables(context.Layout);
        if (Done.Tables is [var read, ..]) await TakenRows.HoldOwnErasureAsync(context, step, $"{read.Name} at version {read.Version}{(Done.Tables.Count > 1 ? " and others" : "")}", "Erase them from what it reads", cancel);
        foreach (var input in Done.Tables)
        {
            if (!DatasetName.TryParse(input.Name, out var name)) continue;
            var table = context.Layout.Table(name);
            // A macro's tables are bound under their own names, which other flows read too.
            if (step.Query.MacroReferences.Count > 0 && (await context.Tables.FindAsync(name, cancel))?.Snapshot.Version != input.Version)
                throw Refused($"the flow {step.Flow.Name} ran once over {input.Name} at version {input.Version}, which a macro of it would read as it is now. Write what the macro reads into the flow itself");
            try
            {
                var then = await table.SnapshotAsync(input.Version, cancel);
                if (then.Metadata.Id != input.TableId) throw Lost($"the flow {step.Flow.Name} ran once over {input.Name} at version {input.Version}, which is gone");
                if (await table.TrySnapshotAsync(cancel) is { } now) TakenRows.HoldErasure(step, input.Name, now, then);
                pinned.Publish(name, table, then);
            }
            catch (DeltaLogException gone)
            {
                throw Lost($"the flow {step.Flow.Name} ran once over {input.Name} at version {input.Version}, which is gone ({gone.Message.TrimEnd('.')})");
            }
        }
        return pinned;
    }

    private void Hold(FileBatch files, CancellationToken cancel)
    {
        var lost = FileSource.Lost(context.Pipeline.Folder, files, cancel);
        if (lost.Count == 0) return;
        throw Lost($"{lost.Count} of {files.Files.Count} files that were read are gone or hold other bytes than then: {string.Join(", ", lost.Take(3).Select(static f => f.Path))}{(lost.Count > 3 ? ", …" : "")}");
    }

    private void Stamp(IngestedStreams? streamed)
    {
        var names = context.Pipeline.Project.MetadataColumns;
        if (streamed is not null)
        {
            HoldStamped(names);
            Stamps = [.. streamed.Stamps(names)];
            return;
        }
        string FromRow(string column) => $"struct_extract({StreamedRow.Column}, {SqlText.Literal(column)})";
        // A row whose query leaves the stamps out has them by its file.
        var file = FromRow(names.SourceFile ?? StreamStamps.HiddenFile);
        var byFile = IngestedFiles.Stamps(names, "b", SourceOptions.Of(step.Query.FileSources.First(), names).Path)
            .Select(s => s with { Sql = $"(SELECT {s.Sql} FROM {IngestedFiles.Stamping(flow)} AS b WHERE {IngestedFiles.IsOf("b", file)})" });
        if (Rewritten!.CarriesRows) Stamps = [.. StreamStamps.OfRow(names), .. byFile];
    }

    /// <summary>Rows that are streamed from tables get their batch by the row that they bring along, and only where the query leaves it to us.</summary>
    private void HoldStamped(Smelt.Pipelines.MetadataColumns names)
    {
        if (!Rewritten!.CarriesRows) throw Refused("its query does not tell of which streamed row a row comes, and so not of which batch");
        var given = catalog.Describe(Sql).Select(static c => c.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (names.BatchId is { } id && given.Contains(id))
            throw Refused($"its query gives {id} itself and not all of {string.Join(", ", names.OfBatch)}, so that its rows do not tell which batch brought them");
        if (names.IngestionDate is { } date && given.Contains(date) && !Gives([date])) throw Refused($"its query gives {date} itself, which nothing but its run tells. Name the column in the query");
    }

    private EngineException Refused(string why) => DayFault.Refused(step, why);

    private EngineException Lost(string what) => DayFault.Lost(step, what);
}
