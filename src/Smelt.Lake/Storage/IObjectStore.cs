namespace Smelt.Lake;

/// <summary>
/// Bytes under keys. A key is a relative path with forward slashes and no leading slash, e.g. <c>silver/orders/_delta_log/00000000000000000000.json</c>;
/// the empty key is the store's root. What the protocol asks of a store (atomic visibility, mutual exclusion, consistent listing) every implementation must give.
/// </summary>
public interface IObjectStore
{
    /// <summary>The place DuckDB opens for a key: an absolute path on disk, or a URL.</summary>
    string Locate(string key);

    /// <summary>The whole object, or null where there is none.</summary>
    /// <exception cref="StoreException">The object is there and cannot be read.</exception>
    ValueTask<byte[]?> TryReadAsync(string key, CancellationToken cancel = default);

    /// <summary>Bytes <paramref name="offset"/> up to <paramref name="offset"/> + <paramref name="length"/> of an object; shorter only where the object ends before.</summary>
    /// <exception cref="StoreException">There is no such object, or it cannot be read.</exception>
    ValueTask<byte[]> ReadRangeAsync(string key, long offset, int length, CancellationToken cancel = default);

    /// <summary>
    /// The objects whose key starts with <paramref name="folder"/> + "/", ordered by key (ordinal), without those in deeper folders unless <paramref name="recursive"/>;
    /// empty where the folder is not there. With <paramref name="after"/>, only keys greater than it.
    /// </summary>
    ValueTask<IReadOnlyList<ObjectInfo>> ListAsync(string folder, string? after = null, bool recursive = false, CancellationToken cancel = default);

    /// <summary>Size and time of an object, or null where there is none.</summary>
    ValueTask<ObjectInfo?> StatAsync(string key, CancellationToken cancel = default);

    /// <summary>
    /// Puts an object whole, durably, and only if none is under the key: of any number of racing writers exactly one gets true. Readers see nothing or all of it.
    /// </summary>
    /// <returns>False where another object holds the key already.</returns>
    ValueTask<bool> PutIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default);

    /// <summary>
    /// As <see cref="PutIfAbsentAsync"/>, for what may be lost or empty after a power cut (hints, checksums), and therefore need not be waited for.
    /// </summary>
    ValueTask<bool> PutHintIfAbsentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default) => PutIfAbsentAsync(key, content, cancel);

    /// <summary>Puts an object whole, durably, over whatever was there. Readers see the old or the new one.</summary>
    ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancel = default);

    /// <summary>
    /// Removes what writers that were killed left below a folder and no listing shows (temporary files), where it is older than a time (milliseconds since 1970 UTC). A store
    /// that leaves nothing has nothing to do.
    /// </summary>
    /// <returns>How many files went.</returns>
    ValueTask<int> SweepAsync(string folder, long olderThanMs, CancellationToken cancel = default) => ValueTask.FromResult(0);

    /// <summary>Removes an object; no fault where there is none.</summary>
    ValueTask DeleteAsync(string key, CancellationToken cancel = default);

    /// <summary>Makes sure a writer that is not the store (DuckDB's COPY) can write into a folder. A no-op where a store has no folders.</summary>
    ValueTask EnsureFolderAsync(string folder, CancellationToken cancel = default);

    /// <summary>
    /// Makes objects that another writer left (DuckDB's COPY) survive a power cut, with the folders that hold them up to the root: when it returns, a commit may name them.
    /// </summary>
    /// <exception cref="StoreException">One of the objects is not there.</exception>
    ValueTask MakeDurableAsync(IReadOnlyList<string> keys, CancellationToken cancel = default);
}

/// <summary>An object of a store.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedMs">Milliseconds since 1970 UTC of its last change.</param>
public readonly record struct ObjectInfo(string Key, long Size, long ModifiedMs);
