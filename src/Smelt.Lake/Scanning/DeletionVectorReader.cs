using System.Buffers.Binary;

namespace Smelt.Lake;

/// <summary>Reads deletion vectors: inline, beside the table's files, or at an absolute path (PROTOCOL.md, "Deletion Vectors").</summary>
internal static class DeletionVectorReader
{
    private const byte Format = 1;

    /// <summary>Numbers of the deleted rows, ascending, from 0.</summary>
    /// <exception cref="DeltaLogException">The vector is not there, or not what its descriptor says.</exception>
    internal static async ValueTask<long[]> ReadAsync(DeltaTable table, DeletionVector vector, CancellationToken cancel)
    {
        try
        {
            var bytes = vector.StorageType == "i" ? Z85.Decode(vector.PathOrInline, vector.SizeInBytes) : await FromFileAsync(table, vector, cancel);
            var rows = RowBitmap.Read(bytes);
            return rows.Length == vector.Cardinality ? rows
                : throw new FormatException($"it holds {rows.Length} rows, and its descriptor says {vector.Cardinality}");
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException or StoreException)
        {
            throw new DeltaLogException(DeltaLogFault.Corrupt, table.Folder, $"the deletion vector '{vector.UniqueId}' cannot be read: {e.Message}", inner: e);
        }
    }

    private static async ValueTask<byte[]> FromFileAsync(DeltaTable table, DeletionVector vector, CancellationToken cancel)
    {
        var (store, key) = Place(table, vector);
        var offset = vector.Offset ?? 1;
        // The file's first byte is its format; then each vector has its size before and its checksum behind.
        var framed = await store.ReadRangeAsync(key, offset, vector.SizeInBytes + 8, cancel);
        var head = await store.ReadRangeAsync(key, 0, 1, cancel);
        if (head.Length != 1 || head[0] != Format)
            throw new FormatException("its file is not of format 1");
        if (framed.Length != vector.SizeInBytes + 8 || BinaryPrimitives.ReadInt32BigEndian(framed) != vector.SizeInBytes)
            throw new FormatException("its size is not as its descriptor says");
        var data = framed.AsSpan(4, vector.SizeInBytes);
        if (Crc32.Of(data) != BinaryPrimitives.ReadUInt32BigEndian(framed.AsSpan(4 + vector.SizeInBytes)))
            throw new FormatException("its checksum does not match");
        return data.ToArray();
    }

    /// <summary>Key of a vector's file in the table's store; an absolute path where it is elsewhere.</summary>
    internal static string KeyOf(DeltaTable table, DeletionVector vector) => vector.StorageType == "u" ? Named(table.Folder, vector) : VacuumNeeds.KeyOf(table, FilePath.Decode(vector.PathOrInline));

    /// <summary>Key of the file of a vector that lies beside its table's data (storage type u).</summary>
    internal static string Named(string folder, DeletionVector vector)
    {
        var text = vector.PathOrInline;
        if (text.Length < 20)
            throw new FormatException("its name is too short");
        var id = new Guid(Z85.Decode(text[^20..], 16), bigEndian: true);
        var prefix = text.Length > 20 ? text[..^20] + "/" : "";
        return FilePath.Key(folder, $"{prefix}deletion_vector_{id}.bin");
    }

    private static (IObjectStore Store, string Key) Place(DeltaTable table, DeletionVector vector)
    {
        if (vector.StorageType == "u")
            return (table.Lake.Store, Named(table.Folder, vector));
        if (vector.StorageType != "p")
            throw new FormatException($"'{vector.StorageType}' is no storage type");
        var path = FilePath.Decode(vector.PathOrInline);
        return Path.IsPathRooted(path) ? (new LocalObjectStore(Path.GetDirectoryName(path)!), Path.GetFileName(path)) : (table.Lake.Store, FilePath.Key(table.Folder, path));
    }
}
