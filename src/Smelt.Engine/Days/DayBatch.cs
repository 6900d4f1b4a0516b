using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>All that a dataset's flows have read so far, for some days of which it is made again.</summary>
internal sealed class DayBatch : IStepBatch
{
    private readonly StepPreparation _step;
    private readonly List<ReadSoFar> _flows;
    private readonly string _column;
    private string? _among;

    private DayBatch(UpdateContext context, StepPreparation step, IReadOnlyList<StepPreparation> flows, BatchKey key, DayRange days, string column)
    {
        (_step, _column, Catalog, BatchId) = (step, column, new StepCatalog(context.Database()), step.BatchIdOf(context.UpdateId, key));
        _flows = [.. flows.Select((f, i) => new ReadSoFar(context, f, Catalog, i))];
        Only = days.Holds(SqlText.Identifier(column));
        Where = days.Holds($"{RowDifference.Target}.{SqlText.Identifier(column)}");
    }

    public StepCatalog Catalog { get; }

    public string Sql { get; private set; } = "";

    public RewrittenQuery? Rewritten => _flows.Count == 1 ? _flows[0].Rewritten : null;

    public OutputShape? Shape { get; private set; }

    public string? Only { get; }

    /// <summary>The rows of the table that are replaced.</summary>
    public string Where { get; private set; }

    public IReadOnlyList<StampedColumn> Stamps => _flows.Count == 1 ? _flows[0].Stamps : [];

    /// <summary>Whether its days are those of ingestion, and no batch came on them.</summary>
    public bool IsEmpty { get; private set; }

    private DoneRecord Done => _step.State!.Done!;

    public IReadOnlyList<TableInput> Tables => Done.Tables;

    public IReadOnlyList<SourceInput> Sources => _step.Flow.Kind == FlowKind.Complete ? Done.Sources : [];

    public IReadOnlyList<string> SourceColumns => Done.SourceColumns;

    public IReadOnlyList<FileBinding> Bindings => [.. _flows.SelectMany(static f => f.Bindings)];

    public long TableRows => _flows.Sum(static f => f.TableRows);

    public long TableBytes => _flows.Sum(static f => f.TableBytes);

    public long RowsIn => _flows.Sum(static f => f.RowsIn);

    public string BatchId { get; }

    public IReadOnlyList<string> Notes => [];

    /// <param name="context">Of the update.</param>
    /// <param name="step">The flow whose batch it is.</param>
    /// <param name="flows">All flows of the table that have read anything.</param>
    /// <param name="key">Of the batch.</param>
    /// <param name="days">To make again.</param>
    /// <param name="column">The day column.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async Task<DayBatch> OpenAsync(UpdateContext context, StepPreparation step, IReadOnlyList<StepPreparation> flows, BatchKey key, DayRange days, string column, CancellationToken cancel)
    {
        var batch = new DayBatch(context, step, flows, key, days, column);
        return await IStepBatch.BoundAsync(batch, () => batch.BindAsync(context, days, cancel));
    }

    /// <summary>Rows of these days that the rules refused then may pass now, and the other way round.</summary>
    public Task<StagedQuarantine?> QuarantineAsync(UpdateContext context, StepPreparation step, OutputShape shape, Judge? judge, bool replaces, QuarantineTable.Copy copy, CancellationToken cancel) =>
        QuarantineTable.StageDaysAsync(context, step, this, shape, judge, new DaysRefused(Only!, _column, Inputs(shape)) { Among = _among }, copy, cancel);

    /// <summary>Rules of today may set no row aside: those that they set aside then are known by their inputs still.</summary>
    private AcceptedInputs? Inputs(OutputShape shape)
    {
        var row = Shape?.CarriedRow ?? (Rewritten?.CarriesRows == true ? Catalog.Describe(Sql)[^1].Type : null);
        if (row is null || shape.Columns.FirstOrDefault(c => c.Name.Equals(_column, StringComparison.OrdinalIgnoreCase)) is not { } day) return null;
        return new AcceptedInputs(row, $"(SELECT {day.Sql} AS {SqlText.Identifier(_column)}, {StreamedRow.Column} FROM ({Sql}\n) AS smelt_query) AS smelt_today", Only!);
    }

    /// <summary>The rows were counted for their rules when they came.</summary>
    public BatchCounts Counting(BatchCounts counts) => counts with { RowsDropped = 0, RowsQuarantined = 0, Rules = [] };

    private async Task BindAsync(UpdateContext context, DayRange days, CancellationToken cancel)
    {
        var names = context.Pipeline.Project.MetadataColumns;
        var isBronze = _step.Dataset is { Name.Layer: Layer.Bronze, Kind: DatasetKind.StreamingTable };
        // Rows that bear the stamps of those that they were streamed from are days of these, as in silver.
        var isPassedOn = _flows.Exists(static f => f.GivesStamps);
        if (isPassedOn) RefuseOthers();
        if (isBronze) RefuseRetained(context, names.IngestionDate);
        var isIngestion = isBronze && _column.Equals(names.IngestionDate, StringComparison.OrdinalIgnoreCase) && !_flows.Exists(f => f.Streams && f.Gives([_column]));
        foreach (var flow in _flows) await flow.BindAsync(isIngestion ? days : null, cancel);
        if (_flows.Count == 1) Sql = _flows[0].Sql;
        else (Sql, Shape) = new FlowUnion(_step, Catalog, names.SourceFile).Of(_flows);
        if (!isBronze || isPassedOn) return;
        Where = await OfBatchesAsync(names, isIngestion, cancel);
        IsEmpty = isIngestion && _flows.TrueForAll(static f => f.Ingested is { Batches.Count: 0 });
    }

    /// <summary>Retention took rows by a date that the query itself gives: their batches do not tell which they were.</summary>
    private void RefuseRetained(UpdateContext context, string? date)
    {
        if (date is null || _column.Equals(date, StringComparison.OrdinalIgnoreCase) || TakenRows.FirstKept(context, _step.Dataset) is null || !_flows.Exists(f => f.Streams && f.Gives([date]))) return;
        throw DayFault.Refused(_step, $"retention takes its rows by {date}, which its query gives, so that days by {_column} could bring them back. Make days by {date} (TBLPROPERTIES ('{DayColumn.Property}' = '{date}'))");
    }

    private void RefuseOthers()
    {
        if (_step.Dataset.Flows.Count > 1 || RemovedFlows.Of(_step).Count > 0) throw DayFault.Refused(_step, "several flows write it, of which one passes the stamps on of the rows that it streams, so that its rows do not tell which batch brought them");
    }

    /// <summary>
    /// Bronze: of these days the rows that the batches which are read again brought, and no others; a row that was let in from quarantine since comes again with its file, under that file's stamps.
    /// </summary>
    private async Task<string> OfBatchesAsync(Smelt.Pipelines.MetadataColumns names, bool isIngestion, CancellationToken cancel)
    {
        if (names.BatchId is not { } id || _step.Target!.Snapshot.Schema.Find(id) is null)
            throw new EngineException(EngineCodes.DayRefused, $"{_step.Dataset.Name} cannot be made again by days: its rows do not tell which batch brought them (_batch_id).");
        static string In(IEnumerable<string> texts) => $"IN ({string.Join(", ", texts.Select(SqlText.Literal).DefaultIfEmpty("NULL"))})";
        var target = $"{RowDifference.Target}.{SqlText.Identifier(id)}";
        var ingested = _flows.Select(static f => f.Ingested).OfType<IngestedFiles>().ToList();
        var where = $"({Where} AND {target} {In(ingested.SelectMany(static i => i.Batches))})";
        _among = $"{SqlText.Identifier(id)} {In(ingested.SelectMany(static i => i.Batches))}";
        // By ingestion date it comes on its file's day, whenever it was let in; by a column of its own on that column's.
        var let = isIngestion ? "" : $"{Where} AND ";
        await RefuseForeignBatchesAsync(id, In, cancel);
        var streamed = _flows.Where(static f => f.Streams).SelectMany(static f => f.Ingested?.Replays ?? []).ToList();
        if (streamed.Count > 0) await RefuseReplayedAsync($"{SqlText.Identifier(id)} {In(streamed)}", "and a row that came from a streamed table does not tell its place there, so that", cancel);
        var replays = _flows.Where(static f => !f.Streams).SelectMany(static f => f.Ingested?.Replays ?? []).ToList();
        if (replays.Count == 0) return where;
        if (names.SourceFile is not { } file || _step.Target.Snapshot.Schema.Find(file) is null)
        {
            await RefuseReplayedAsync($"{SqlText.Identifier(id)} {In(replays)}", "and without a stored _source_file", cancel);
            return where;
        }
        var files = ingested.SelectMany(static i => i.Files).Select(static f => f.File.Path).ToList();
        return files.Count == 0 ? where : $"({where} OR ({let}{target} {In(replays)} AND {RowDifference.Target}.{SqlText.Identifier(file)} {In(files)}))";
    }

    /// <summary>Rows of the time when the query passed on the stamps of what it streams bear other tables' batches: they would stay, and come again.</summary>
    private async Task RefuseForeignBatchesAsync(string id, Func<IEnumerable<string>, string> isIn, CancellationToken cancel)
    {
        // What ONCE flows and removed ones brought is not told by the batches of these.
        if (!_flows.Exists(static f => f.Streams) || _flows.Count < _step.Dataset.Flows.Count || RemovedFlows.Of(_step).Count > 0) return;
        var known = new List<string>();
        foreach (var flow in _flows)
        {
            var all = await IngestedFiles.OfAsync(flow.Step.State!, null, cancel);
            known.AddRange([.. all.Batches, .. all.Replays]);
        }
        await Catalog.BindTableAsync(StepCatalog.OwnSchema, "target_before", _step.Target!, cancel);
        if (Catalog.Connection.Scalar($"SELECT 1 FROM {StepCatalog.OwnSchema}.target_before AS {RowDifference.Target} WHERE {Where} AND {SqlText.Identifier(id)} NOT {isIn(known)} LIMIT 1") is null) return;
        throw DayFault.Refused(_step, $"rows of these days bear the stamps of the table that they were streamed from, which today's query does not pass on, so that they cannot be told from those that are read again. Rebuild it with --full-refresh {_step.Dataset.Name}");
    }

    /// <summary>A row that was let in bears the batch that let it in, and only its file tells that it is one that comes again.</summary>
    private async Task RefuseReplayedAsync(string isLetIn, string why, CancellationToken cancel)
    {
        await Catalog.BindTableAsync(StepCatalog.OwnSchema, "target_before", _step.Target!, cancel);
        if (Catalog.Connection.Scalar($"SELECT 1 FROM {StepCatalog.OwnSchema}.target_before WHERE {isLetIn} LIMIT 1") is null) return;
        throw new EngineException(EngineCodes.DayRefused, $"{_step.Dataset.Name} cannot be made again by days: rows of it were let in from quarantine, {why} they cannot be told from those that are read again. "
            + $"Rebuild it with --full-refresh {_step.Dataset.Name}.");
    }
}
