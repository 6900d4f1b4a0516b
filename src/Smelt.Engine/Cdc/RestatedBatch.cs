using Smelt.Connectors;
using Smelt.DuckDb;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// All events that an AUTO CDC flow has read so far, of which a part of its table is made again: the keys with an event on some days. It reads nothing new.
/// </summary>
internal sealed class RestatedBatch : IStepBatch
{
    private readonly StepPreparation _step;
    private readonly ReadSoFar _read;

    private RestatedBatch(UpdateContext context, StepPreparation step, BatchKey key, DayRange days)
    {
        (_step, Days, Catalog, BatchId) = (step, days, new StepCatalog(context.Database()), step.BatchIdOf(context.UpdateId, key));
        _read = new ReadSoFar(context, step, Catalog, 0);
    }

    public StepCatalog Catalog { get; }

    public DayRange Days { get; }

    public string Sql => _read.Sql;

    public RewrittenQuery? Rewritten => _read.Rewritten;

    public IReadOnlyList<StampedColumn> Stamps => [];

    public IReadOnlyList<TableInput> Tables => _step.State!.Done!.Tables;

    public IReadOnlyList<SourceInput> Sources => [];

    public IReadOnlyList<string> SourceColumns => _step.State!.Done!.SourceColumns;

    public IReadOnlyList<FileBinding> Bindings => _read.Bindings;

    public long TableRows => _read.TableRows;

    public long TableBytes => _read.TableBytes;

    public long RowsIn => _read.RowsIn;

    public string BatchId { get; }

    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Set while the batch is staged: which keys it is about.</summary>
    public RestatedKeys? Keys { get; private set; }

    public static async Task<RestatedBatch> OpenAsync(UpdateContext context, StepPreparation step, BatchKey key, DayRange days, CancellationToken cancel)
    {
        if (KeptOtherwise.Of(step) is { } kept) throw kept;
        var batch = new RestatedBatch(context, step, key, days);
        return await IStepBatch.BoundAsync(batch, () => batch._read.BindAsync(null, cancel));
    }

    /// <summary>Finds the keys, by all events.</summary>
    /// <param name="typed">SQL of the events' columns.</param>
    public async Task<RestatedKeys> ChooseAsync(UpdateContext context, CdcBatch changes, OutputShape shape, string typed, CancellationToken cancel)
    {
        Keys = new RestatedKeys(_step.Dataset, changes, _step.Flow.Cdc!, shape, typed);
        Notes = [.. Notes, Keys.Find(Days, DayColumn.Of(_step.Dataset, context.Pipeline.Project))];
        await Keys.HoldAsync(cancel);
        return Keys;
    }

    /// <summary>Events of the keys that the rules refused then may pass now, and the other way round.</summary>
    public Task<StagedQuarantine?> QuarantineAsync(UpdateContext context, StepPreparation step, OutputShape shape, Judge? judge, bool replaces, QuarantineTable.Copy copy, CancellationToken cancel) =>
        QuarantineTable.StageDaysAsync(context, step, this, shape, judge, new DaysRefused(Keys!.IsChosen, step.Flow.Cdc!.Keys[0], Keys.Inputs), copy, cancel);

    /// <summary>The events were counted for their rules when they came.</summary>
    public BatchCounts Counting(BatchCounts counts) => counts with { RowsDropped = 0, RowsQuarantined = 0, Rules = [] };
}
