using System.Globalization;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>Another partitioning of a table that has rows.</content>
public sealed partial class DeltaTable
{
    /// <summary>
    /// Partitions the table by other columns: every file is written again, in one commit that changes no row, so that readers of appended rows go on. Versions before keep
    /// their files until VACUUM.
    /// </summary>
    /// <param name="columns">Columns of the table; none: the table is not partitioned any more.</param>
    /// <param name="cancel">Ends the work; nothing is committed then.</param>
    public async ValueTask<MaintenanceResult> RepartitionAsync(IReadOnlyList<string> columns, CancellationToken cancel = default)
    {
        using var connection = Lake.Connect();
        using var interrupting = cancel.Register(connection.Interrupt);
        CommitResult.Conflict? last = null;
        for (var number = 0; number < AlterAttempts; number++)
        {
            var snapshot = await SnapshotAsync(null, cancel);
            ProtocolSupport.CheckWrite(Folder, snapshot.Protocol, snapshot.Metadata);
            if (snapshot.Metadata.PartitionColumns.SequenceEqual(columns, StringComparer.OrdinalIgnoreCase))
                return new MaintenanceResult.Nothing(snapshot);
            var asked = TableDefinition.Of(snapshot).Repartition(columns);
            if (asked is DefinitionResult.Refused refused)
                return new MaintenanceResult.Refused(string.Join("; ", refused.Problems.Select(p => p.Message)));
            var attempt = new DmlAttempt(this, snapshot, connection, new DmlOptions { TargetFileBytes = TargetBytes(snapshot) });
            var keepsFiles = false;
            try
            {
                var plan = await RepartitionPlanAsync(attempt, (DefinitionResult.Defined)asked, cancel);
                // As in every commit: one that failed midway may be in the log, so that its files stay.
                keepsFiles = true;
                var result = await CommitAsync(plan, snapshot, cancel);
                keepsFiles = result is CommitResult.Committed;
                if (result is CommitResult.Committed done)
                    return new MaintenanceResult.Done(done.Snapshot, plan.OperationMetrics.ToDictionary(m => m.Key, m => long.Parse(m.Value, CultureInfo.InvariantCulture)));
                last = (CommitResult.Conflict)result;
            }
            finally
            {
                await attempt.EndAsync(keepsFiles);
            }
        }
        return new MaintenanceResult.Conflicted(last!);
    }

    private static async ValueTask<TablePlan> RepartitionPlanAsync(DmlAttempt attempt, DefinitionResult.Defined defined, CancellationToken cancel)
    {
        // Read as the files are, written as they will be.
        var rows = await attempt.ScanAsync(attempt.Files, cancel);
        attempt.Become(defined.Definition);
        var names = defined.Definition.Metadata.Schema.Fields.Where(f => f.Type != DeltaType.Void).Select(f => f.Name).ToList();
        var added = attempt.Files.Count == 0 ? [] : await attempt.WriteAsync($"SELECT * FROM ({rows}) AS r", names, RowOrigin.Table, cancel);
        return new TablePlan
        {
            Folder = attempt.Table.Folder,
            Kind = PlanKind.Change,
            TableId = attempt.Metadata.Id,
            ReadVersion = attempt.Snapshot.Version,
            Reads = TableReads.Everything,
            Metadata = defined.Definition.Metadata,
            Adds = [.. added.Select(a => a with { DataChange = false })],
            Removes = [.. attempt.Files.Select(f => RemoveFile.Of(f, 0, dataChange: false) with { DeletionTimestamp = null })],
            Operation = "CHANGE PARTITIONING",
            OperationParameters = new Dictionary<string, string> { ["partitionBy"] = $"[{string.Join(',', defined.Definition.Metadata.PartitionColumns.Select(Json))}]" },
            OperationMetrics = new Dictionary<string, string>
            {
                ["numRemovedFiles"] = Text(attempt.Files.Count), ["numAddedFiles"] = Text(added.Count),
                ["numRemovedBytes"] = Text(attempt.Files.Sum(f => f.Size)), ["numAddedBytes"] = Text(added.Sum(f => f.Size)),
            },
            Attempt = attempt.Attempt,
        };
    }
}
