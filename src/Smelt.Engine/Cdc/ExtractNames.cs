using Smelt.DuckDb;

namespace Smelt.Engine;

/// <summary>
/// Names of extracts that come as files. The source's folder is the part of its path that no wildcard touches, and the first thing below it names the extract: a folder with all its files, or a file
/// without its ending.
/// </summary>
internal static class ExtractNames
{
    /// <summary>SQL of an extract's name.</summary>
    /// <param name="file">SQL of the file's path: relative to the pipeline's folder where it lies inside, else absolute.</param>
    /// <param name="source">The source's path: a folder, file or pattern.</param>
    public static string Sql(string file, string source, string pipelineFolder)
    {
        var folder = FolderOf(source, pipelineFolder);
        var within = $"CASE WHEN starts_with({file}, {SqlText.Literal(folder)}) THEN substr({file}, {folder.Length + 1}) ELSE parse_filename({file}) END";
        return $"CASE WHEN contains({within}, '/') THEN split_part({within}, '/', 1) ELSE regexp_replace(parse_filename({file}), '\\.(csv|tsv|txt|json|jsonl|ndjson|parquet)?(\\.(gz|zst))?$', '') END";
    }

    /// <summary>
    /// Two numbers that stand in another order as texts: the greater, which as a text is the lesser, and the one after it. Names that are no numbers are in their order as they are.
    /// </summary>
    /// <param name="names">SQL of the names, one column <c>seq</c>.</param>
    public static (string First, string Second)? Misordered(DuckDbConnection connection, string names)
    {
        var found = connection.Rows($"SELECT before, seq FROM (SELECT seq, d, lag(seq) OVER w AS before, lag(d) OVER w AS b FROM (SELECT DISTINCT seq, ltrim(seq, '0') AS d FROM ({names}) AS a WHERE regexp_full_match(seq, '[0-9]+')) AS n "
            + "WINDOW w AS (ORDER BY seq)) AS m WHERE length(b) > length(d) OR (length(b) = length(d) AND b > d) ORDER BY seq LIMIT 1");
        return found.Count == 0 ? null : ((string)found[0][0]!, (string)found[0][1]!);
    }

    /// <summary>The source's folder as the paths of its files begin, with a slash; empty where it is the pipeline's own.</summary>
    private static string FolderOf(string source, string pipelineFolder)
    {
        const string scheme = "file://";
        var path = source.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? source[scheme.Length..] : source;
        var plain = path.Split('/', StringSplitOptions.RemoveEmptyEntries).TakeWhile(static s => !s.AsSpan().ContainsAny('*', '?', '['));
        var root = Path.GetFullPath(pipelineFolder).TrimEnd('/') + "/";
        var folder = Path.GetFullPath((path.StartsWith('/') ? "/" : "") + string.Join('/', plain), root).TrimEnd('/') + "/";
        return folder.StartsWith(root, StringComparison.Ordinal) ? folder[root.Length..] : folder;
    }
}
