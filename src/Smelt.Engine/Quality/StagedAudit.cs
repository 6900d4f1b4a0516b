using Smelt.Lake;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>Looks at the rows that a dataset would hold.</summary>
/// <param name="staged">They, readable as the table's rows are.</param>
/// <returns>What is wrong; null where they may be published.</returns>
public delegate Task<string?> StagedAudit(Dataset dataset, TableScan staged, CancellationToken cancel);

/// <summary>Audit, then publish: a materialized view's tests are held on its staged files, before any record names them.</summary>
internal static class StagedRows
{
    /// <param name="files">The files written.</param>
    /// <param name="changed">Set where they only change the table's rows.</param>
    /// <returns>What is wrong; null where the rows may be published.</returns>
    public static Task<string?> AuditAsync(UpdateContext context, StepPreparation step, TargetTable target, IReadOnlyList<AddFile> files, RewrittenFiles? changed, CancellationToken cancel)
    {
        if (context.Audit is not { } audit || step.Dataset.Kind != DatasetKind.MaterializedView) return Task.FromResult<string?>(null);
        var gone = changed?.Removes.Select(static r => r.Path).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<AddFile> all = gone is null ? files : [.. step.Target!.Snapshot.Files.Where(f => !gone.Contains(f.Path)), .. files];
        return audit(step.Dataset, new ScanBuilder(target.Table, target.Definition.Metadata).Build(all), cancel);
    }
}
