namespace Smelt.Pipelines.Tests.Diagnostics;

public class DiagnosticsPageTests
{
    private const string Page = "docs/diagnostics.md";

    [Fact]
    public void Every_code_has_its_paragraph_and_its_title()
    {
        // The codes of updates and of the command line are other projects', and are held against this page by the end-to-end tests.
        var headings = File.ReadLines(RepositoryFiles.Path(Page)).Where(l => l.StartsWith("### ", StringComparison.Ordinal)).Select(l => l[4..]).Where(l => string.CompareOrdinal(l, "SM6") < 0).ToList();
        Assert.Equal(DiagnosticCodes.Titles.Select(t => $"{t.Key} {t.Value}").Order(), headings.Order());
        var constants = typeof(DiagnosticCodes).GetFields().Select(f => (string)f.GetRawConstantValue()!).ToList();
        Assert.Equal(constants.Order(), DiagnosticCodes.Titles.Keys.Order());
        Assert.Equal(constants.Count, constants.Distinct().Count());
    }

    public static IEnumerable<TheoryDataRow<string>> Codes() => DiagnosticCodes.Titles.Keys.Select(c => new TheoryDataRow<string>(c));

    [Theory]
    [MemberData(nameof(Codes))]
    public void The_example_of_a_code_yields_it(string code)
    {
        using var pipeline = new TestPipeline();
        var options = new CompileOptions();
        string? select = null;
        foreach (var (_, fence, text) in RepositoryFiles.Blocks(Page).Where(b => b.Heading.StartsWith(code, StringComparison.Ordinal)))
        {
            var words = fence.Split(' ');
            if (words.Length == 2) pipeline.Write(words[1], text + "\n");
            else (options, select) = Command(pipeline, text.Split(' '), options);
        }
        var compilation = pipeline.Compile(options);
        var diagnostics = select is null ? compilation.Diagnostics : DatasetSelector.Select(compilation.Pipeline.Graph, select, null).Diagnostics;
        Assert.Contains(code, diagnostics.Select(d => d.Code));
        // One example, one mistake: whatever else were reported would be noise.
        Assert.True(diagnostics.Where(d => d.Severity == Severity.Error && d.Code != code).Select(d => d.ToString()).FirstOrDefault() is null, string.Join("\n", diagnostics));
    }

    private static (CompileOptions Options, string? Select) Command(TestPipeline pipeline, string[] words, CompileOptions options)
    {
        switch (words)
        {
            case ["ln", "-s", var target, var link]:
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(pipeline.Folder, link))!);
                File.CreateSymbolicLink(Path.Combine(pipeline.Folder, link), target);
                return (options, null);
            case ["rm", var file]:
                File.Delete(Path.Combine(pipeline.Folder, file));
                return (options, null);
            case [var table, "holds", .. var columns]:
                Assert.True(DatasetName.TryParse(table, out var name));
                return (options with { Schemas = new KnownSchemas().Add(name, [.. columns.Select(c => new KnownColumn(c))]) }, null);
            case ["smelt", _, "--var", var variable]:
                return (options with { Variables = new Dictionary<string, string> { [variable.Split('=')[0]] = variable.Split('=')[1] } }, null);
            case ["smelt", _, "--target", var target]: return (options with { Target = target }, null);
            case ["smelt", _, "--select", var select]: return (options, select);
            default: throw new InvalidOperationException(string.Join(' ', words));
        }
    }
}
