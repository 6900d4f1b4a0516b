using System.Text.RegularExpressions;

namespace Smelt.EndToEnd.Tests;

/// <summary>A page whose examples make one pipeline: files are put where their fences say, each that lands brings an update, and queries give what the page shows.</summary>
internal static partial class RunnablePage
{
    [GeneratedRegex("^```(?<kind>[a-z]+) ?(?<file>[^\n]*)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    /// <returns>How many queries were compared with what the page shows.</returns>
    public static int Run(string page)
    {
        using var folder = new PipelineFolder("name: example\n");
        var (asked, answers) = ("", 0);
        foreach (Match block in Blocks().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
        {
            var (kind, file, text) = (block.Groups["kind"].Value, block.Groups["file"].Value, block.Groups["text"].Value);
            if (kind == "python") continue;
            if (kind == "text")
            {
                var said = folder.Smelt("query", asked).Expect(0).Out.Split('\n').Where(static l => l.Length > 0 && l[0] != '─' && !Regex.IsMatch(l, "^[0-9]+ rows?$")).Select(Plain);
                Assert.Equal(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Plain), said);
                answers++;
            }
            else if (file == "query") asked = text.Trim();
            else if (kind == "sh") folder.Smelt(text.Trim().Split(' ')[1..]).Expect(0);
            else
            {
                folder.Write(file, text);
                if (file.StartsWith("landing/", StringComparison.Ordinal)) folder.Update();
            }
        }
        return answers;
    }

    private static string Plain(string line) => Regex.Replace(line.Trim(), " +", " ");
}
