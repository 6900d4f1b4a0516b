using Smelt.Connectors;
using Smelt.Pipelines;

namespace Smelt.EndToEnd.Tests;

/// <summary>The compiler's list of options and the reader's are two; they must say the same.</summary>
public sealed class SourceOptionTests
{
    [Fact]
    public void The_compiler_knows_every_option_of_read_files_that_the_reader_takes_and_no_other()
    {
        var known = ReadFilesOptions.All.SelectMany(static o => o.Aliases.Prepend(o.Name)).Order(StringComparer.Ordinal);
        Assert.Equal(FileOptionReader.Names.Order(StringComparer.Ordinal), known);
    }

    [Fact]
    public void Every_choice_that_the_compiler_offers_for_an_option_is_one_that_the_reader_takes()
    {
        foreach (var option in ReadFilesOptions.All)
        {
            foreach (var choice in option.Choices)
                Assert.Empty(FileOptionReader.Read("landing", new Dictionary<string, object?> { [option.Name] = choice }).Problems);
        }
    }

    [Fact]
    public void Subfolders_other_encodings_and_a_longest_record_are_options_of_a_pipeline()
    {
        using var folder = new PipelineFolder();
        folder.WriteBytes("in/deep/a.csv", [.. "id,city\n1,K"u8, 0xF6, .. "ln\n"u8]);
        folder.Write("in/deep/b.txt", "not this one");
        folder.Write("bronze/a.sql", "SELECT * FROM STREAM read_files('in', format => 'csv', recursive => true, pathGlobFilter => '*.csv', maxRecordBytes => 10000, encoding => 'iso-8859-1')");
        folder.Update();
        Assert.Equal("Köln", folder.Scalar("SELECT city FROM bronze.a"));
        Assert.Equal("in/deep/a.csv", folder.Scalar("SELECT _source_file FROM bronze.a"));
    }
}
