using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.Engine;

/// <summary>A step's inputs bound in a catalog, and the query over them.</summary>
internal interface IStepBatch
{
    StepCatalog Catalog { get; }

    /// <summary>The query to run.</summary>
    string Sql { get; }

    /// <summary>How it was rewritten; null where it runs as written.</summary>
    RewrittenQuery? Rewritten { get; }

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

    IReadOnlyList<string> Notes { get; }
}
