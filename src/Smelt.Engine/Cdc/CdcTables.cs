using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>Writes what a batch of changes came to: files of the target and of the memory, and the plans that will name them.</summary>
internal sealed class CdcTables(UpdateContext context, StepPreparation step, BatchKey key, string attempt)
{
    /// <summary>Writes a query's rows as files of a table.</summary>
    public required Func<TargetTable, string, IReadOnlyList<string>, CancellationToken, Task<IReadOnlyList<AddFile>>> Copy { get; init; }

    /// <summary>The target's plan, with how many rows of it came, changed and went.</summary>
    public async Task<(TablePlan Plan, CdcCounts Counts)> TargetAsync(CdcBatch batch, TargetTable target, bool replaces, CancellationToken cancel)
    {
        var late = batch.Layout.Remembers ? batch.Count($"{CdcBatch.Events} AS e WHERE {CdcEvents.IsLate(batch)}") : 0;
        var remembered = batch.Layout.Remembers ? batch.Count(CdcBatch.Remembered) : 0;
        var history = batch.Layout.KeepsHistory ? $", s AS {CdcSql.Start}, e AS {CdcSql.End}" : "";
        string[] names = [.. batch.Layout.Columns.Select(static c => c.Name), .. batch.Layout.KeepsHistory ? (string[])[CdcSql.Start, CdcSql.End] : []];
        if (batch.Attempt is not { } changing)
        {
            var files = await Copy(target, $"SELECT {batch.Sql.Named("c")}{history} FROM {CdcBatch.Changes} AS c", names, cancel);
            return (target.Plan(context, step, key, attempt, files, replaces), new CdcCounts(files.Sum(static f => f.NumRecords ?? 0), 0, 0, late, remembered));
        }
        // What is written takes its columns by the table's own names.
        const string view = StepCatalog.OwnSchema + ".cdc_staged";
        batch.Run($"CREATE VIEW {view} AS SELECT {CdcTarget.Places(batch, "c")}, c.{ChangedRows.Change}, {batch.Sql.Named("c")}{history} FROM {CdcBatch.Changes} AS c");
        var fields = changing.Metadata.Schema.Fields.Where(f => names.Contains(f.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var written = await new RowRewriter(changing, new ChangedRows { Table = view, Places = CdcBatch.Changes, IsStaged = true, Alias = "smelt_target", Fields = fields }).RunAsync(cancel);
        return (Change(batch, target, written), new CdcCounts(written.Inserted, written.Updated, written.Deleted, late, remembered));
    }

    private TablePlan Change(CdcBatch batch, TargetTable target, RewrittenFiles written)
    {
        var plan = target.Plan(context, step, key, attempt, written.Adds, replaces: false);
        if (written.Adds.Count + written.Removes.Count == 0) return plan;
        var tags = new Dictionary<string, string>(plan.Tags);
        if (batch.Attempt!.TracksRows) tags["delta.rowTracking.preserved"] = "true";
        return plan with
        {
            Kind = PlanKind.Change,
            Removes = [.. written.Removes.Select(static f => RemoveFile.Of(f, 0) with { DeletionTimestamp = null })],
            ChangeFiles = written.ChangeFiles,
            // Rows of its keys that others add are not among those that it found.
            Reads = TableReads.Everything,
            Tags = tags,
            OperationMetrics = new Dictionary<string, string>
            {
                ["numTargetRowsInserted"] = Text(written.Inserted), ["numTargetRowsUpdated"] = Text(written.Updated), ["numTargetRowsDeleted"] = Text(written.Deleted), ["numTargetRowsCopied"] = Text(written.Copied),
            },
        };
    }

    /// <summary>The memory's plan; null where the batch has nothing to remember.</summary>
    /// <param name="target">What the memory is of: its columns widen where the target's do.</param>
    /// <param name="replaces">Whether the batch starts a new generation.</param>
    public async Task<TablePlan?> MemoryAsync(CdcBatch batch, TargetTable target, bool replaces, CancellationToken cancel)
    {
        var table = context.Layout.CdcMemory(key.FlowId);
        var before = replaces ? await table.TrySnapshotAsync(cancel) is { } there ? new PinnedTable(table, there) : null : batch.Memory.Before;
        var compacts = !replaces && batch.Memory.Before?.Snapshot.Files.Count >= CdcMemory.MostFiles;
        // Nobody else looks after the memory: what compactions left and no version of the retention needs goes with the next.
        if (compacts) _ = await table.VacuumAsync(new VacuumOptions { Protected = await OpenRecords.FilesAsync(context.Layout, cancel) }, cancel);
        var columns = batch.Memory.Columns();
        if (!batch.Layout.Remembers) batch.Run($"CREATE TABLE {CdcBatch.Remembered} AS SELECT * FROM {CdcMemory.Rows} WHERE false");
        if (!compacts && (!replaces || before is null) && !batch.Any(CdcBatch.Remembered) && !batch.Any(CdcMemory.NewMarks)) return null;
        var options = new TableOptions { Name = $"{LakeLayout.SystemSchema}.cdc.{step.Dataset.Name}", Comment = $"What AUTO CDC remembers for {step.Dataset.Name}" };
        var memory = CdcMemoryTable.Define(context, step, table, before, [.. columns.Select(static c => c.Spec)], options, (replaces || compacts) && before is not null, target);
        var names = columns.Select(static c => c.Spec.Name).ToList();
        // Rows and marks lie in files of their own, so that marks are read without the rows.
        var files = new List<AddFile>(await Copy(memory, compacts ? batch.Memory.CompactedRowsSql(batch) : batch.Memory.RowsSql(), names, cancel));
        files.AddRange(await Copy(memory, compacts ? batch.Memory.CompactedMarksSql(batch) : batch.Memory.MarksSql(batch), names, cancel));
        return memory.Plan(context, step, key, attempt, files, (replaces || compacts) && before is not null);
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
