using System.Collections.Immutable;

namespace Smelt.Lake;

/// <summary>
/// Files by what identifies them; never changed. A version that follows shares its predecessor's base and has its own changes beside it, so that a commit on a table of
/// 300,000 files costs as much as it has actions.
/// </summary>
internal sealed class FileMap
{
    // A change without a page says that the file is gone.
    private readonly Dictionary<FileId, FileSlice> _base;
    private readonly ImmutableDictionary<FileId, FileSlice> _changes;

    private FileMap(Dictionary<FileId, FileSlice> files, ImmutableDictionary<FileId, FileSlice> changes, int count) =>
        (_base, _changes, Count) = (files, changes, count);

    internal int Count { get; }

    /// <summary>Every file's action, in no order.</summary>
    internal IEnumerable<FileSlice> Slices
    {
        get
        {
            foreach (var (id, slice) in _base)
                if (_changes.IsEmpty || !_changes.ContainsKey(id))
                    yield return slice;
            foreach (var (_, slice) in _changes)
                if (slice.Page is not null)
                    yield return slice;
        }
    }

    private bool Contains(FileId id) => _changes.TryGetValue(id, out var slice) ? slice.Page is not null : _base.ContainsKey(id);

    /// <summary>Makes a map: from nothing, or from another map, which stays as it is.</summary>
    internal sealed class Builder
    {
        /// <summary>Changes beside a base, below which merging the two is not worth it.</summary>
        private const int FewChanges = 1024;

        private readonly FileMap? _from;
        private readonly Dictionary<FileId, FileSlice> _files;
        private readonly ImmutableDictionary<FileId, FileSlice>.Builder? _changes;
        private readonly SlicePages _pages = new();
        private int _count;
        private long _live;
        private FileMap? _built;

        internal Builder() => _files = [];

        internal Builder(FileMap from)
        {
            (_from, _files, _count) = (from, from._base, from.Count);
            _changes = from._changes.ToBuilder();
        }

        internal void Set(FileId id, ReadOnlySpan<byte> json)
        {
            CheckOpen();
            if (_changes is null)
            {
                if (_files.TryGetValue(id, out var before))
                    _live -= before.Length;
                _files[id] = _pages.Copy(json);
                _live += json.Length;
                if (_pages.IsWasteful(_live))
                    Compact();
                return;
            }
            _count += Contains(id) ? 0 : 1;
            _changes[id] = _pages.Copy(json);
        }

        internal void Remove(FileId id)
        {
            CheckOpen();
            if (_changes is null)
            {
                if (_files.Remove(id, out var gone))
                    _live -= gone.Length;
                return;
            }
            if (!Contains(id))
                return;
            _count--;
            if (_files.ContainsKey(id))
                _changes[id] = default;
            else
                _changes.Remove(id);
        }

        /// <summary>The map; nothing can be changed after.</summary>
        internal FileMap Build() => _built ??= _changes is null ? new FileMap(_files, ImmutableDictionary<FileId, FileSlice>.Empty, _files.Count)
            : _changes.Count == _from!._changes.Count && _changes.ToImmutable() == _from._changes ? _from
            : Merged(new FileMap(_files, _changes.ToImmutable(), _count));

        private bool Contains(FileId id) => _changes!.TryGetValue(id, out var slice) ? slice.Page is not null : _files.ContainsKey(id);

        /// <summary>The same with one base of its own, where the changes have grown to a good part of it.</summary>
        private static FileMap Merged(FileMap map)
        {
            if (map._changes.Count < FewChanges || map._changes.Count < map._base.Count / 2)
                return map;
            var files = new Dictionary<FileId, FileSlice>(map.Count);
            foreach (var (id, slice) in map._base)
                if (!map._changes.ContainsKey(id))
                    files.Add(id, slice);
            foreach (var (id, slice) in map._changes)
                if (slice.Page is not null)
                    files.Add(id, slice);
            return new FileMap(files, ImmutableDictionary<FileId, FileSlice>.Empty, files.Count);
        }

        /// <summary>Leaves the pages behind in which most is of files that went again.</summary>
        private void Compact()
        {
            _pages.Restart();
            foreach (var id in _files.Keys.ToArray())
                _files[id] = _pages.Copy(_files[id].Json);
        }

        private void CheckOpen()
        {
            if (_built is not null)
                throw new InvalidOperationException("the map is made already");
        }
    }
}
