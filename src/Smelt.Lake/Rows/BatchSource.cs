using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Smelt.DuckDb;

namespace Smelt.Lake;

/// <summary>Batches of a caller as a table function of DuckDB: read once, as they come, a few ahead of the reader.</summary>
internal sealed class BatchSource : ITableScan, IChunkReader
{
    private static int _last;

    private readonly StructType _schema;
    private readonly Channel<RowBatch> _channel = Channel.CreateBounded<RowBatch>(new BoundedChannelOptions(4) { SingleReader = true, SingleWriter = true });
    private IReadOnlyList<int> _projected = [];
    private ExceptionDispatchInfo? _fault;
    private RowBatch? _batch;
    private int _row;

    private BatchSource(StructType schema) => _schema = schema;

    /// <summary>Makes the batches readable by a query; they begin to be taken at once.</summary>
    /// <param name="connection">Where the query will run.</param>
    /// <param name="schema">Of every batch.</param>
    /// <param name="batches">The rows.</param>
    /// <param name="cancel">Ends the taking.</param>
    internal static BatchSource Register(DuckDbConnection connection, StructType schema, IAsyncEnumerable<RowBatch> batches, CancellationToken cancel)
    {
        var source = new BatchSource(schema);
        var name = $"smelt_batches_{Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture)}";
        connection.Register(new TableFunction(name, [], _ => source));
        _ = source.PumpAsync(batches, cancel);
        source.Sql = $"SELECT * FROM {name}()";
        return source;
    }

    /// <summary>SQL of the rows, valid for one query.</summary>
    internal string Sql { get; private set; } = "";

    /// <summary>Throws what the caller's rows threw: it is the caller's, and no fault of the query that met it.</summary>
    internal void ThrowIfFailed() => _fault?.Throw();

    public IReadOnlyList<DuckDbColumn> Columns => [.. _schema.Fields.Select(f => new DuckDbColumn(f.Name, ChunkWriting.TypeOf(f.Type)))];

    public int MaxThreads => 1;

    public long? EstimatedRows => null;

    public IChunkReader OpenReader(IReadOnlyList<int> projected)
    {
        _projected = projected;
        return this;
    }

    public void Read(DataChunk target)
    {
        while (_batch is null || _row >= _batch.RowCount)
        {
            // The query runs on threads of its own, which may wait; the channel ends or fails with the caller's batches.
            if (!_channel.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                target.RowCount = 0;
                return;
            }
            if (_channel.Reader.TryRead(out _batch))
                _row = 0;
        }
        var count = Math.Min(DataChunk.Capacity, _batch.RowCount - _row);
        for (var i = 0; i < _projected.Count; i++)
            ChunkWriting.Write(_batch.Columns[_projected[i]], _row, count, target[i]);
        _row += count;
        target.RowCount = count;
    }

    public void Dispose()
    {
    }

    private async Task PumpAsync(IAsyncEnumerable<RowBatch> batches, CancellationToken cancel)
    {
        try
        {
            await foreach (var batch in batches.WithCancellation(cancel))
            {
                if (!ColumnRules.SameShape(batch.Schema, _schema))
                    throw new ArgumentException($"a batch is {batch.Schema}, and the first was {_schema}");
                await _channel.Writer.WriteAsync(batch, cancel);
            }
            _channel.Writer.Complete();
        }
        catch (Exception e)
        {
            // Told to the query that reads, which fails with it.
            _fault = ExceptionDispatchInfo.Capture(e);
            _channel.Writer.Complete(e);
        }
    }
}
