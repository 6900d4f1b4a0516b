using Smelt.DuckDb;

namespace Smelt.Lake;

/// <content>Loading deletion vectors.</content>
public sealed partial record TableScan
{
    internal DeltaTable Table { get; init; } = null!;

    internal async partial ValueTask PrepareAsync(DuckDbConnection connection, CancellationToken cancel)
    {
        LegacyCalendar.Check(connection, Table, Metadata, Suspects);
        if (Vectors.Count == 0)
            return;
        connection.Execute($"CREATE TEMP TABLE {VectorTable} (file BIGINT, \"row\" BIGINT)");
        using var appender = connection.Appender("temp", "main", VectorTable);
        using var chunk = DataChunk.Create([DuckDbType.BigInt, DuckDbType.BigInt]);
        foreach (var vector in Vectors)
        {
            var rows = await RowsAsync(vector.Vector, cancel);
            if (vector.But is not null)
                rows = [.. rows.Except(await RowsAsync(vector.But, cancel))];
            for (var at = 0; at < rows.Length; at += DataChunk.Capacity)
                Append(appender, chunk, vector.FileNumber, rows.AsSpan(at, Math.Min(DataChunk.Capacity, rows.Length - at)));
        }
    }

    private async ValueTask<long[]> RowsAsync(DeletionVector? vector, CancellationToken cancel) =>
        vector is { Cardinality: > 0 } ? await DeletionVectorReader.ReadAsync(Table, vector, cancel) : [];

    private static void Append(DuckDbAppender appender, DataChunk chunk, int file, ReadOnlySpan<long> rows)
    {
        chunk.Reset();
        chunk[0].Values<long>()[..rows.Length].Fill(file);
        rows.CopyTo(chunk[1].Values<long>());
        chunk.RowCount = rows.Length;
        appender.AppendChunk(chunk);
    }
}
