using Smelt.DuckDb;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>What all steps of one update share.</summary>
public sealed class UpdateContext
{
    public required Pipeline Pipeline { get; init; }

    public required UpdateTables Tables { get; init; }

    /// <summary>The process's DuckDB, opened when first needed.</summary>
    public required Func<DuckDbDatabase> Database { get; init; }

    public required string UpdateId { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Called at every named point of a step, for tests that stop or kill the process there.</summary>
    public Action<string> Probe { get; init; } = static _ => { };

    /// <summary>Asked about a materialized view's rows before they are published: what is wrong with them, or null. Null: nobody asks.</summary>
    public StagedAudit? Audit { get; set; }

    public LakeLayout Layout => Tables.Layout;

    internal long NowMicros => Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    /// <summary>After a conflict a step's table and its quarantine are looked at afresh; its inputs stay as this update saw them.</summary>
    internal async Task RepinAsync(Dataset dataset, CancellationToken cancel)
    {
        foreach (var name in (DatasetName[])[dataset.Name, Pipeline.Project.QuarantineOf(dataset.Name)])
        {
            var table = Layout.Table(name);
            if (await table.TrySnapshotAsync(cancel) is { } snapshot) Tables.Publish(name, table, snapshot);
        }
    }
}

/// <summary>How a dataset is to be updated.</summary>
public enum RefreshMode
{
    /// <summary>What is new; nothing where nothing is.</summary>
    Incremental,

    /// <summary>Recompute or read on even where nothing is known to have changed.</summary>
    Forced,

    /// <summary>From the beginning, replacing the table in one commit.</summary>
    Full,
}

/// <summary>How a step ended.</summary>
public abstract record FlowResult
{
    private FlowResult()
    {
    }

    /// <summary>What each flow did, where the dataset has several; in the order in which they ran.</summary>
    public IReadOnlyList<FlowOutcome> Flows { get; init; } = [];

    /// <summary>The target is at <paramref name="Version"/>.</summary>
    public sealed record Completed(long Version, BatchCounts Counts, IReadOnlyList<string> Notes, IReadOnlyList<RuleSample> Samples) : FlowResult
    {
        /// <summary>The batches that were committed, with the files they read; those that read tables only have none.</summary>
        public IReadOnlyList<BatchFiles> Batches { get; init; } = [];

        /// <summary>This batch and the one before it in the same update, as one result.</summary>
        public Completed After(Completed? before) => before is null ? this
            : new Completed(Version, before.Counts.Plus(Counts), [.. before.Notes, .. Notes], [.. Samples, .. before.Samples.Where(b => Samples.All(s => s.Rule != b.Rule))])
            {
                Batches = [.. before.Batches, .. Batches],
            };
    }

    public sealed record Skipped(string Reason) : FlowResult
    {
        /// <summary>Things worth telling although nothing ran: files that changed after they were read.</summary>
        public IReadOnlyList<string> Notes { get; init; } = [];
    }

    public sealed record Failed(string Code, string Message, bool IsTransient, BatchCounts? Counts, IReadOnlyList<RuleSample> Samples) : FlowResult
    {
        /// <inheritdoc cref="EngineException.Row"/>
        public string? Row { get; init; }

        /// <summary>What a person is told who looks at the update.</summary>
        public string Told => Row is null ? Message : $"{Message} {Row}";
    }
}

/// <summary>How one of a dataset's flows ended within a step.</summary>
public sealed record FlowOutcome(Flow Flow, FlowResult Result, TimeSpan Elapsed);

/// <summary>What a batch read from a source of files.</summary>
/// <param name="Record">The state record that lists them: its path within the lake.</param>
/// <param name="BatchId"><c>_batch_id</c> of its rows; null where the dataset is no streaming table.</param>
/// <param name="Source">As the query names it.</param>
public sealed record BatchFiles(BatchKey Key, string Record, string? BatchId, string Source, IReadOnlyList<Smelt.Connectors.SourceFile> Files);

/// <summary>The first rows that broke a rule, as JSON objects.</summary>
public sealed record RuleSample(string Rule, IReadOnlyList<string> Rows);
