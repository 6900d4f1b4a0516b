using System.Collections;

namespace Smelt.Lake;

/// <summary>The live files of a snapshot. Each look decodes anew: two looks give equal files, not the same objects; a large table's are never all in memory.</summary>
internal sealed class FileList(FileMap files, string table) : IReadOnlyCollection<AddFile>
{
    public int Count => files.Count;

    public IEnumerator<AddFile> GetEnumerator() => files.Slices.Select(s => s.Add(table)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
