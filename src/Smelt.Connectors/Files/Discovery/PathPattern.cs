namespace Smelt.Connectors;

/// <summary>
/// A path as written, split into the folder that no wildcard touches and the segments below it: <c>*</c>, <c>?</c> and <c>[a-z]</c> within a segment,
/// <c>**</c> for any number of folders.
/// </summary>
sealed class PathPattern
{
    PathPattern(string folder, string[] segments) => (Folder, Segments) = (folder, segments);

    /// <summary>Absolute.</summary>
    public string Folder { get; }

    /// <summary>Empty: the path has no wildcard and names a file or a folder.</summary>
    public string[] Segments { get; }

    public static PathPattern Parse(string path, string pipelineFolder)
    {
        if (Scheme(path) is { } scheme)
        {
            if (scheme != "file") throw new FileSourceException(FileFault.UnsupportedScheme, path, $"{path}: {scheme}:// is not read by this version; name a folder of this machine");
            path = path["file://".Length..];
        }
        if (path.Contains('\0', StringComparison.Ordinal)) throw new FileSourceException(FileFault.BadPattern, path, "a path cannot hold a NUL character");
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var plain = segments.TakeWhile(s => !IsWild(s)).Count();
        var folder = (path.StartsWith('/') ? "/" : "") + string.Join('/', segments[..plain]);
        return new(Path.GetFullPath(folder.Length == 0 ? "." : folder, Path.GetFullPath(pipelineFolder)), segments[plain..]);
    }

    static string? Scheme(string path)
    {
        var end = path.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && path.AsSpan(0, end).ContainsAnyExceptInRange('a', 'z') is false ? path[..end]
            : end > 0 && path[..end].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.') ? path[..end].ToLowerInvariant() : null;
    }

    public static bool IsWild(string segment) => segment.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>Whether a name fits one segment. Linear in the name times the stars; names are compared with case.</summary>
    public static bool Fits(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, starAt = -1, starName = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') { starAt = p++; starName = n; continue; }
            var next = p;
            if (p < pattern.Length && FitsOne(pattern, ref next, name[n])) { p = next; n++; continue; }
            if (starAt < 0) return false;
            p = starAt + 1;
            n = ++starName;
        }
        return pattern[p..].TrimStart('*').IsEmpty;
    }

    static bool FitsOne(ReadOnlySpan<char> pattern, ref int at, char c)
    {
        if (pattern[at] != '[')
            return pattern[at++] is var p && (p == '?' || p == c);
        var close = pattern[(at + 1)..].IndexOf(']');
        if (close < 1) return pattern[at++] == c;
        var set = pattern.Slice(at + 1, close);
        at += close + 2;
        var not = set[0] is '!' or '^';
        if (not) set = set[1..];
        for (var i = 0; i < set.Length; i++)
        {
            var range = i + 2 < set.Length && set[i + 1] == '-';
            if (range ? c >= set[i] && c <= set[i + 2] : c == set[i]) return !not;
            if (range) i += 2;
        }
        return not;
    }
}
