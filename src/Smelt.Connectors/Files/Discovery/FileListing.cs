using System.IO.Enumeration;

namespace Smelt.Connectors;

/// <summary>
/// A file as a folder lists it. <paramref name="Path"/> is its identity: relative to the pipeline's folder where it lies inside, else absolute. <paramref name="LeadsNowhere"/>:
/// it is a link whose target is not there.
/// </summary>
readonly record struct ListedFile(string Path, string FullPath, long Size, long ModifiedTicks, bool LeadsNowhere = false)
{
    /// <exception cref="FileSourceException">There is a name and no file: what it stood for would be lost in silence.</exception>
    public ListedFile MustBeThere() => !LeadsNowhere ? this
        : throw new FileSourceException(FileFault.NotFound, Path, $"{Path} is a link to {File.ResolveLinkTarget(FullPath, false)?.FullName}, which is not there or may not be seen by this user; bring it back, or remove the link");
}

/// <summary>
/// Lists the files that a pattern names, each once. Names that begin with <c>_</c> or <c>.</c>, and files that are still being written by their ending, are passed over as Spark
/// and Auto Loader do, unless the path itself names them. Links are followed; a folder that contains itself by a link is entered once.
/// </summary>
sealed class FileListing(string pipelineFolder, PathPattern pattern, bool recursive, string? namePattern, CancellationToken cancel)
{
    static readonly string[] Unfinished = [".tmp", ".part", ".partial", ".crdownload", ".inprogress", ".swp"];

    readonly string root = Path.GetFullPath(pipelineFolder).TrimEnd('/') + "/";
    readonly Dictionary<string, ListedFile> files = new(StringComparer.Ordinal);
    readonly HashSet<(string Real, int Segment)> entered = [];

    public IReadOnlyCollection<ListedFile> List()
    {
        if (!Directory.Exists(pattern.Folder) && new FileInfo(pattern.Folder).LinkTarget is not null && TargetOf(pattern.Folder) is not { Exists: true }) AddNowhere(pattern.Folder);
        else if (File.Exists(pattern.Folder))
        {
            if (pattern.Segments.Length > 0) throw Fault(FileFault.NotAFolder, pattern.Folder, "is a file, but the pattern looks inside it as a folder");
            AddNamed(new FileInfo(pattern.Folder));
        }
        else if (!Directory.Exists(pattern.Folder)) throw Fault(FileFault.NotFound, pattern.Folder, "is not there; create it, or correct the path (relative paths start at the pipeline's folder)");
        else Walk(pattern.Folder, RealPath(pattern.Folder), 0);
        return files.Values;
    }

    readonly string[] segments = pattern.Segments.Length > 0 ? pattern.Segments : recursive ? ["**", "*"] : ["*"];

    /// <param name="folder">As reached, links and all: what identities are made of.</param>
    /// <param name="real">Where its links lead: what tells a circle.</param>
    /// <param name="segment">The part of the pattern that its entries are held against.</param>
    void Walk(string folder, string real, int segment)
    {
        cancel.ThrowIfCancellationRequested();
        var last = segment == segments.Length - 1;
        var wild = segments[segment];
        if (wild == "**" || recursive)
        {
            if (!entered.Add((real, segment))) return;
            // "**" stands for no folder too; as the last segment it means every file below.
            if (wild == "**" && !last) Walk(folder, real, segment + 1);
        }
        foreach (var entry in Entries(folder))
        {
            if (IsHidden(entry.Name, wild)) continue;
            if (entry.IsFolder) Descend(entry, real, segment, wild, last);
            // Where the pattern looks into folders, the link stood for one.
            else if (entry.LeadsNowhere && !last && wild != "**" && PathPattern.Fits(wild, entry.Name)) AddNowhere(entry.FullPath);
            else if (last && (wild == "**" || PathPattern.Fits(wild, entry.Name))) Add(entry);
        }
    }

    void Descend(Entry entry, string parent, int segment, string wild, bool last)
    {
        var real = Directory.ResolveLinkTarget(entry.FullPath, true)?.FullName ?? parent + "/" + entry.Name;
        if (wild == "**") Walk(entry.FullPath, real, segment);
        else if (!PathPattern.Fits(wild, entry.Name)) return;
        else if (!last) Walk(entry.FullPath, real, segment + 1);
        else if (recursive) Walk(entry.FullPath, real, segment);
    }

    static bool IsHidden(string name, string wild) => name[0] is '.' or '_' && name[0] != wild[0];

    void Add(Entry entry)
    {
        if (namePattern is not null && !PathPattern.Fits(namePattern, entry.Name)) return;
        if (Unfinished.Any(u => entry.Name.EndsWith(u, StringComparison.OrdinalIgnoreCase)) || entry.Name.EndsWith('~')) return;
        var path = Identity(entry.FullPath);
        files.TryAdd(path, new(path, entry.FullPath, entry.Size, entry.ModifiedTicks, entry.LeadsNowhere));
    }

    void AddNowhere(string fullPath) => files.TryAdd(Identity(fullPath), new(Identity(fullPath), fullPath, 0, 0, LeadsNowhere: true));

    void AddNamed(FileInfo file)
    {
        var target = file.LinkTarget is null ? file : (FileInfo)file.ResolveLinkTarget(true)!;
        files.TryAdd(Identity(file.FullName), new(Identity(file.FullName), file.FullName, target.Length, target.LastWriteTimeUtc.Ticks));
    }

    public string Identity(string fullPath) => fullPath.StartsWith(root, StringComparison.Ordinal) ? fullPath[root.Length..] : fullPath;

    readonly record struct Entry(string Name, string FullPath, bool IsFolder, long Size, long ModifiedTicks, bool LeadsNowhere = false);

    List<Entry> Entries(string folder)
    {
        try
        {
            var options = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false };
            return [.. new FileSystemEnumerable<Entry>(folder, ToEntry, options)];
        }
        catch (UnauthorizedAccessException e) { throw Fault(FileFault.NoPermission, folder, "may not be listed by this user; change its permissions", e); }
        catch (DirectoryNotFoundException e) { throw Fault(FileFault.ChangedWhileRead, folder, "went away while it was listed; run again", e); }
        catch (IOException e) { throw Fault(FileFault.Unreadable, folder, "cannot be listed: " + e.Message, e); }
    }

    static Entry ToEntry(ref FileSystemEntry e)
    {
        var isLink = (e.Attributes & FileAttributes.ReparsePoint) != 0;
        if (!isLink) return new(e.FileName.ToString(), e.ToFullPath(), e.IsDirectory, e.Length, e.LastWriteTimeUtc.Ticks);
        // One that leads to a special file is told when it is opened.
        var path = e.ToFullPath();
        if (Directory.Exists(path)) return new(e.FileName.ToString(), path, true, 0, 0);
        var target = TargetOf(path);
        return target is { Exists: true } file
            ? new(e.FileName.ToString(), path, false, file.Length, file.LastWriteTimeUtc.Ticks)
            : new(e.FileName.ToString(), path, false, 0, 0, LeadsNowhere: true);
    }

    static FileInfo? TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).ResolveLinkTarget(true) as FileInfo;
        }
        catch (IOException)
        {
            // A circle of links, which ends nowhere.
            return null;
        }
    }

    static string RealPath(string folder) => Directory.ResolveLinkTarget(folder, true)?.FullName ?? folder;

    FileSourceException Fault(FileFault fault, string path, string message, Exception? inner = null) => new(fault, Identity(path), $"{Identity(path)} {message}", inner);
}
