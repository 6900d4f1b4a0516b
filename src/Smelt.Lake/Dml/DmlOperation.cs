using System.Diagnostics;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>A kind of statement that changes rows.</summary>
internal abstract class DmlOperation
{
    /// <summary>Whether rows that are there may change or go: what an append-only table refuses.</summary>
    internal virtual bool ChangesRows => true;

    /// <summary>Finds and writes what the statement does to one snapshot; null where there is nothing to commit, the counts being told all the same.</summary>
    /// <exception cref="DmlRefusedException">It cannot be done.</exception>
    internal abstract ValueTask<DmlDraft> DraftAsync(DmlAttempt attempt, CancellationToken cancel);
}

/// <summary>What an attempt wants to commit.</summary>
internal sealed record DmlDraft
{
    internal required string Operation { get; init; }

    internal PlanKind Kind { get; init; } = PlanKind.Change;

    internal IReadOnlyDictionary<string, string> Parameters { get; init; } = EmptyMap.Texts;

    internal TableReads Reads { get; init; } = TableReads.Nothing;

    /// <summary>Null where no file changes.</summary>
    internal RewrittenFiles? Files { get; init; }

    internal DmlMetrics Metrics { get; init; } = new();

    /// <summary>commitInfo's metrics by delta-spark's names, but those that every change has.</summary>
    internal Func<DmlMetrics, IEnumerable<(string Name, long Value)>> Names { get; init; } = static _ => [];
}

/// <summary>Draws drafts up and commits them, from a new snapshot where another writer was in the way.</summary>
/// <param name="table">The target.</param>
/// <param name="operation">What to do.</param>
/// <param name="options">How.</param>
/// <param name="connection">Where the SQL runs.</param>
/// <param name="bind">Binds what the SQL names before each attempt, at the target's version of it; null where all is bound.</param>
internal sealed class DmlRun(DeltaTable table, DmlOperation operation, DmlOptions options, DuckDbConnection connection, Func<Snapshot, CancellationToken, ValueTask>? bind = null)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <param name="first">The target as the first attempt takes it; null: the newest.</param>
    /// <param name="cancel">Interrupts the queries too; obeyed until the commit's file is put.</param>
    internal async ValueTask<DmlResult> RunAsync(Snapshot? first, CancellationToken cancel)
    {
        using var interrupting = cancel.Register(connection.Interrupt);
        var snapshot = first;
        for (var number = 1; ; number++)
        {
            snapshot = number == 1 && first is not null ? first : snapshot is null ? await table.TrySnapshotAsync(cancel) : await table.UpdateAsync(snapshot, cancel);
            if (snapshot is null)
                return new DmlResult.Refused(DmlRefusal.NoTable, $"there is no table '{table.Folder}'");
            if (Before(snapshot) is { } already)
                return already;
            var result = await AttemptAsync(snapshot, number, cancel);
            if (result is not DmlResult.Conflict conflict || number >= options.MaxAttempts || conflict.Last.Kind is ConflictKind.AppendOnly or ConflictKind.TableReplaced)
                return result;
        }
    }

    private DmlResult? Before(Snapshot snapshot)
    {
        if (operation.ChangesRows && !options.LiftsAppendOnly && AppendOnlyProperty.IsOn(snapshot))
            return new DmlResult.Refused(DmlRefusal.AppendOnly, $"the table '{table.Folder}' is {AppendOnlyProperty.Words}: its rows are not changed, removed or replaced");
        ProtocolSupport.CheckWrite(table.Folder, snapshot.Protocol, snapshot.Metadata);
        var done = options.Transaction is { } mark && snapshot.Transactions.TryGetValue(mark.AppId, out var there) && there.Version >= mark.Version;
        return done ? new DmlResult.Unchanged(snapshot, new DmlMetrics()) : null;
    }

    private async ValueTask<DmlResult> AttemptAsync(Snapshot snapshot, int number, CancellationToken cancel)
    {
        var attempt = new DmlAttempt(table, snapshot, connection, options);
        var keepsFiles = false;
        try
        {
            if (bind is not null)
                await bind(snapshot, cancel);
            var draft = await operation.DraftAsync(attempt, cancel);
            var metrics = Measured(draft);
            if (draft.Files is null && attempt.Definition.Metadata.Equals(snapshot.Metadata))
                return new DmlResult.Unchanged(snapshot, metrics);
            // From here on only an answer tells that nobody needs the files: a commit that failed midway may be in the log.
            keepsFiles = true;
            var plan = Plan(attempt, draft, metrics);
            var result = await table.CommitAsync(plan, snapshot, cancel);
            keepsFiles = result is CommitResult.Committed;
            return Told(result, metrics, number, plan.SetProperties.ContainsKey(AppendOnlyProperty.Name));
        }
        catch (DmlRefusedException refused)
        {
            return new DmlResult.Refused(refused.Kind, refused.Message);
        }
        catch (DataValueException value)
        {
            return new DmlResult.Refused(DmlRefusal.Value, value.Message);
        }
        catch (DuckDbException error) when (QueryFault.RefusalOf(error) is { } kind)
        {
            return new DmlResult.Refused(kind, error.Message);
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Interrupt && cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancel);
        }
        finally
        {
            await attempt.EndAsync(keepsFiles);
        }
    }

    private static DmlResult Told(CommitResult result, DmlMetrics metrics, int number, bool lifted) => result switch
    {
        CommitResult.Committed c => new DmlResult.Committed(c.Version, c.Snapshot, metrics, number) { CheckpointFault = c.CheckpointFault, LiftedAppendOnly = lifted },
        CommitResult.AlreadyCommitted a => new DmlResult.Unchanged(a.Snapshot, metrics),
        CommitResult.Conflict c => new DmlResult.Conflict(c, number),
        _ => throw new InvalidOperationException(result.ToString()),
    };

    private DmlMetrics Measured(DmlDraft draft)
    {
        var metrics = draft.Metrics with { ExecutionTimeMs = _clock.ElapsedMilliseconds };
        return draft.Files is null ? metrics : DmlMetricNames.Counted(metrics, draft.Files);
    }

    private TablePlan Plan(DmlAttempt attempt, DmlDraft draft, DmlMetrics metrics)
    {
        var definition = attempt.Definition;
        var tags = options.Tags.ToDictionary(StringComparer.Ordinal);
        if (attempt.TracksRows)
            tags["delta.rowTracking.preserved"] = "true";
        return new TablePlan
        {
            Folder = table.Folder,
            Kind = draft.Kind,
            TableId = definition.Metadata.Id,
            ReadVersion = attempt.Snapshot.Version,
            Protocol = definition.Protocol.Equals(attempt.Snapshot.Protocol) ? null : definition.Protocol,
            Metadata = definition.Metadata.Equals(attempt.Snapshot.Metadata) ? null : definition.Metadata,
            SetProperties = options.LiftsAppendOnly && definition.Metadata.IsOn(AppendOnlyProperty.Name) ? AppendOnlyProperty.Lifted : EmptyMap.Values,
            Adds = draft.Files?.Adds ?? [],
            Removes = draft.Kind == PlanKind.Overwrite ? [] : [.. (draft.Files?.Removes ?? []).Select(static f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })],
            ChangeFiles = draft.Files?.ChangeFiles ?? [],
            Reads = options.ReadsTarget ? TableReads.Everything : draft.Reads,
            Transaction = options.Transaction,
            AlsoTransactions = options.AlsoTransactions(attempt.Snapshot),
            Operation = draft.Operation,
            OperationParameters = draft.Parameters,
            OperationMetrics = DmlMetricNames.Texts(draft.Names(metrics)),
            Tags = tags,
            Attempt = attempt.Attempt,
        };
    }
}
