using Smelt.Lake;

namespace Smelt.Engine;

/// <summary>A file of a streamed table, with the version that added it; of the table as it is, without.</summary>
internal readonly record struct StreamedFile(long? Version, int Index, AddFile File);

/// <summary>The files of a stream's ranges, in the one order that a retry finds them in again.</summary>
internal static class StreamFiles
{
    /// <summary>A table as it is, from one of its files on: oldest files first.</summary>
    public static List<StreamedFile> OfSnapshot(Snapshot snapshot, int from) =>
    [
        .. snapshot.Files.OrderBy(static f => f.ModificationTime).ThenBy(static f => f.Path, StringComparer.Ordinal)
            .Select(static (f, i) => new StreamedFile(null, i, f)).Skip(from),
    ];

    /// <summary>What versions appended, from one of the first version's files on.</summary>
    public static List<StreamedFile> OfAppends(ChangeRange.Appends appends, long after, int from) =>
    [
        .. appends.Versions.SelectMany(v => v.Files.Select((f, i) => new StreamedFile(v.Version, i, f)).Skip(v.Version == after + 1 ? from : 0)),
    ];

    /// <summary>How many files a batch takes: all, or up to its limits; at least one.</summary>
    public static int Take(IReadOnlyList<StreamedFile> files, Smelt.Pipelines.StreamOptions limits)
    {
        var bytes = 0L;
        for (var i = 0; i < files.Count; i++)
        {
            bytes += files[i].File.Size;
            if (i + 1 >= limits.MaxFiles || bytes >= limits.MaxBytes) return i + 1;
        }
        return files.Count;
    }

    /// <summary>A range's files, as its intent tells them.</summary>
    /// <param name="snapshot">The table at the range's last version: with a part of a version, at that one.</param>
    /// <exception cref="EngineException">The table's log tells of them no more.</exception>
    public static async Task<IReadOnlyList<AddFile>> ReadAsync(DeltaTable table, Snapshot snapshot, StreamRange range, StreamSource source, StreamStop stop, CancellationToken cancel)
    {
        if (range.From is not { } from)
            return [.. OfSnapshot(snapshot, range.FromFile).Where(f => range.ToFile is not { } end || f.Index < end).Select(static f => f.File)];
        if (range.IsEmpty) return [];
        var change = await table.AppendsBetweenAsync(range.TableId, from, snapshot, source.Options.SkipChangeCommits, cancel);
        if (change is ChangeRange.Broken broken) throw stop.For(source, broken);
        return [.. OfAppends((ChangeRange.Appends)change, from, range.FromFile).Where(f => f.Version <= range.To || f.Index < range.ToFile).Select(static f => f.File)];
    }
}
