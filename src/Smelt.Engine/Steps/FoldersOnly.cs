namespace Smelt.Engine;

/// <summary>A source without files whose folder has folders: most likely the files lie in these, which are read where that is asked for.</summary>
internal static class FoldersOnly
{
    /// <returns>What to add to the reason, or nothing.</returns>
    public static string Told(string pipelineFolder, IReadOnlyList<SourceFound> sources)
    {
        var found = sources.Select(static s => s.Options).FirstOrDefault(o => !o.Recursive && !o.Path.AsSpan().ContainsAny('*', '?', '[') && HasFolders(Path.GetFullPath(o.Path, pipelineFolder)));
        return found is null ? "" : $": {found.Path} holds folders, whose files are read with recursive => true";
    }

    private static bool HasFolders(string folder) => Directory.Exists(folder) && Directory.EnumerateDirectories(folder).Any(static f => Path.GetFileName(f)[0] is not ('.' or '_'));
}
