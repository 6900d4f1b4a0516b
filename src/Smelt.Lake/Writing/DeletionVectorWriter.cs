using System.Buffers;
using System.Buffers.Binary;

namespace Smelt.Lake;

/// <summary>
/// Writes deletion vectors, several a file (PROTOCOL.md, "Deletion Vector File Storage Format"): <c>deletion_vector_&lt;uuid&gt;.bin</c> beside the data files. Never inline: a log
/// line stays small. What <see cref="CloseAsync"/> has put is durable.
/// </summary>
internal sealed class DeletionVectorWriter(DeltaTable table)
{
    private const byte Format = 1;

    /// <summary>A file is ended when it holds that much; readers fetch a vector by its range, so this is about the number of files only.</summary>
    private const int FileBytes = 2 << 20;

    private readonly ArrayBufferWriter<byte> _file = new();
    private readonly List<string> _keys = [];
    private Guid _id;

    /// <summary>Keys of the files put so far: to take away again where no commit names them.</summary>
    internal IReadOnlyList<string> Keys => _keys;

    /// <summary>Adds a vector.</summary>
    /// <param name="rows">All of its rows; not empty.</param>
    /// <param name="cancel">Ends the writing.</param>
    internal async ValueTask<DeletionVector> AddAsync(RowBitmapWriter rows, CancellationToken cancel)
    {
        var cardinality = rows.Cardinality;
        var data = rows.ToBytes();
        if (_file.WrittenCount > 0 && _file.WrittenCount + data.Length > FileBytes)
            await CloseAsync(cancel);
        if (_file.WrittenCount == 0)
        {
            _id = Guid.NewGuid();
            _file.Write([Format]);
        }
        var offset = _file.WrittenCount;
        Frame(data);
        return new DeletionVector("u", Z85.Encode(_id.ToByteArray(bigEndian: true)), offset, data.Length, cardinality);
    }

    /// <summary>Puts what was added since the last file.</summary>
    internal async ValueTask CloseAsync(CancellationToken cancel)
    {
        if (_file.WrittenCount == 0)
            return;
        var key = FilePath.Key(table.Folder, $"deletion_vector_{_id}.bin");
        _keys.Add(key);
        if (!await table.Lake.Store.PutIfAbsentAsync(key, _file.WrittenMemory, cancel))
            throw new StoreException("store-taken", $"'{key}' is there already, though its name is new");
        _file.ResetWrittenCount();
    }

    /// <summary>Size before and checksum behind, both big-endian.</summary>
    private void Frame(byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        _file.Write(number);
        _file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(data));
        _file.Write(number);
    }
}
