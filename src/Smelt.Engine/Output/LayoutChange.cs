using System.Globalization;
using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>
/// A streaming table whose file asks for another PARTITIONED BY or CLUSTER BY than its table has: one commit before the batch, announced by the plan. A materialized view
/// needs none, as it is written anew.
/// </summary>
internal sealed record LayoutChange(IReadOnlyList<string>? PartitionBy, IReadOnlyList<string>? ClusterBy, string Note)
{
    /// <summary>What is to be changed; null where the table is as asked.</summary>
    public static LayoutChange? Of(StepPreparation step)
    {
        if (step.Target is null || step.Dataset.Kind != DatasetKind.StreamingTable || step.Mode == RefreshMode.Full) return null;
        var (dataset, snapshot) = (step.Dataset, step.Target.Snapshot);
        var partitions = Same(dataset.PartitionedBy, snapshot.Metadata.PartitionColumns) ? null : dataset.PartitionedBy;
        var clusters = dataset.Clustering.Auto || Same(dataset.Clustering.Columns, snapshot.ClusteringColumns) ? null : dataset.Clustering.Columns;
        if (partitions is null && clusters is null) return null;
        var notes = new List<string>();
        if (partitions is not null)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"PARTITIONED BY changes from ({string.Join(", ", snapshot.Metadata.PartitionColumns)}) to ({string.Join(", ", partitions)}): {snapshot.Files.Count} files of {snapshot.SizeInBytes} bytes are written again, in one commit"));
        if (clusters is not null)
            notes.Add($"CLUSTER BY changes from ({string.Join(", ", snapshot.ClusteringColumns)}) to ({string.Join(", ", clusters)}): one commit, no file is written; OPTIMIZE lays the rows anew");
        return new LayoutChange(partitions, clusters, string.Join("; ", notes));
    }

    /// <exception cref="EngineException">The table cannot be laid so.</exception>
    public async Task ApplyAsync(DeltaTable table, CancellationToken cancel)
    {
        // A table is partitioned or clustered, never both: what ends goes first.
        if (ClusterBy is { Count: 0 }) await ClusterAsync(table, ClusterBy, cancel);
        if (PartitionBy is not null) Check(await table.RepartitionAsync(PartitionBy, cancel));
        if (ClusterBy is { Count: > 0 }) await ClusterAsync(table, ClusterBy, cancel);
    }

    private static async Task ClusterAsync(DeltaTable table, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        switch (await table.AlterAsync(new TableChange.ClusterBy(columns), cancel))
        {
            case AlterResult.Refused refused:
                throw new EngineException(EngineCodes.SchemaRefused, string.Join(" ", refused.Problems.Select(static p => p.Message)));
            case AlterResult.Conflicted conflicted:
                throw new EngineException(EngineCodes.TooManyConflicts, conflicted.Conflict.Reason, isTransient: true);
        }
    }

    private static void Check(MaintenanceResult result)
    {
        switch (result)
        {
            case MaintenanceResult.Refused refused:
                throw new EngineException(EngineCodes.SchemaRefused, refused.Message);
            case MaintenanceResult.Conflicted conflicted:
                throw new EngineException(EngineCodes.TooManyConflicts, conflicted.Conflict.Reason, isTransient: true);
        }
    }

    private static bool Same(IReadOnlyList<string> wanted, IReadOnlyList<string> has) => wanted.SequenceEqual(has, StringComparer.OrdinalIgnoreCase);
}
