using System.Collections.Concurrent;
using Smelt.DuckDb;

namespace Smelt.Connectors;

/// <summary>One batch as DuckDB scans it: each thread takes the next file until none is left.</summary>
sealed class FileScan(ReadRequest request, SourceSchema schema, ScanProgress progress) : ITableScan
{
    /// <summary>The table function's name; its argument is a number that <see cref="Open"/> gave.</summary>
    public const string FunctionName = "smelt_read_files";

    static readonly ConcurrentDictionary<long, FileScan> Open = new();
    static long lastNumber;

    readonly ScanLayout layout = new(schema, request.Options.Metadata);

    public static TableFunction Function { get; } = new(FunctionName, [DuckDbType.BigInt], static arguments =>
        arguments[0] is long number && Open.TryGetValue(number, out var scan) ? scan : throw new InvalidOperationException("this source is no longer open"));

    public IReadOnlyList<DuckDbColumn> Columns => layout.Columns;

    public int MaxThreads => Math.Clamp(request.Batch.Files.Count, 1, Environment.ProcessorCount);

    public long? EstimatedRows => Math.Max(1, request.Batch.Bytes / 100);

    public static long Register(FileScan scan)
    {
        var number = Interlocked.Increment(ref lastNumber);
        Open[number] = scan;
        return number;
    }

    public static void Unregister(long number) => Open.TryRemove(number, out _);

    /// <summary>DuckDB may run a view's scan several times in one query, so each run starts with all files; its readers share them.</summary>
    public IChunkReader OpenReader(IReadOnlyList<int> projected) => new Reader(this, projected);

    sealed class Reader(FileScan scan, IReadOnlyList<int> projected) : IChunkReader
    {
        public void Read(DataChunk target) => throw new NotImplementedException($"{scan}{projected}");

        public void Dispose() { }
    }
}
