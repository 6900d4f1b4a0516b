using Smelt.Engine;
using Smelt.Lake;
using Smelt.Pipelines;
using Smelt.Pipelines.TableStatements;
using Smelt.Runs;

namespace Smelt.Cli;

/// <summary>DELETE, UPDATE, MERGE and INSERT.</summary>
internal sealed class RowStatements(PipelineSession session, bool isErasure)
{
    /// <summary>A statement that reads its own target starts anew with all that it reads, so it is tried here.</summary>
    private const int Attempts = 10;

    public async Task<StatementOutcome> RunAsync(TableStatement statement, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var scope = new StatementScope(session);
            var target = await scope.TargetAsync(statement.Target, cancel);
            if (isErasure) target = await Erasure.AllowedAsync(session, statement.Target, target, cancel);
            var (operation, options) = await PlanAsync(statement, target, scope, cancel);
            options = options with { ReadsTarget = scope.Reads(target), MaxAttempts = scope.Reads(target) ? 1 : Attempts };
            var result = isErasure ? await Erasure.RunAsync(session, target, operation, options, scope.Catalog.Connection, cancel)
                : await target.Table.ChangeAsync(operation, options, scope.Catalog.Connection, options.ReadsTarget ? target.Snapshot : null, cancel);
            if (result is not DmlResult.Conflict || !options.ReadsTarget || attempt == Attempts) return await ToldAsync(statement, target, result, cancel);
        }
    }

    private static async Task<(DmlOperation, DmlOptions)> PlanAsync(TableStatement statement, StatementTarget target, StatementScope scope, CancellationToken cancel)
    {
        DmlOptions Named(string? alias) => new() { Alias = alias ?? (target.Dataset is { } dataset ? dataset.Name : "target") };
        switch (statement)
        {
            case DeleteStatement delete:
                return (new DeleteRows(await scope.ExpressionOrNullAsync(delete.Condition, cancel)), Named(delete.Alias));
            case UpdateStatement update:
                return (new UpdateRows((await AssignedAsync(update.Assignments, scope, cancel))!, await scope.ExpressionOrNullAsync(update.Condition, cancel)), Named(update.Alias));
            case MergeStatement merge:
                return (new MergeRows(await MergeAsync(merge, scope, cancel)), Named(merge.Alias) with { SchemaEvolution = merge.WithSchemaEvolution });
            case InsertStatement insert:
                return (new InsertRows(await InsertAsync(insert, target, scope, cancel)), Named(null));
            default:
                throw new InvalidOperationException(statement.Verb);
        }
    }

    private static async Task<MergeCommand> MergeAsync(MergeStatement merge, StatementScope scope, CancellationToken cancel)
    {
        var clauses = new List<MergeClause>();
        foreach (var when in merge.Clauses)
        {
            var condition = await scope.ExpressionOrNullAsync(when.Condition, cancel);
            clauses.Add((when.Row, when.Action) switch
            {
                (MergedRow.NotMatchedBySource, MergeAction.Delete) => new MergeClause.DeleteBySource(condition),
                (MergedRow.NotMatchedBySource, MergeAction.Update u) => new MergeClause.UpdateBySource((await AssignedAsync(u.Assignments, scope, cancel))!, condition),
                (_, MergeAction.Delete) => new MergeClause.Delete(condition),
                (_, MergeAction.Update u) => new MergeClause.Update(await AssignedAsync(u.Assignments, scope, cancel), condition),
                (_, MergeAction.Insert i) => new MergeClause.Insert(await AssignedAsync(i.Assignments, scope, cancel), condition),
                _ => throw new InvalidOperationException(when.ToString()),
            });
        }
        return new MergeCommand
        {
            Source = await scope.QueryAsync(merge.Source, cancel),
            SourceAlias = merge.SourceAlias ?? "source",
            On = await scope.ExpressionAsync(merge.On, cancel),
            Clauses = clauses,
        };
    }

    private static async Task<InsertCommand> InsertAsync(InsertStatement insert, StatementTarget target, StatementScope scope, CancellationToken cancel)
    {
        if (insert.ReplaceUsing is { } named && !named.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(target.Snapshot.Metadata.PartitionColumns))
            throw StatementFailedException.Usage($"REPLACE USING takes the table's partition columns ({string.Join(", ", target.Snapshot.Metadata.PartitionColumns)}); for other rows write REPLACE WHERE or MERGE.");
        return new InsertCommand
        {
            Source = await scope.QueryAsync(insert.Source, cancel),
            Columns = insert.Columns,
            ByName = insert.ByName,
            Replaces = insert.Overwrites ? new InsertTarget.Everything()
                : insert.ReplaceUsing is not null ? new InsertTarget.Partitions()
                : insert.ReplaceWhere is { } where ? new InsertTarget.Rows(await scope.ExpressionAsync(where, cancel))
                : new InsertTarget.Nothing(),
        };
    }

    private static async Task<List<Assignment>?> AssignedAsync(IReadOnlyList<SetColumn>? columns, StatementScope scope, CancellationToken cancel)
    {
        if (columns is null) return null;
        var assigned = new List<Assignment>();
        foreach (var (column, value) in columns)
            assigned.Add(new Assignment(column, value.Text.Trim().Equals("DEFAULT", StringComparison.OrdinalIgnoreCase) ? value.Text : await scope.ExpressionAsync(value, cancel)));
        return assigned;
    }

    private async Task<StatementOutcome> ToldAsync(TableStatement statement, StatementTarget target, DmlResult result, CancellationToken cancel)
    {
        var name = target.Dataset?.ToString() ?? statement.Target.ToString();
        switch (result)
        {
            case DmlResult.Committed committed:
                // The rows are changed: who interrupts now is told so, and not that nothing was.
                var notes = isErasure ? await Erasure.NotesAsync(session, target, CancellationToken.None) : await ChangedByHand.NotesAsync(session, target, statement, committed, CancellationToken.None);
                return new StatementOutcome(statement.Verb, name, Words(committed.Metrics)) { Version = committed.Version, Metrics = Numbers(committed.Metrics), Notes = notes };
            case DmlResult.Unchanged unchanged:
                return new StatementOutcome(statement.Verb, name, "no row to change") { Metrics = Numbers(unchanged.Metrics) };
            case DmlResult.Conflict conflict:
                throw new StatementFailedException(EngineCodes.TooManyConflicts, $"{statement.Verb} {name}: other writers were in the way {conflict.Attempts} times: {conflict.Last.Reason}. Nothing was written; try again.", ExitCode.Failed);
            default:
                var refused = (DmlResult.Refused)result;
                var (code, exit) = refused.Kind switch
                {
                    DmlRefusal.Value or DmlRefusal.ReplaceWhere => (EngineCodes.ValueRefused, ExitCode.Failed),
                    DmlRefusal.MultipleMatches => (EngineCodes.MultipleMatches, ExitCode.Failed),
                    DmlRefusal.AppendOnly => (EngineCodes.AppendOnly, ExitCode.Usage),
                    _ => (EngineCodes.StatementRefused, ExitCode.Usage),
                };
                throw new StatementFailedException(code, $"{statement.Verb} {name}: {refused.Message}", exit);
        }
    }

    private static string Words(DmlMetrics m)
    {
        (long Count, string What)[] counts =
        [
            (m.RowsInserted, "inserted"), (m.RowsUpdated, "updated"), (m.RowsDeleted, "deleted"), (m.RowsCopied, "copied"),
        ];
        (long Count, string What)[] files = [(m.FilesAdded, "added"), (m.FilesRemoved, "removed"), (m.VectorsAdded, "masked by deletion vectors")];
        string List(IEnumerable<(long Count, string What)> of, string unit) => string.Join(", ", of.Where(static c => c.Count > 0).Select((c, i) => $"{c.Count}{(i == 0 ? c.Count == 1 ? $" {unit}" : $" {unit}s" : "")} {c.What}"));
        return string.Join("; ", ((string[])[List(counts, "row"), List(files, "file")]).Where(static t => t.Length > 0));
    }

    private static List<(string, long)> Numbers(DmlMetrics m) =>
    [
        ("rowsInserted", m.RowsInserted), ("rowsUpdated", m.RowsUpdated), ("rowsDeleted", m.RowsDeleted), ("rowsCopied", m.RowsCopied), ("sourceRows", m.SourceRows),
        ("filesScanned", m.FilesScanned), ("filesAdded", m.FilesAdded), ("filesRemoved", m.FilesRemoved), ("bytesAdded", m.BytesAdded), ("bytesRemoved", m.BytesRemoved),
        ("changeFilesAdded", m.ChangeFilesAdded), ("deletionVectorsAdded", m.VectorsAdded), ("deletionVectorsRemoved", m.VectorsRemoved), ("executionTimeMs", m.ExecutionTimeMs),
    ];
}

/// <summary>What it means that a dataset's table was changed by hand.</summary>
internal static class ChangedByHand
{
    public static async Task<List<string>> NotesAsync(PipelineSession session, StatementTarget target, TableStatement statement, DmlResult.Committed committed, CancellationToken cancel)
    {
        var notes = new List<string>();
        if (target.Dataset is not { } name || session.Pipeline.Graph.Find(name) is not { } dataset) return notes;
        if (dataset.Kind == DatasetKind.MaterializedView) notes.Add($"{name} is a materialized view: the next update computes it again from its query, and this change is gone.");
        var onlyAdds = committed.Metrics is { RowsUpdated: 0, RowsDeleted: 0 } && statement is not InsertStatement { Overwrites: true };
        if (onlyAdds) return notes;
        try
        {
            var streams = await TableReaders.StreamsAsync(session.NewContext("sql"), name, committed.Snapshot, cancel, stopping: true);
            if (streams.Count > 0)
                notes.Add($"{string.Join(", ", streams.Select(static d => d.Name))} stream{(streams.Count == 1 ? "s" : "")} {name} and can follow appended rows only: the next update stops there with {EngineCodes.StreamChanged} until it is fully refreshed.");
        }
        catch (Exception error) when (StepFault.Of(error) is { } fault)
        {
            // The rows are changed: what cannot be told of others does not undo it.
            notes.Add($"who streams {name} cannot be told: {fault.Message}");
        }
        return notes;
    }
}
