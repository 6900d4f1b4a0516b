using System.Text.RegularExpressions;

namespace Smelt.EndToEnd.Tests.History;

/// <summary>The examples of docs/history.md: files are put and each brings an update, queries give what the page shows.</summary>
public sealed partial class HistoryPageTests
{
    [GeneratedRegex("^```(?<kind>[a-z]+) ?(?<file>[^\n]*)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [Fact]
    public void Every_example_of_the_page_gives_what_it_shows()
    {
        using var folder = new PipelineFolder("name: example\n");
        var (asked, answers) = ("", 0);
        foreach (Match block in Blocks().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/history.md"))))
        {
            var (kind, file, text) = (block.Groups["kind"].Value, block.Groups["file"].Value, block.Groups["text"].Value);
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
                if (kind != "sql") folder.Update();
            }
        }
        Assert.Equal(5, answers);
    }

    private static string Plain(string line) => Regex.Replace(line.Trim(), " +", " ");
}
