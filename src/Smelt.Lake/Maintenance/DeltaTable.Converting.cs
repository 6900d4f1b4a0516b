using System.Globalization;

namespace Smelt.Lake;

/// <content>CONVERT TO DELTA.</content>
public sealed partial class DeltaTable
{
    /// <summary>Makes the Parquet files below this folder a table, where they are. A folder that is a table already stays as it is.</summary>
    /// <param name="partitions">Partition columns with their types, in the order of the folders (<c>name=value</c>).</param>
    /// <param name="statistics">Whether the files are read for the bounds of their columns; else only their rows are counted.</param>
    /// <param name="cancel">Ends the work.</param>
    public async ValueTask<MaintenanceResult> ConvertAsync(IReadOnlyList<ColumnSpec>? partitions = null, bool statistics = true, CancellationToken cancel = default)
    {
        if (await TrySnapshotAsync(cancel) is { } there)
            return new MaintenanceResult.Nothing(there);
        using var connection = Lake.Connect();
        try
        {
            var folder = await ParquetFolder.OpenAsync(this, connection, partitions ?? [], cancel);
            var (columns, problems) = folder.Columns();
            if (problems.Count > 0)
                return new MaintenanceResult.Refused(string.Join(" ", problems.Select(p => p.Message)));
            if (TableDefinition.Create(columns, new TableOptions { PartitionBy = [.. (partitions ?? []).Select(p => p.Name)] }, Lake.Clock) is not DefinitionResult.Defined defined)
                return new MaintenanceResult.Refused("the files' columns cannot be a table's: names differ by case only, or a partition column has a type that has no text");
            var adds = folder.Adds(defined.Definition, statistics);
            await Lake.Store.EnsureFolderAsync(LogFile.Folder(Folder), cancel);
            var metrics = new Dictionary<string, long> { ["numConvertedFiles"] = adds.Count };
            var result = await CommitAsync(ConvertPlan(defined, adds, partitions ?? [], statistics, metrics), null, cancel);
            return result is CommitResult.Committed done ? new MaintenanceResult.Done(done.Snapshot, metrics) : new MaintenanceResult.Conflicted((CommitResult.Conflict)result);
        }
        catch (DmlRefusedException refused)
        {
            return new MaintenanceResult.Refused(refused.Message);
        }
        catch (Smelt.DuckDb.DuckDbException error) when (!error.IsTransient)
        {
            return new MaintenanceResult.Refused($"a file cannot be read as Parquet, or the files do not fit together: {error.Message}");
        }
    }

    private TablePlan ConvertPlan(DefinitionResult.Defined defined, List<AddFile> adds, IReadOnlyList<ColumnSpec> partitions, bool statistics, Dictionary<string, long> metrics) => new()
    {
        Folder = Folder,
        Kind = PlanKind.Create,
        TableId = defined.Definition.Metadata.Id,
        Protocol = defined.Definition.Protocol,
        Metadata = defined.Definition.Metadata,
        Adds = adds,
        Operation = "CONVERT",
        OperationParameters = new Dictionary<string, string>
        {
            ["numFiles"] = Text(adds.Count),
            ["partitionedBy"] = $"[{string.Join(',', partitions.Select(p => Json(p.Name)))}]",
            ["collectStats"] = statistics ? "true" : "false",
            ["sourceFormat"] = "parquet",
        },
        OperationMetrics = metrics.ToDictionary(m => m.Key, m => m.Value.ToString(CultureInfo.InvariantCulture)),
        Attempt = Guid.NewGuid().ToString("N"),
    };
}
