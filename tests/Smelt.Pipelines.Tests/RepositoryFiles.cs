namespace Smelt.Pipelines.Tests;

/// <summary>Files of the repository that tests hold against the code.</summary>
internal static class RepositoryFiles
{
    public static string Path(string relative)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(System.IO.Path.Combine(at.FullName, "Smelt.slnx"))) at = at.Parent;
        return System.IO.Path.Combine(at?.FullName ?? throw new DirectoryNotFoundException("The repository's root was not found."), relative);
    }

    /// <summary>Fenced blocks of a Markdown file under its headings: heading, the fence's words, text.</summary>
    public static IEnumerable<(string Heading, string Fence, string Text)> Blocks(string relative)
    {
        string heading = "", fence = "";
        List<string>? block = null;
        foreach (var line in File.ReadLines(Path(relative)))
        {
            if (block is not null && line == "```")
            {
                yield return (heading, fence, string.Join('\n', block));
                block = null;
            }
            else if (block is not null) block.Add(line);
            else if (line.StartsWith("```", StringComparison.Ordinal)) (fence, block) = (line[3..], []);
            else if (line.StartsWith('#')) heading = line.TrimStart('#', ' ');
        }
    }
}
