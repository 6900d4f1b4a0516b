using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A step's inputs bound in a catalog, and the query over them. Disposed once its query is over: readers let go of the batch's files.</summary>
internal interface IStepBatch : IDisposable
{
    StepCatalog Catalog { get; }

    /// <summary>The query to run.</summary>
    string Sql { get; }

    /// <summary>How it was rewritten; null where it runs as written.</summary>
    RewrittenQuery? Rewritten { get; }

    /// <summary>What the query gives and how it is stored, where the batch knows; null: as it is described.</summary>
    OutputShape? Shape => null;

    /// <summary>Columns to store besides the query's.</summary>
    IReadOnlyList<StampedColumn> Stamps { get; }

    IReadOnlyList<TableInput> Tables { get; }

    IReadOnlyList<SourceInput> Sources { get; }

    /// <summary>The sources' columns for the next batch to know.</summary>
    IReadOnlyList<string> SourceColumns { get; }

    IReadOnlyList<FileBinding> Bindings { get; }

    /// <summary>Rows of the tables that it reads, as their logs tell.</summary>
    long TableRows { get; }

    /// <summary>Bytes of those tables' files.</summary>
    long TableBytes { get; }

    /// <summary>Rows read, as far as the inputs tell.</summary>
    long RowsIn { get; }

    /// <summary>Bytes of the batch's input.</summary>
    long BytesIn => TableBytes + Bindings.Sum(static b => b.BytesTotal);

    string BatchId { get; }

    /// <summary>SQL condition over the output columns that rows have to hold to be in the batch; null for all.</summary>
    string? Only => null;

    IReadOnlyList<string> Notes { get; }

    /// <summary>Where the batch's rows stand in its input, for who looks at a refused one: <c>bronze.orders, versions 3 to 5</c>. Null where nobody can tell.</summary>
    string? Offset => null;

    /// <summary>The rules as this batch holds them.</summary>
    IReadOnlyList<Rule> Judging(IReadOnlyList<Rule> rules) => rules;

    /// <summary>The quarantine's part of the batch; null where it has none.</summary>
    Task<StagedQuarantine?> QuarantineAsync(UpdateContext context, StepPreparation step, OutputShape shape, Judge? judge, bool replaces, QuarantineTable.Copy copy, CancellationToken cancel) =>
        QuarantineTable.StageAsync(context, step, this, shape, judge, replaces, copy, cancel);

    /// <summary>What the batch counts, from what was counted of its rows.</summary>
    BatchCounts Counting(BatchCounts counts) => counts;

    /// <summary>Binds a batch; one whose inputs cannot be bound is disposed.</summary>
    static async Task<T> BoundAsync<T>(T batch, Func<Task> bind)
        where T : IStepBatch
    {
        try
        {
            await bind();
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    void IDisposable.Dispose()
    {
        try
        {
            Catalog.Dispose();
        }
        finally
        {
            foreach (var binding in Bindings) binding.Dispose();
        }
    }
}
