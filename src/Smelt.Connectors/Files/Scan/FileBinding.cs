using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>A batch bound as a view. Live figures while a query runs over it; disposing drops the view's hold on the files (the view itself goes with its catalog).</summary>
public sealed class FileBinding : IDisposable
{
    readonly ScanProgress progress;
    readonly Action release;

    internal FileBinding(ScanProgress progress, Action release) => (this.progress, this.release) = (progress, release);

    /// <summary>Rows given to DuckDB so far (0 for Parquet, which DuckDB reads itself).</summary>
    public long RowsRead => progress.Rows;

    /// <summary>Stored bytes read so far (0 for Parquet).</summary>
    public long BytesRead => progress.Bytes;

    /// <summary>Stored bytes of the batch.</summary>
    public long BytesTotal => progress.Total;

    /// <summary>Rows so far with something in the rescued data: broken lines and values that did not fit.</summary>
    public long RowsRescued => progress.Rescued;

    /// <summary>The file's fault that ended a query over the view, null where none did.</summary>
    public FileSourceException? Fault => progress.Fault;

    internal static FileBinding Create(ReadRequest request, SourceSchema schema, IReadOnlyList<string> viewName)
    {
        var progress = new ScanProgress(request.Batch.Bytes);
        var view = $"CREATE OR REPLACE VIEW {SqlText.Identifier([.. viewName])} AS ";
        if (request.Batch.Format == FileFormat.Parquet)
        {
            request.Connection.Execute(view + ParquetSource.Select(request, schema));
            return new(progress, static () => { });
        }
        var scan = new FileScan(request, schema, progress);
        // A type that text cannot give is refused here, by its column, and not in the midst of a query.
        new RowSet(scan.Layout, []).Dispose();
        var number = FileScan.Register(scan);
        try { CreateView(request.Connection, view + $"SELECT * FROM system.main.{FileScan.FunctionName}({number})"); }
        catch
        {
            FileScan.Unregister(number);
            throw;
        }
        return new(progress, () => FileScan.Unregister(number));
    }

    /// <summary>The function belongs to the DuckDB instance; whoever misses it first brings it along. (Looking it up in the catalog costs more than the view itself.)</summary>
    static void CreateView(DuckDbConnection connection, string sql)
    {
        try
        {
            connection.Execute(sql);
            return;
        }
        catch (DuckDbException e) when (e.Kind == DuckDbErrorKind.Catalog && e.Message.Contains(FileScan.FunctionName, StringComparison.Ordinal)) { }
        lock (FileScan.Function)
        {
            if (connection.Scalar("SELECT 1 FROM duckdb_functions() WHERE function_name = $1 LIMIT 1", FileScan.FunctionName) is null) connection.Register(FileScan.Function);
        }
        connection.Execute(sql);
    }

    public void Dispose() => release();
}

/// <summary>Counters that readers of several threads add to.</summary>
sealed class ScanProgress(long total)
{
    long rows, bytes, rescued;
    FileSourceException? fault;

    public long Total { get; } = total;

    public long Rows => Interlocked.Read(ref rows);

    public long Bytes => Interlocked.Read(ref bytes);

    public long Rescued => Interlocked.Read(ref rescued);

    public FileSourceException? Fault => Volatile.Read(ref fault);

    public void Add(long newRows, long newRescued)
    {
        Interlocked.Add(ref rows, newRows);
        if (newRescued > 0) Interlocked.Add(ref rescued, newRescued);
    }

    public void AddBytes(long count) => Interlocked.Add(ref bytes, count);

    public void Fail(FileSourceException e) => Interlocked.CompareExchange(ref fault, e, null);
}
