namespace Smelt.Pipelines.Tests.Compiling;

public class LanguagePageTests
{
    private const string Page = "docs/language.md";

    public static IEnumerable<TheoryDataRow<string>> Headings() =>
        RepositoryFiles.Blocks(Page).Select(b => b.Heading).Distinct().Select(h => new TheoryDataRow<string>(h));

    [Theory]
    [MemberData(nameof(Headings))]
    public void The_example_under_a_heading_compiles_without_a_word(string heading)
    {
        using var pipeline = new TestPipeline();
        foreach (var (_, fence, text) in RepositoryFiles.Blocks(Page).Where(b => b.Heading == heading)) pipeline.Write(fence.Split(' ')[1], text + "\n");
        Assert.NotEmpty(pipeline.CompileClean().Graph.Datasets);
    }

    /// <summary>SMELT_WRITE_SCHEMAS=1 writes the table anew.</summary>
    [Fact]
    public void The_table_of_options_is_the_code_s()
    {
        var path = RepositoryFiles.Path(Page);
        var text = File.ReadAllText(path);
        var rows = ReadFilesOptions.All.Select(o =>
            $"| `{o.Name}`{string.Concat(o.Aliases.Select(a => $", `{a}`"))} | {(o.Choices.Count > 0 ? string.Join(", ", o.Choices) : string.Join(", ", o.Kinds.Select(k => k.ToString().ToLowerInvariant())))} | {string.Join(", ", o.Formats)} | {o.Doc} |");
        var table = "| option | value | for | |\n|---|---|---|---|\n" + string.Join('\n', rows);
        if (Environment.GetEnvironmentVariable("SMELT_WRITE_SCHEMAS") == "1")
        {
            var from = text.IndexOf("Options are constants:", StringComparison.Ordinal) + "Options are constants:\n\n".Length;
            var to = text.IndexOf("\n\n`read_delta(", StringComparison.Ordinal);
            File.WriteAllText(path, text = text[..from] + table + text[to..]);
        }
        Assert.Contains(table, text);
    }
}
