namespace Smelt.Engine;

/// <summary>Live figures of a running step; read by others while it runs. They never go back.</summary>
public sealed class StepProgress
{
    private long _rows, _bytes;

    internal Func<long> RowsOf { get; set; } = static () => 0;

    internal Func<long> BytesOf { get; set; } = static () => 0;

    internal Func<double> PercentOf { get; set; } = static () => -1;

    public long Rows => Furthest(ref _rows, RowsOf());

    public long Bytes => Furthest(ref _bytes, BytesOf());

    /// <summary>0 to 100, or -1 where nobody knows.</summary>
    public double Percent => PercentOf();

    private static long Furthest(ref long reached, long now)
    {
        for (var before = Interlocked.Read(ref reached); ; before = Interlocked.Read(ref reached))
        {
            if (now <= before) return before;
            if (Interlocked.CompareExchange(ref reached, now, before) == before) return now;
        }
    }
}

/// <summary>What a batch's figures are taken from while its query runs.</summary>
internal static class LiveFigures
{
    public static void Give(StepProgress progress, IStepBatch batch)
    {
        progress.PercentOf = () => batch.Catalog.Connection.Progress.Percentage;
        progress.RowsOf = () => TableRows(batch) + batch.Bindings.Sum(static b => b.RowsRead);
        progress.BytesOf = () => TableBytes(batch) + batch.Bindings.Sum(static b => b.BytesRead);
    }

    /// <summary>DuckDB reads tables itself and counts the rows of every pipeline: those of its scans come first, and what later ones pass on is no input.</summary>
    private static long TableRows(IStepBatch batch) => batch.TableRows == 0 ? 0 : (long)Math.Min((ulong)batch.TableRows, batch.Catalog.Connection.Progress.RowsProcessed);

    private static long TableBytes(IStepBatch batch) => batch.TableRows == 0 ? 0 : (long)(batch.TableBytes * (double)TableRows(batch) / batch.TableRows);
}
