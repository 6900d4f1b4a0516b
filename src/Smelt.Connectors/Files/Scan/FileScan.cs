using System.Collections.Concurrent;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>A bound batch of text files. Every mention of its view in a query opens a <see cref="FileScanRun"/> of its own over all files.</summary>
sealed class FileScan(ReadRequest request, SourceSchema schema, ScanProgress progress)
{
    /// <summary>The table function's name; its argument is the number that <see cref="Register"/> gave.</summary>
    public const string FunctionName = "smelt_read_files";

    static readonly ConcurrentDictionary<long, FileScan> Bound = new();
    static long lastNumber;

    public static TableFunction Function { get; } = new(FunctionName, [DuckDbType.BigInt], static arguments =>
        arguments[0] is long number && Bound.TryGetValue(number, out var scan) ? new FileScanRun(scan) : throw new InvalidOperationException("this file source was closed"));

    public ReadRequest Request { get; } = request;

    public ScanProgress Progress { get; } = progress;

    public ScanLayout Layout { get; } = new(schema, request.Options.Metadata);

    public static long Register(FileScan scan)
    {
        var number = Interlocked.Increment(ref lastNumber);
        Bound[number] = scan;
        return number;
    }

    public static void Unregister(long number) => Bound.TryRemove(number, out _);
}

/// <summary>One pass over a batch: each of DuckDB's threads takes the next file until none is left.</summary>
sealed class FileScanRun(FileScan scan) : ITableScan
{
    readonly Lock gate = new();
    int nextFile, openReaders;
    bool started;

    public IReadOnlyList<DuckDbColumn> Columns => scan.Layout.Columns;

    /// <summary>Asked once when DuckDB starts to execute the scan, which makes it the place where a pass begins: a plan that is executed again must see every file again,
    /// and two passes at once over one bind would share the files between them.</summary>
    public int MaxThreads
    {
        get
        {
            lock (gate)
            {
                if (started && openReaders > 0) throw new InvalidOperationException("a file source is read twice at once by one plan; read it into a table first");
                (started, nextFile) = (true, 0);
            }
            return Math.Clamp(scan.Request.Batch.Files.Count, 1, Environment.ProcessorCount);
        }
    }

    public long? EstimatedRows => Math.Max(1, scan.Request.Batch.Bytes / 100);

    public IChunkReader OpenReader(IReadOnlyList<int> projected)
    {
        var reader = new FileScanReader(scan, this, projected);
        lock (gate) openReaders++;
        return reader;
    }

    public SourceFile? Take()
    {
        lock (gate) return nextFile < scan.Request.Batch.Files.Count ? scan.Request.Batch.Files[nextFile++] : null;
    }

    public void Closed()
    {
        lock (gate) openReaders--;
    }
}

/// <summary>Fills chunks from one file after another.</summary>
sealed class FileScanReader(FileScan scan, FileScanRun run, IReadOnlyList<int> projected) : IChunkReader
{
    readonly RowSet rows = new(scan.Layout, projected);
    IRowReader? current;

    public void Read(DataChunk target)
    {
        try
        {
            rows.Clear();
            while (!rows.IsFull)
            {
                if (current is null && !OpenNext()) break;
                if (current!.Read(rows)) continue;
                current.Dispose();
                current = null;
            }
            scan.Progress.Add(rows.Count, rows.RescuedCount);
            rows.Flush(target, projected);
        }
        catch (FileSourceException e)
        {
            // DuckDB keeps only the message; the binding keeps the fault.
            scan.Progress.Fail(e);
            throw;
        }
    }

    bool OpenNext()
    {
        if (run.Take() is not { } file) return false;
        var request = scan.Request;
        var window = FileBytes.OpenText(file, request.FullPath(file), request.Options, scan.Progress, request.Cancel);
        try
        {
            rows.BeginFile(file.Path);
            current = request.Batch.Format == FileFormat.Csv ? new CsvRows(file, window, request.Options, rows) : new JsonRows(window, request.Options);
        }
        catch
        {
            window.Dispose();
            throw;
        }
        return true;
    }

    public void Dispose()
    {
        current?.Dispose();
        rows.Dispose();
        run.Closed();
    }
}
