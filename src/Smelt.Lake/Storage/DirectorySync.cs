using System.Collections.Concurrent;

namespace Smelt.Lake;

/// <summary>
/// fsync of directories, each as seldom as durability allows. Callers that wait for the same directory at once share one call, and a directory whose own entry was
/// made durable once in this process is not asked about again.
/// </summary>
internal sealed class DirectorySync(string root)
{
    private readonly ConcurrentDictionary<string, Ledger> _ledgers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);

    /// <summary>Calls of fsync made so far; for tests and measurement.</summary>
    internal long Calls;

    /// <summary>Remembers that a directory exists whose entry in its parent may not be durable.</summary>
    internal void Note(string directory)
    {
        if (directory == root || _durable.ContainsKey(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        var ledger = _ledgers.GetOrAdd(parent, static _ => new Ledger());
        lock (ledger.Noted)
            ledger.Noted.Add(directory);
        Note(parent);
    }

    /// <summary>Makes the entries of a directory durable, and the entries that lead to it from the root.</summary>
    internal void Sync(string directory)
    {
        Note(directory);
        SyncOne(directory);
        for (var d = directory; d != root && !_durable.ContainsKey(d); d = Path.GetDirectoryName(d)!)
            SyncOne(Path.GetDirectoryName(d)!);
    }

    private void SyncOne(string directory)
    {
        var ledger = _ledgers.GetOrAdd(directory, static _ => new Ledger());
        var ticket = Interlocked.Increment(ref ledger.Requested);
        lock (ledger)
        {
            // An fsync that began after this ticket was drawn covers it.
            if (ledger.Done >= ticket)
                return;
            var upTo = Interlocked.Read(ref ledger.Requested);
            string[] noted;
            lock (ledger.Noted)
                noted = [.. ledger.Noted];
            Fsync(directory);
            ledger.Done = upTo;
            foreach (var child in noted)
                _durable.TryAdd(child, true);
            lock (ledger.Noted)
                ledger.Noted.ExceptWith(noted);
        }
    }

    private void Fsync(string directory)
    {
        Interlocked.Increment(ref Calls);
        var error = PosixCalls.SyncPath(directory);
        // Some network and FUSE mounts have no fsync of directories; there the mount's own rules are all there is.
        if (error is not 0 and not PosixCalls.EINVAL)
            throw new StoreException("store-fsync", $"the folder '{directory}' could not be made durable (errno {error})", isTransient: true);
    }

    private sealed class Ledger
    {
        internal readonly HashSet<string> Noted = new(StringComparer.Ordinal);
        internal long Requested;
        internal long Done;
    }
}
