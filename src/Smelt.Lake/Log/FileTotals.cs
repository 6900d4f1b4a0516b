using System.Buffers;
using System.Text.Json;

namespace Smelt.Lake;

/// <summary>What the files of a snapshot come to, added up from the log's JSON without making an object of each.</summary>
/// <param name="Bytes">Of the data files.</param>
/// <param name="Rows">Live rows by the statistics; null where a file has none.</param>
/// <param name="Vectors">Deletion vectors.</param>
/// <param name="DeletedRows">Rows that these delete.</param>
internal readonly record struct FileTotals(long Bytes, long? Rows, int Vectors, long DeletedRows)
{
    /// <exception cref="DeltaLogException">A file's action cannot be read.</exception>
    internal static FileTotals Of(FileMap files, string table)
    {
        var totals = new FileTotals(0, 0, 0, 0);
        var scratch = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            foreach (var slice in files.Slices)
                totals = totals.With(slice.Json, ref scratch);
            return totals;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table, $"an action on a file cannot be read: {e.Message}", inner: e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private FileTotals With(ReadOnlySpan<byte> json, ref byte[] scratch)
    {
        var reader = new Utf8JsonReader(json);
        var (size, rows, vector) = (0L, (long?)null, (DeletionVector?)null);
        reader.Read();
        while (ActionReader.Next(ref reader))
        {
            if (ActionReader.Is(ref reader, "size"u8)) size = ActionReader.Long(ref reader) ?? 0;
            else if (ActionReader.Is(ref reader, "deletionVector"u8)) vector = ActionReader.ReadVector(ref reader);
            else if (ActionReader.Is(ref reader, "stats"u8)) rows = RowsOf(ref reader, ref scratch);
            else ActionReader.SkipValue(ref reader);
        }
        return new FileTotals(Bytes + size, Rows + rows - (vector?.Cardinality ?? 0), Vectors + (vector is null ? 0 : 1), DeletedRows + (vector?.Cardinality ?? 0));
    }

    private static long? RowsOf(ref Utf8JsonReader reader, ref byte[] scratch)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }
        if (scratch.Length < reader.ValueSpan.Length)
        {
            ArrayPool<byte>.Shared.Return(scratch);
            scratch = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        }
        return StatsText.NumRecords(scratch.AsSpan(0, reader.CopyString(scratch)));
    }
}
